#include "inspect/worker/walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/cursor.h"
#include "inspect/formats/encrypted_office.h"
#include "inspect/formats/volumes.h"
#include "inspect/worker/member_bytes.h"

namespace weir {
namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;

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

}  // namespace

void Walk::look_at(const Artifact& artifact) {
  ++artifacts_;
  const Nature nature = nature_of(artifact);
  report_structure(artifact, nature);
  run_scanners(artifact);
  if (findings_.malicious() || !may_go_on(artifact)) return;
  open_container(artifact, nature);
}

Walk::Nature Walk::nature_of(const Artifact& artifact) const {
  Nature nature;
  const std::size_t head = std::min(artifact.bytes.size(), kHeadBytes);
  nature.type = type_by_magic(artifact.bytes.first(head));
  nature.zip = read_zip_structure(artifact.bytes, budget_.limits().entries);
  nature.certain = opened_by_libarchive(nature.type);
  return nature;
}

void Walk::report_structure(const Artifact& artifact, const Nature& nature) {
  for (const ZipProblem& problem : nature.zip.problems) {
    findings_.add(problem.reason, artifact, problem.name);
  }
  if (is_encrypted_ooxml(artifact.bytes)) {
    findings_.add(Reason::encrypted, artifact, "ooxml-encrypted");
  }
  if (is_one_of_several_volumes(artifact.bytes)) {
    findings_.add(Reason::multi_volume, artifact,
                  type_word(nature.type) + ": one of several volumes");
  }
  const bool disk_image = nature.type == FileType::vhd || nature.type == FileType::vhdx;
  const bool for_unpackers = nature.type == FileType::arj || nature.type == FileType::dmg;
  const bool unpacker = std::ranges::any_of(scanners_, &FileScanner::unpacks);
  if (disk_image || (for_unpackers && !unpacker)) {
    findings_.add(Reason::unsupported, artifact, type_word(nature.type));
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

void Walk::open_container(const Artifact& artifact, const Nature& nature) {
  const auto kinds = kinds_for(nature.type, nature.zip.is_zip);
  if (!kinds) return;
  Reason problem = Reason::none;
  auto reader = ArchiveReader::open(artifact.bytes, *kinds, problem);
  if (!reader) return report_unopened(artifact, nature, problem);
  if (artifact.depth >= budget_.limits().depth) {
    return findings_.add(Reason::too_deep, artifact, reader->format_word());
  }
  const Tally tally = visit_members(artifact, nature, *reader);
  report_members(artifact, nature, *reader, tally);
}

void Walk::report_unopened(const Artifact& artifact, const Nature& nature, Reason problem) {
  const bool sure = problem == Reason::encrypted || problem == Reason::multi_volume;
  if (!nature.certain && !sure) return;
  if (problem == Reason::none) problem = Reason::corrupt;
  const std::string suffix = problem == Reason::encrypted ? "-encrypted" : "";
  findings_.add(problem, artifact, type_word(nature.type) + suffix);
}

Walk::Tally Walk::visit_members(const Artifact& artifact, const Nature& nature,
                                ArchiveReader& reader) {
  Tally tally;
  const bool reliable = reader.is_zip() ? nature.zip.plain() : reader.unpacked_by_clamav();
  const bool hidden = !reliable;
  while (!findings_.malicious()) {
    const auto member = reader.next();
    if (!member) break;
    budget_.take_entry();
    if (!may_go_on(artifact)) break;
    if (!member->file) continue;
    ++tally.files;
    if (member->encrypted) {
      ++tally.encrypted;
    } else {
      visit_member(artifact, *member, reader, hidden);
    }
  }
  return tally;
}

void Walk::visit_member(const Artifact& artifact, const ArchiveMember& member,
                        ArchiveReader& reader, bool hidden) {
  Artifact inner;
  inner.where = inside(artifact, member.name);
  inner.depth = artifact.depth + 1;
  inner.hidden_from_unpackers = hidden;
  MemberBytes bytes(scratch_);
  for (ByteView piece = reader.read(); !piece.empty(); piece = reader.read()) {
    const bool fits = bytes.size() + piece.size() <= budget_.limits().entry_bytes;
    if (budget_.take_bytes(piece.size()) && (!fits || !bytes.append(piece))) {
      budget_.stop(Reason::too_large);
    }
    if (!may_go_on(inner)) return;
  }
  if (reader.member_problem() != Reason::none) {
    findings_.add(reader.member_problem(), inner, reader.format_word());
  }
  if (!bytes.view(inner.bytes)) return findings_.add(Reason::too_large, inner, "not mapped");
  look_at(inner);
}

void Walk::report_members(const Artifact& artifact, const Nature& nature, ArchiveReader& reader,
                          const Tally& tally) {
  if (tally.encrypted > 0 && !reader.is_zip()) {
    const bool all = tally.encrypted == tally.files;
    findings_.add(all ? Reason::encrypted : Reason::partly_encrypted, artifact,
                  reader.format_word() + "-encrypted");
  }
  const Reason problem = reader.problem();
  if (problem == Reason::none || reader.member_problem() != Reason::none) return;
  // What only looked like a container in its first bytes, and had nothing in it, is none.
  if (!nature.certain && !nature.zip.is_zip && tally.files == 0) return;
  findings_.add(problem, artifact, reader.format_word());
}

}  // namespace weir
