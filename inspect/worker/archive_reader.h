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

struct archive;
struct archive_entry;

namespace weir {

// Which formats are tried. Programs are tried only for archives that unpack themselves.
enum class ArchiveKinds : std::uint8_t { zip, inside_program, all };

struct ArchiveMember {
  std::string name;
  bool file = false;  // not a directory, link or device
  bool encrypted = false;
};

class ArchiveReader {
 public:
  // nullopt with problem none: not a container of these kinds.
  static std::optional<ArchiveReader> open(ByteView file, ArchiveKinds kinds, Reason& problem);

  // The next member; nullopt at the end and after a failure.
  std::optional<ArchiveMember> next();
  // The next piece of the current member, valid until the next call; empty at its end or when it
  // could not be read. Holes are zeros.
  ByteView read();
  // Why a member or the rest could not be read; none while all went well.
  Reason problem() const { return problem_; }
  // Why the current member could not be read: the others may be.
  Reason member_problem() const { return member_problem_; }

  std::string format_word() const;  // "7z", "tar+gz"
  bool is_zip() const;
  bool unpacked_by_clamav() const;  // reliably: tar and the usual stream compressions

 private:
  struct Free {
    void operator()(archive* reader) const;
  };
  explicit ArchiveReader(archive* reader) : reader_(reader) {}
  Reason failed(int code);

  std::unique_ptr<archive, Free> reader_;
  std::optional<ArchiveMember> first_;  // open() had to read its head
  archive_entry* entry_ = nullptr;
  std::vector<std::uint8_t> piece_;
  bool over_ = false;
  Reason problem_ = Reason::none, member_problem_ = Reason::none;
};

}  // namespace weir
