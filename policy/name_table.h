// A hash table from names to small numbers, built once and then only read: the time of a look-up
// does not depend on how many names there are, and looking up allocates nothing. The caller hashes,
// so that the many suffixes of one host cost a single pass. A name may have several labels.
// Immutable once built, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// FNV-1a, a byte at a time in whatever order suits the caller; mixed() before use.
struct NameHash {
  std::uint64_t state = 0xcbf29ce484222325;
  void add(char byte) { state = (state ^ static_cast<unsigned char>(byte)) * 0x100000001b3; }
  std::uint64_t mixed() const {
    std::uint64_t h = state ^ (state >> 32);
    h *= 0xd6e8feb86659fd93;
    return h ^ (h >> 32);
  }
};

class NameTable {
 public:
  void add(std::uint64_t hash, std::string_view name, std::uint32_t label);
  std::size_t size() const { return entries_.size(); }

  // Calls visit(label) for each label of the name, until it returns true; tells whether it did.
  template <class Visit>
  bool visit(std::uint64_t hash, std::string_view name, Visit&& visit) const {
    for (std::uint32_t at = first(hash); at != kNone; at = entries_[at].next) {
      const Entry& entry = entries_[at];
      if (entry.hash == hash && name_of(entry) == name && visit(entry.label)) return true;
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Entry {
    std::uint64_t hash;
    std::uint32_t offset;  // into names_
    std::uint32_t length;
    std::uint32_t label;
    std::uint32_t next;  // in the same bucket
  };

  std::uint32_t first(std::uint64_t hash) const {
    return buckets_.empty() ? kNone : buckets_[hash & (buckets_.size() - 1)];
  }
  std::string_view name_of(const Entry& entry) const {
    return std::string_view(names_).substr(entry.offset, entry.length);
  }
  void grow();

  std::vector<std::uint32_t> buckets_;  // a power of two
  std::vector<Entry> entries_;
  std::string names_;
};

}  // namespace weir
