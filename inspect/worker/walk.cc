#include "inspect/worker/walk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/digest.h"
#include "inspect/formats/archive_names.h"
#include "inspect/formats/password_words.h"
#include "inspect/scan_wire.h"
#include "inspect/signs/signs.h"
#include "inspect/worker/archive_reader.h"
#include "inspect/worker/known_formats.h"
#include "inspect/worker/member_bytes.h"

namespace weir {
namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;
constexpr std::uint64_t kMostZipEntries = 1'000'000;  // whose headers are compared
constexpr std::size_t kMostNames = 64;                // of a container that signs are looked for in

bool opened_by_libarchive(FileType type) {
  switch (type) {
    case FileType::arj:
    case FileType::dmg:
    case FileType::vhd:
    case FileType::vhdx: return false;
    case FileType::deb:
    case FileType::rpm: return true;
    default: return family_of(type) == FileFamily::archive;
  }
}

bool is_program(FileType type) {
  return type == FileType::pe || type == FileType::elf || type == FileType::macho;
}

bool can_run(FileType type) {
  const FileFamily family = family_of(type);
  return family == FileFamily::executable || family == FileFamily::script;
}

std::optional<ArchiveKinds> kinds_for(FileType type, bool is_zip) {
  if (type == FileType::unknown || opened_by_libarchive(type)) return ArchiveKinds::all;
  if (is_program(type)) return ArchiveKinds::inside_program;
  if (is_zip) return ArchiveKinds::zip;
  return std::nullopt;
}

std::string type_word(FileType type) { return std::string(file_type_name(type)); }

std::string inside(const Artifact& artifact, const std::string& name) {
  return artifact.where.empty() ? name : artifact.where + "!/" + name;
}

bool is_lock(Reason reason) {
  return reason == Reason::encrypted || reason == Reason::partly_encrypted;
}

// Whether the container that a password opened is the one that the remark calls locked: of a file
// that is two things at once only one may have been opened.
bool speaks_of(const Remark& remark, std::string_view opened) {
  if (opened != "ole-encrypted") {
    return !opened.empty() && remark.name.starts_with(std::string(opened) + "-");
  }
  return std::ranges::any_of(std::array{"ooxml-", "doc-", "xls-", "ppt-"},
                             [&](const char* word) { return remark.name.starts_with(word); });
}

}  // namespace

void Walk::look_at(const Artifact& artifact) {
  ++artifacts_;
  const Nature nature = nature_of(artifact);
  note(artifact, nature);
  if (artifact.depth == 0) read_page_words(nature.subject);
  // Of equally grave findings the first decides, and what structure says is the most exact. Only
  // what a password may yet open has to wait.
  const bool wait = nature.locked && !passwords_.empty();
  if (!wait) report(artifact, nature.remarks, {});
  run_scanners(artifact);
  const bool go_on = !findings_.malicious() && may_go_on(artifact);
  const Unlocked unlocked = go_on ? open_containers(artifact, nature) : Unlocked{};
  if (wait) report(artifact, nature.remarks, unlocked);
}

Walk::Nature Walk::nature_of(const Artifact& artifact) const {
  Nature nature;
  const std::size_t head = std::min(artifact.bytes.size(), kHeadBytes);
  nature.subject = {artifact.bytes, type_by_magic(artifact.bytes.first(head)), artifact.name};
  nature.zip = read_zip_structure(artifact.bytes, kMostZipEntries);
  nature.certain = opened_by_libarchive(nature.subject.type);
  nature.remarks = nature.zip.signs;
  for (const Remark& problem : nature.zip.problems) {
    nature.remarks.unseen(problem.reason, problem.name, problem.detail);
  }
  for (const Examine examine : known_examiners()) examine(nature.subject, nature.remarks);
  examine_label(nature.subject, type_by_extension(artifact.name), nature.remarks);
  for (const Remark& remark : nature.remarks.all()) {
    nature.unseen = nature.unseen || remark.reason != Reason::none;
    nature.locked = nature.locked || is_lock(remark.reason);
  }
  return nature;
}

// The outermost only: a page that a person sees and clicks in.
void Walk::read_page_words(const Subject& subject) {
  const bool html = subject.type == FileType::html;
  if (!html && subject.type != FileType::text) return;
  page_words_ = password_words(subject.bytes, html, kMaxPageWords);
}

// When there is no more room, what can run takes the place of the last one that cannot: a crowd of
// pictures hides no program.
void Walk::note(const Artifact& artifact, const Nature& nature) {
  if (tree_.size() >= kMaxScanNotes) {
    if (!can_run(nature.subject.type)) return;
    const auto last = std::ranges::find_if(tree_.rbegin(), tree_.rend() - 1, [](const auto& one) {
      const auto type = file_type_from_name(one.type);
      return !type || !can_run(*type);
    });
    if (last == tree_.rend() - 1) return;
    tree_.erase(std::next(last).base());
  }
  ArtifactNote note;
  note.where = artifact.where;
  note.type = type_word(nature.subject.type);
  note.from = artifact.from;
  note.size = artifact.bytes.size();
  if (artifact.depth > 0) note.sha256 = sha256_hex(artifact.bytes);
  tree_.push_back(std::move(note));
}

void Walk::report(const Artifact& artifact, const Remarks& remarks, const Unlocked& unlocked) {
  for (const Remark& remark : remarks.all()) {
    const bool opened =
        is_lock(remark.reason) &&
        std::ranges::any_of(unlocked, [&](const auto& word) { return speaks_of(remark, word); });
    const Reason reason = opened ? Reason::none : remark.reason;
    if (artifact.guess && (reason == Reason::corrupt || reason == Reason::truncated)) continue;
    findings_.add({.scanner = Scanner::structure,
                   .verdict = reason == Reason::none ? Verdict::clean : Verdict::uninspectable,
                   .reason = reason,
                   .name = opened ? "unlocked-" + remark.name : remark.name,
                   .where = artifact.where,
                   .detail = remark.detail,
                   .score = remark.score});
  }
}

void Walk::run_scanners(const Artifact& artifact) {
  for (FileScanner* scanner : scanners_) {
    if (findings_.malicious() || !may_go_on(artifact)) return;
    if (scanner->unpacks() && !artifact.hidden_from_unpackers) continue;
    scanner->scan(artifact, budget_, findings_);
  }
}

// False once the budget is spent, which is then a finding.
bool Walk::may_go_on(const Artifact& artifact) {
  if (!budget_.spent() && budget_.on_time()) return true;
  if (!std::exchange(spent_reported_, true)) {
    findings_.add(budget_.passed(), artifact, "limit passed");
  }
  return false;
}

Walk::Unlocked Walk::open_containers(const Artifact& artifact, const Nature& nature) {
  Unlocked unlocked;
  if (open_archive(artifact, nature) && nature.zip.is_zip) unlocked.emplace_back("zip");
  if (!findings_.malicious()) open_others(artifact, nature, unlocked);
  return unlocked;
}

bool Walk::open_archive(const Artifact& artifact, const Nature& nature) {
  const auto kinds = kinds_for(nature.subject.type, nature.zip.is_zip);
  if (!kinds) return false;
  Reason problem = Reason::none;
  const auto reader = ArchiveReader::open(artifact.bytes, *kinds, passwords_, problem);
  if (!reader) {
    report_unopened(artifact, nature, problem);
    return false;
  }
  if (artifact.depth >= budget_.limits().depth) {
    findings_.add(Reason::too_deep, artifact, reader->format_word());
    return false;
  }
  const bool reliable = reader->is_zip() ? nature.zip.plain() : reader->unpacked_by_clamav();
  const Tally tally = visit_members(artifact, *reader, !reliable);
  const bool zip = reader->is_zip();
  if (nature.certain || nature.zip.is_zip || tally.files > 0) {
    report_names(artifact, nature, tally);
    report_members(artifact, nature, *reader);
  }
  if (!zip && !nature.unseen && tally.locked > 0) {
    const bool all = tally.locked == tally.files;
    findings_.add(all ? Reason::encrypted : Reason::partly_encrypted, artifact,
                  reader->format_word() + "-encrypted");
  }
  return tally.encrypted > 0 && tally.locked == 0 && reader->problem() == Reason::none;
}

void Walk::open_others(const Artifact& artifact, const Nature& nature, Unlocked& unlocked) {
  for (const KnownContainer& known : known_containers()) {
    if (findings_.malicious() || !may_go_on(artifact)) return;
    Reason problem = Reason::none;
    const bool with = known.open_with != nullptr && !passwords_.empty();
    const auto container = with ? known.open_with(nature.subject, passwords_, problem)
                                : known.open(nature.subject, problem);
    if (!container) {
      if (problem != Reason::none && !nature.unseen) {
        findings_.add(problem, artifact, type_word(nature.subject.type));
      }
      continue;
    }
    if (artifact.depth >= budget_.limits().depth) {
      findings_.add(Reason::too_deep, artifact, container->format_word());
      return;
    }
    const Tally tally = visit_members(artifact, *container, true);
    if (known.is_archive) report_names(artifact, nature, tally);
    report_members(artifact, nature, *container);
    if (with && tally.files > 0 && tally.locked == 0 && container->problem() == Reason::none) {
      unlocked.push_back(container->format_word());
    }
  }
}

void Walk::report_unopened(const Artifact& artifact, const Nature& nature, Reason problem) {
  if (nature.unseen) return;
  const bool sure = problem == Reason::encrypted || problem == Reason::multi_volume;
  if (!nature.certain && !sure) return;
  if (problem == Reason::none) problem = Reason::corrupt;
  const std::string suffix = problem == Reason::encrypted ? "-encrypted" : "";
  findings_.add(problem, artifact, type_word(nature.subject.type) + suffix);
}

Walk::Tally Walk::visit_members(const Artifact& artifact, Container& container, bool hidden) {
  Tally tally;
  while (!findings_.malicious()) {
    const auto member = container.next();
    if (!member) break;
    budget_.take_entry();
    if (!may_go_on(artifact)) break;
    if (tally.names.size() < kMostNames) tally.names.push_back(member->name);
    examine_member_name(member->name, tally.odd_names);
    if (!member->file) continue;
    ++tally.files;
    if (member->encrypted) ++tally.encrypted;
    if (member->encrypted && passwords_.empty()) {
      ++tally.locked;
      continue;
    }
    visit_member(artifact, *member, container, hidden);
    if (is_lock(container.member_problem())) ++tally.locked;
  }
  return tally;
}

bool Walk::take_bytes_of(const Artifact& inner, Container& container, MemberBytes& bytes) {
  for (ByteView piece = container.read(); !piece.empty(); piece = container.read()) {
    const bool fits = bytes.size() + piece.size() <= budget_.limits().entry_bytes;
    if (budget_.take_bytes(piece.size()) && (!fits || !bytes.append(piece))) {
      budget_.stop(Reason::too_large);
    }
    if (!may_go_on(inner)) return false;
  }
  return true;
}

void Walk::visit_member(const Artifact& artifact, const Member& member, Container& container,
                        bool hidden) {
  Artifact inner;
  inner.where = inside(artifact, member.name);
  inner.name = member.name.substr(member.name.find_last_of("/\\") + 1);
  inner.from = container.format_word();
  inner.depth = artifact.depth + 1;
  inner.hidden_from_unpackers = hidden;
  inner.guess = member.guess;
  MemberBytes bytes(scratch_);
  if (!take_bytes_of(inner, container, bytes)) return;
  const Reason problem = container.member_problem();
  if (problem != Reason::none && !is_lock(problem)) {
    findings_.add(problem, inner, container.format_word());
  }
  if (is_lock(problem)) return;
  if (!bytes.view(inner.bytes)) return findings_.add(Reason::too_large, inner, "not mapped");
  look_at(inner);
}

void Walk::report_names(const Artifact& artifact, const Nature& nature, const Tally& tally) {
  Remarks remarks;
  if (!nature.zip.is_zip) remarks = tally.odd_names;  // those of a ZIP are among its own signs
  if (tally.files < kMostNames) examine_archive_listing(tally.names, artifact.name, remarks);
  report(artifact, remarks, {});
}

void Walk::report_members(const Artifact& artifact, const Nature& nature,
                          const Container& container) {
  const Reason problem = container.problem();
  if (problem == Reason::none || container.member_problem() != Reason::none) return;
  if (nature.unseen || is_lock(problem)) return;
  findings_.add(problem, artifact, container.format_word());
}

}  // namespace weir
