// Lists of the digests of known bad files: plain ones (SHA-256, SHA-1 or MD5 in hex, then
// optionally a name after white space or a comma) and ClamAV's .hdb and .hsb (digest:size:name).
// Loaded whole, then immutable and for any thread. A list with a mistake is refused by file and
// line.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

class HashList {
 public:
  // The names of files to read. Fault config; what names up to five places.
  static Result<HashList> load(const std::vector<std::string>& files);

  // The name of the first list entry that fits. Digests in lower-case hex or "".
  std::optional<std::string> find(std::string_view sha256, std::string_view sha1,
                                  std::string_view md5, std::uint64_t size) const;
  bool wants_old_digests() const { return !sha1_.empty() || !md5_.empty(); }
  std::size_t size() const { return sha256_.size() + sha1_.size() + md5_.size(); }

 private:
  template <std::size_t n>
  struct Entry {
    std::array<std::uint8_t, n> digest;
    std::uint64_t size;  // kAnySize = any
    std::uint32_t name;  // into names_
  };
  template <std::size_t n>
  using Table = std::vector<Entry<n>>;  // sorted by digest
  struct Line;

  bool add(const Line& line, std::uint32_t name);
  std::optional<std::uint32_t> intern(std::string_view name);
  Result<void> read(const std::string& file, std::string& mistakes, int& count);
  void sort();
  template <std::size_t n>
  std::optional<std::string> find_in(const Table<n>& table, std::string_view hex,
                                     std::uint64_t size) const;

  Table<32> sha256_;
  Table<20> sha1_;
  Table<16> md5_;
  std::string names_;  // each ends in NUL
  std::string last_name_;
  std::uint32_t last_at_ = 0;
};

}  // namespace weir
