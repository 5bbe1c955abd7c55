// Looks at one file and at everything in it: its structure first, then the scanners, then, if it is
// a container, each member in the same way, within the job's budget. Every artifact goes to every
// scanner, but a scanner that unpacks by itself is not given the members of a container that it is
// sure to have opened the same way (a ZIP whose two directories agree, tar, gzip, bzip2, xz).
// What could not be opened, or not to its end, is a finding of Scanner::structure. Stops at the
// first malicious finding: nothing can be graver. One thread; recursion is bounded by the depth
// limit.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/file_type.h"
#include "inspect/formats/zip_structure.h"
#include "inspect/worker/archive_reader.h"
#include "inspect/worker/scanner.h"

namespace weir {

class Walk {
 public:
  // All references outlive the walk. `scratch` takes what is too large for memory.
  Walk(std::span<FileScanner* const> scanners, Budget& budget, FindingList& findings,
       const std::string& scratch)
      : scanners_(scanners), budget_(budget), findings_(findings), scratch_(scratch) {}

  void look_at(const Artifact& artifact);
  std::uint32_t artifacts() const { return artifacts_; }

 private:
  // What is known of an artifact beside its bytes.
  struct Nature {
    FileType type = FileType::unknown;
    ZipStructure zip;
    // Its first bytes promise a container, so that failing to open it says something.
    bool certain = false;
  };
  struct Tally {
    std::uint64_t files = 0, encrypted = 0;
  };

  Nature nature_of(const Artifact& artifact) const;
  void report_structure(const Artifact& artifact, const Nature& nature);
  void run_scanners(const Artifact& artifact);
  void open_container(const Artifact& artifact, const Nature& nature);
  void report_unopened(const Artifact& artifact, const Nature& nature, Reason problem);
  Tally visit_members(const Artifact& artifact, const Nature& nature, ArchiveReader& reader);
  void visit_member(const Artifact& artifact, const ArchiveMember& member, ArchiveReader& reader,
                    bool hidden);
  void report_members(const Artifact& artifact, const Nature& nature, ArchiveReader& reader,
                      const Tally& tally);
  bool may_go_on(const Artifact& artifact);

  std::span<FileScanner* const> scanners_;
  Budget& budget_;
  FindingList& findings_;
  const std::string& scratch_;
  std::uint32_t artifacts_ = 0;
  bool spent_reported_ = false;
};

}  // namespace weir
