// A compound file (OLE2, [MS-CFB] versions 3 and 4): a small file system inside a file, which DOC,
// XLS, PPT, MSI, MSG and encrypted OOXML are made of. Reads the directory at once, streams in
// pieces that point into the file. Whatever the file says, memory is bounded by the number of its
// sectors and kMostEntries, and no stream is longer than the file, all of them than 16 files.
// Sans-io; the bytes must outlive the reader and its streams. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/finding.h"

namespace weir {

class CompoundFile {
 public:
  static constexpr std::size_t kMostEntries = 1U << 18, kMostDepth = 64;

  struct Entry {
    std::string name;     // UTF-8, as stored: may hold control characters
    std::string path;     // names joined by '/', "" for the root
    bool stream = false;  // else a storage
    bool orphan = false;  // in no storage: ordinary readers do not see it
    std::uint64_t size = 0;
    std::uint32_t start = 0;
  };

  static bool has_magic(ByteView file);
  // nullopt: no compound file (problem stays none), or one that cannot be read.
  static std::optional<CompoundFile> open(ByteView file, Reason& problem);

  // The root first, then each storage before what is in it.
  const std::vector<Entry>& entries() const { return entries_; }
  // By path, ASCII case ignored; null: no such stream, or no such storage.
  const Entry* stream(std::string_view path) const { return find(path, true); }
  const Entry* storage(std::string_view path) const { return find(path, false); }
  // The first bytes of a stream, at most `most`.
  std::vector<std::uint8_t> read(const Entry& entry, std::size_t most) const;

 private:
  friend class CompoundStream;
  static constexpr std::uint64_t kMostOverlap = 16;
  static constexpr std::uint32_t kEnd = 0xfffffffe;  // and what is above it: no sector

  explicit CompoundFile(ByteView file) : file_(file) {}
  Reason load();
  void load_fat(ByteView header_difat, std::uint32_t difat);
  Reason load_directory(std::uint32_t start);
  bool streams_overlap() const;
  void walk_tree(const std::vector<std::uint32_t>& sectors);
  void add_orphans(const std::vector<std::uint32_t>& sectors, const std::vector<bool>& seen);
  ByteView directory_entry(const std::vector<std::uint32_t>& sectors, std::uint32_t index) const;
  Entry parse_entry(ByteView bytes, const std::string& parent) const;
  const Entry* find(std::string_view path, bool stream) const;
  std::vector<std::uint32_t> chain(std::uint32_t start, std::uint64_t most) const;
  std::uint32_t after(std::uint32_t sector) const;
  std::uint32_t mini_after(std::uint32_t sector) const;
  // From the start of a sector, up to `most` bytes; shorter at the end of the file.
  ByteView at(std::uint32_t sector, std::uint64_t offset, std::uint64_t most) const;

  ByteView file_;
  unsigned shift_ = 9;
  std::uint64_t sectors_ = 0;
  std::uint32_t mini_cutoff_ = 4096;
  std::vector<std::uint32_t> fat_, mini_fat_, mini_stream_;  // the sectors that hold them
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> by_path_;  // of those in the tree, in the order of their paths
};

// Reads one stream from its start to its end.
class CompoundStream {
 public:
  CompoundStream(const CompoundFile& file, const CompoundFile::Entry& entry);
  // The next piece, at most `most` bytes, valid as long as the file; empty at the end and when the
  // rest cannot be read.
  ByteView next(std::size_t most = 1U << 20);
  Reason problem() const { return problem_; }

 private:
  ByteView run(std::size_t most);
  ByteView mini_sector(std::size_t most);

  const CompoundFile& file_;
  bool mini_;
  std::uint32_t sector_;
  std::uint64_t left_, given_ = 0;
  std::size_t within_ = 0;  // bytes of the current sector already given
  Reason problem_ = Reason::none;
};

// ASCII letters alike.
bool same_ignoring_case(std::string_view a, std::string_view b);
// The part of a path before its last '/', with it: "a/b" → "a/", "b" → "".
std::string_view folder_of(std::string_view path);

}  // namespace weir
