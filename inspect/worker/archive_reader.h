// One container through libarchive: its members in turn. The only file that includes libarchive is
// archive_reader.cc. Reads from memory that outlives it. After a failure no call reaches libarchive
// any more: it crashes when one goes on after an error. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/finding.h"
#include "inspect/formats/container.h"

struct archive;
struct archive_entry;

namespace weir {

// Which formats are tried. Programs are tried only for archives that unpack themselves.
enum class ArchiveKinds : std::uint8_t { zip, inside_program, all };

class ArchiveReader final : public Container {
 public:
  // Null with problem none: not a container of these kinds. The passwords are tried on encrypted
  // members where libarchive can (ZIP).
  static std::unique_ptr<ArchiveReader> open(ByteView file, ArchiveKinds kinds,
                                             std::span<const std::string> passwords,
                                             Reason& problem);

  std::optional<Member> next() override;
  ByteView read() override;
  Reason problem() const override { return problem_; }
  Reason member_problem() const override { return member_problem_; }
  std::string format_word() const override;  // "7z", "tar+gz"
  bool is_zip() const;
  bool unpacked_by_clamav() const;  // reliably: tar and the usual stream compressions

 private:
  struct Free {
    void operator()(archive* reader) const;
  };
  explicit ArchiveReader(archive* reader) : reader_(reader) {}
  Reason failed(int code);

  std::unique_ptr<archive, Free> reader_;
  std::optional<Member> first_;  // open() had to read its head
  archive_entry* entry_ = nullptr;
  std::vector<std::uint8_t> piece_;
  bool over_ = false;
  Reason problem_ = Reason::none, member_problem_ = Reason::none;
};

}  // namespace weir
