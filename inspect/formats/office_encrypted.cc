#include "inspect/formats/office_encrypted.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "inspect/formats/office_decrypt.h"
#include "inspect/formats/office_examine.h"
#include "inspect/formats/office_members.h"

namespace weir {
namespace {

constexpr std::size_t kMostInfo = 256 * 1024;

std::string_view scheme_word(PackageScheme scheme) {
  switch (scheme) {
    case PackageScheme::standard: return "ooxml-standard";
    case PackageScheme::agile: return "ooxml-agile";
    case PackageScheme::extensible: return "ooxml-extensible";
    case PackageScheme::unknown: break;
  }
  return "ooxml-encrypted";
}

bool has_rights_management(const CompoundFile& file, const std::string& folder) {
  const std::string spaces = folder +
                             "\x06"
                             "DataSpaces/";
  return file.storage(spaces + "TransformInfo/DRMEncryptedTransform") != nullptr ||
         file.stream(spaces + "DataSpaceInfo/DRMEncryptedDataSpace") != nullptr;
}

// The passwords that may open a document, in the order in which they are tried.
std::vector<std::string_view> candidates(std::span<const std::string> passwords) {
  std::vector<std::string_view> all(kOfficeDefaultPasswords.begin(), kOfficeDefaultPasswords.end());
  all.insert(all.end(), passwords.begin(), passwords.end());
  return all;
}

struct Opened {
  bool encrypted = false;  // there is something to open
  std::optional<OfficeMember> member;
};

Opened try_package(const CompoundFile& file, const CompoundFile::Entry& entry,
                   std::span<const std::string_view> passwords) {
  const PackageLock lock = lock_of_package(file, std::string(folder_of(entry.path)));
  for (const std::string_view password : passwords) {
    auto key = unlock_package(lock.encryption, password);
    if (!key) continue;
    const auto open = [&file, &entry, encryption = lock.encryption, secret = std::move(*key)] {
      return decrypt_package(file, entry, encryption, secret);
    };
    return {true, OfficeMember{"package", open}};
  }
  return {true, std::nullopt};
}

Opened try_binary(const CompoundFile& file, const CompoundFile::Entry& entry,
                  std::span<const std::string_view> passwords) {
  const auto lock = lock_of_binary(file, entry);
  if (!lock) return {};
  for (const std::string_view password : passwords) {
    const auto key = BinaryKey::unlock(lock->encryption, password);
    if (!key) continue;
    const auto open = [&file, &entry, kind = lock->kind, secret = *key] {
      return decrypt_binary(file, entry, kind, secret);
    };
    return {true, OfficeMember{member_name_part(entry.name), open}};
  }
  return {true, std::nullopt};
}

}  // namespace

PackageLock lock_of_package(const CompoundFile& file, const std::string& folder) {
  const CompoundFile::Entry* info = file.stream(folder + "EncryptionInfo");
  PackageLock lock;
  if (info != nullptr) lock.encryption = read_encryption_info(file.read(*info, kMostInfo));
  const bool rights = has_rights_management(file, folder);
  lock.word = rights ? "ooxml-irm" : scheme_word(lock.encryption.scheme);
  return lock;
}

std::optional<BinaryLock> lock_of_binary(const CompoundFile& file,
                                         const CompoundFile::Entry& entry) {
  const std::string folder(folder_of(entry.path));
  if (same_ignoring_case(entry.name, "WordDocument")) return lock_of_doc(file, folder);
  if (same_ignoring_case(entry.name, "Workbook") || same_ignoring_case(entry.name, "Book")) {
    return lock_of_xls(file, entry.path);
  }
  if (same_ignoring_case(entry.name, "PowerPoint Document")) return lock_of_ppt(file, folder);
  return std::nullopt;
}

bool OfficeTries::opens(const PackageLock& lock) {
  if (!lock.encryption.lock || lock.word == "ooxml-irm") return false;
  return std::ranges::any_of(kOfficeDefaultPasswords, [&](std::string_view password) {
    return left_-- > 0 && unlock_package(lock.encryption, password).has_value();
  });
}

bool OfficeTries::opens(const BinaryLock& lock) const {
  return std::ranges::any_of(kOfficeDefaultPasswords, [&](std::string_view password) {
    return BinaryKey::unlock(lock.encryption, password).has_value();
  });
}

std::unique_ptr<Container> open_office_encrypted(const Subject& subject,
                                                 std::span<const std::string> passwords,
                                                 Reason& problem) {
  const auto opened = CompoundFile::open(subject.bytes, problem);
  if (!opened) return nullptr;
  const auto file = std::make_shared<const CompoundFile>(*opened);
  const auto all = candidates(passwords);
  std::vector<OfficeMember> members;
  std::string word = "ole-encrypted";
  for (const CompoundFile::Entry& entry : file->entries()) {
    if (!entry.stream || entry.orphan) continue;
    const bool package = same_ignoring_case(entry.name, "EncryptedPackage");
    Opened one = package ? try_package(*file, entry, all) : try_binary(*file, entry, all);
    if (one.encrypted && !one.member) problem = Reason::encrypted;
    if (one.member) members.push_back(std::move(*one.member));
    if (package) break;  // it is the document, and each try is slow
  }
  // Given passwords, all or nothing: a part that stays locked must not pass as opened.
  const bool some_locked = problem == Reason::encrypted;
  if (members.empty() || (some_locked && !passwords.empty())) return nullptr;
  problem = Reason::none;
  return std::make_unique<MemberList>(word, std::move(members), file);
}

std::unique_ptr<Container> open_office_encrypted(const Subject& subject, Reason& problem) {
  return open_office_encrypted(subject, {}, problem);
}

}  // namespace weir
