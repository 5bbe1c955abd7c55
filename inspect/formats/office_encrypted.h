// Encrypted Office documents and what opens them: the passwords that the programs try by
// themselves, and given ones. Deriving a key is slow on purpose, so tries are counted. Sans-io.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "inspect/formats/compound_file.h"
#include "inspect/formats/container.h"
#include "inspect/formats/office_binary.h"
#include "inspect/formats/office_package_key.h"

namespace weir {

struct PackageLock {
  std::string word;  // "ooxml-agile"
  PackageEncryption encryption;
};

// Of the stream EncryptedPackage in this folder ("" or ending in '/').
PackageLock lock_of_package(const CompoundFile& file, const std::string& folder);
// Of the DOC, XLS or PPT whose main stream this is; nullopt: none, or not encrypted.
std::optional<BinaryLock> lock_of_binary(const CompoundFile& file,
                                         const CompoundFile::Entry& entry);

// Tries the default passwords, at most kMost slow ones for one file.
class OfficeTries {
 public:
  static constexpr int kMost = 4;
  bool opens(const PackageLock& lock);
  bool opens(const BinaryLock& lock) const;

 private:
  int left_ = kMost;
};

// The decrypted document as the one member: the package of an OOXML, the main stream of the others.
// The default passwords are tried first, then the given ones (UTF-8). Null with problem none: not
// an encrypted document; with encrypted: no password fits.
std::unique_ptr<Container> open_office_encrypted(const Subject& file,
                                                 std::span<const std::string> passwords,
                                                 Reason& problem);
std::unique_ptr<Container> open_office_encrypted(const Subject& file, Reason& problem);

}  // namespace weir
