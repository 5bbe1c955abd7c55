// Looks at one file and at everything in it: what its structure says first (known_formats.h), then
// the scanners, then, if it is a container, each member in the same way, within the job's budget. A
// file may be several containers at once; all are opened. Every artifact goes to every scanner, but
// a scanner that unpacks by itself is not given the members of a container that it is sure to have
// opened the same way (a ZIP whose two directories agree, tar, gzip, bzip2, xz). What could not be
// opened, or not to its end, is a finding of Scanner::structure. Stops at the first malicious
// finding: nothing can be graver. One thread; recursion is bounded by the depth limit.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/file_type.h"
#include "inspect/formats/container.h"
#include "inspect/formats/zip_structure.h"
#include "inspect/worker/scanner.h"

namespace weir {

class ArchiveReader;

class Walk {
 public:
  // All references outlive the walk. `scratch` takes what is too large for memory.
  Walk(std::span<FileScanner* const> scanners, Budget& budget, FindingList& findings,
       const std::string& scratch, std::span<const std::string> passwords = {})
      : scanners_(scanners),
        budget_(budget),
        findings_(findings),
        scratch_(scratch),
        passwords_(passwords) {}

  void look_at(const Artifact& artifact);
  std::uint32_t artifacts() const { return artifacts_; }
  std::vector<ArtifactNote> take_tree() { return std::move(tree_); }
  // What the outermost file, if it is a page, calls a password.
  std::vector<std::string> take_page_words() { return std::move(page_words_); }

 private:
  // What is known of an artifact beside its bytes.
  struct Nature {
    Subject subject;
    ZipStructure zip;
    Remarks remarks;
    // Its first bytes promise a container, so that failing to open it says something.
    bool certain = false;
    // Structure has said what of it cannot be seen; how a library fails at it adds nothing.
    bool unseen = false;
    bool locked = false;  // … and it is that it is encrypted
  };
  // The format words of the containers that a password has opened, all of them.
  using Unlocked = std::vector<std::string>;
  // Of one container's members.
  struct Tally {
    std::uint64_t files = 0, encrypted = 0, locked = 0;
    std::vector<std::string> names;  // the first ones
    Remarks odd_names;
  };

  Nature nature_of(const Artifact& artifact) const;
  void read_page_words(const Subject& subject);
  void note(const Artifact& artifact, const Nature& nature);
  void report(const Artifact& artifact, const Remarks& remarks, const Unlocked& unlocked);
  void run_scanners(const Artifact& artifact);
  Unlocked open_containers(const Artifact& artifact, const Nature& nature);
  // Whether everything that was encrypted in it has been opened with the passwords.
  bool open_archive(const Artifact& artifact, const Nature& nature);
  void open_others(const Artifact& artifact, const Nature& nature, Unlocked& unlocked);
  void report_unopened(const Artifact& artifact, const Nature& nature, Reason problem);
  Tally visit_members(const Artifact& artifact, Container& container, bool hidden);
  void visit_member(const Artifact& artifact, const Member& member, Container& container,
                    bool hidden);
  bool take_bytes_of(const Artifact& inner, Container& container, class MemberBytes& bytes);
  void report_names(const Artifact& artifact, const Nature& nature, const Tally& tally);
  void report_members(const Artifact& artifact, const Nature& nature, const Container& container);
  bool may_go_on(const Artifact& artifact);

  std::span<FileScanner* const> scanners_;
  Budget& budget_;
  FindingList& findings_;
  const std::string& scratch_;
  std::span<const std::string> passwords_;
  std::vector<ArtifactNote> tree_;
  std::vector<std::string> page_words_;
  std::uint32_t artifacts_ = 0;
  bool spent_reported_ = false;
};

}  // namespace weir
