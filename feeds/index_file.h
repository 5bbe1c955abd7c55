// The file of an index while it is written: sections one after the other, hashed on the way, the
// header last, and only a whole and synced file gets its name. One owner, one thread. An abandoned
// one leaves nothing behind but the temporary name, which it removes.
#pragma once

#include <optional>
#include <string>

#include "core/digest.h"
#include "core/fd.h"
#include "feeds/index_format.h"

namespace weir {

class IndexFile {
 public:
  static Result<IndexFile> create(const std::string& path);
  ~IndexFile();
  IndexFile(IndexFile&&) = default;
  IndexFile& operator=(IndexFile&&) = delete;

  void begin(index_format::Section section);  // the one before ends here
  void add(ByteView bytes);                   // an error is kept for finish()
  template <class T>
  void add_values(const T& values) {
    add({reinterpret_cast<const std::uint8_t*>(values.data()),
         values.size() * sizeof(values.front())});
  }
  // `header` with everything but sections, sizes and checksums. The size of the file.
  Result<std::uint64_t> finish(index_format::Header header);

 private:
  IndexFile(std::string path, UniqueFd fd);
  void end_section();
  void flush();

  std::string path_;
  UniqueFd fd_;
  Digests digests_{false};
  std::string buffer_;
  std::uint64_t at_ = sizeof(index_format::Header);
  std::uint64_t began_ = 0;
  std::optional<index_format::Section> section_;
  std::array<index_format::Extent, index_format::kSections> sections_{};
  int error_ = 0;  // errno of the first write that failed
};

}  // namespace weir
