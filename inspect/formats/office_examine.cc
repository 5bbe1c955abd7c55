#include "inspect/formats/office_examine.h"

#include <algorithm>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/compound_file.h"
#include "inspect/formats/odf_manifest.h"
#include "inspect/formats/office_access.h"
#include "inspect/formats/office_binary.h"
#include "inspect/formats/office_encrypted.h"
#include "inspect/formats/onenote.h"

namespace weir {
namespace {

constexpr std::size_t kHwpHeader = 256, kMostRecords = 64 * 1024, kMostProblems = 8;
enum HwpFlag : std::uint32_t { kHwpPassword = 1U << 1, kHwpDrm = 1U << 4, kHwpCertified = 1U << 8 };

void report(Remarks& remarks, std::string_view name, const std::string& folder) {
  remarks.unseen(Reason::encrypted, name, folder.empty() ? "" : "in " + folder);
}

// [HWP 5.0] 3.2.1: a signature, the version, the properties.
void examine_hwp(const CompoundFile& file, const CompoundFile::Entry& entry, Remarks& remarks) {
  const Octets header = file.read(entry, kHwpHeader);
  Cursor in(header);
  if (!as_text(in.take(32)).starts_with("HWP Document File")) return;
  in.skip(4);
  const std::uint32_t flags = in.u32le();
  if ((flags & kHwpPassword) != 0) remarks.unseen(Reason::encrypted, "hwp-encrypted");
  if ((flags & (kHwpDrm | kHwpCertified)) != 0) remarks.unseen(Reason::encrypted, "hwp-drm");
}

// One thing of interest in the directory of a compound file, by the last part of its name.
void examine_entry(const CompoundFile& file, const CompoundFile::Entry& entry, OfficeTries& tries,
                   Remarks& remarks) {
  const std::string folder(folder_of(entry.path));
  if (same_ignoring_case(entry.name, "EncryptedPackage")) {
    const PackageLock lock = lock_of_package(file, folder);
    if (!tries.opens(lock)) report(remarks, lock.word, folder);
  } else if (entry.name ==
             "\x09"
             "DRMContent") {
    report(remarks, "ole-irm", folder);
  } else if (entry.name == "FileHeader" && folder.empty()) {
    examine_hwp(file, entry, remarks);
  } else if (const auto lock = lock_of_binary(file, entry); lock && !tries.opens(*lock)) {
    report(remarks, lock->word, folder);
  }
}

void examine_compound(ByteView bytes, Remarks& remarks) {
  Reason problem = Reason::none;
  const auto file = CompoundFile::open(bytes, problem);
  if (problem != Reason::none) return remarks.unseen(problem, "ole");
  if (!file) return;
  OfficeTries tries;
  for (const CompoundFile::Entry& entry : file->entries()) {
    if (entry.stream && !entry.orphan) examine_entry(*file, entry, tries, remarks);
    if (remarks.all().size() >= kMostProblems) return;
  }
}

void examine_bare_workbook(ByteView bytes, Remarks& remarks) {
  if (!is_bare_workbook(bytes)) return;
  const auto lock = lock_of_records(bytes.first(std::min(bytes.size(), kMostRecords)));
  OfficeTries tries;
  if (lock && !tries.opens(*lock)) remarks.unseen(Reason::encrypted, lock->word);
}

// A message under rights management: always this prefix, then compressed parts ([MS-OXORMMS] 2.2).
void examine_rights_message(ByteView bytes, Remarks& remarks) {
  if (as_text(bytes).starts_with("\x76\xe8\x04\x60\xc4\x11\xe3\x86")) {
    remarks.unseen(Reason::encrypted, "outlook-rpmsg");
  }
}

}  // namespace

void examine_office(const Subject& file, Remarks& remarks) {
  examine_compound(file.bytes, remarks);
  examine_bare_workbook(file.bytes, remarks);
  examine_rights_message(file.bytes, remarks);
  examine_access(file, remarks);
  examine_odf(file, remarks);
  examine_onenote(file, remarks);
}

}  // namespace weir
