// Finds which of some hundred names are a few typing errors away from a text, without looking at
// each: every name is kept under the hashes of what is left of it when up to `bound` of its letters
// are deleted, and the text is looked up in the same way (symmetric deletions). Hashes are of the
// polynomial kind, so that a deletion costs a few multiplications. Immutable once built; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t kMostErrors = 2;
inline constexpr std::size_t kLongestName = 32;

// How many errors a name of this length may suffer and still be meant: none below 5 letters.
constexpr std::size_t errors_allowed(std::size_t length) {
  return length < 5 ? 0 : length < 9 ? 1 : kMostErrors;
}

class NearNames {
 public:
  // `name` has up to kLongestName bytes; `id` is what candidates() gives back.
  void add(std::string_view name, std::uint32_t id);
  void build();  // once, after the last add()

  // Ids of names that may be near: all that are within their bound, and now and then one that is
  // not. The caller checks. At most `kMostCandidates`, so that no text makes it slow.
  std::vector<std::uint32_t> candidates(std::string_view text) const;

  static constexpr std::size_t kMostCandidates = 32;

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t id;
    auto operator<=>(const Entry&) const = default;
  };
  bool may_have(std::uint64_t hash) const {
    const std::uint64_t bit = hash >> shift_;
    return (filter_[bit >> 6] >> (bit & 63) & 1) != 0;
  }

  std::vector<Entry> entries_;
  std::vector<std::uint64_t> filter_;  // a bit for each hash that is there
  unsigned shift_ = 58;
  std::size_t shortest_ = kLongestName, longest_ = 0;
};

}  // namespace weir
