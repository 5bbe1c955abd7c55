// What is in a backup: which file of the state directory is kept, and how; and the list that lies
// in the backup beside the files. One line of text for each file, so that a person can check it
// with sha256sum:
//   weir-backup 1
//   program 0.1.0
//   created 2026-11-23T12:00:00.000Z
//   salt <hex>                                  only with sealed secrets
//   <sha256> <bytes> <path>                     of each file, in the order of paths
// The reader takes any bytes: paths are relative, plain, without "..", each once. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

enum class BackupKind : std::uint8_t {
  skip,      // made anew, or no state
  copy,      // an ordinary file
  database,  // SQLite, copied while it is written to
  secret,    // a key: sealed, or left out
};
// Of a file by its path below the state directory. What is not known is copied.
BackupKind backup_kind(std::string_view path);

struct BackedUpFile {
  std::string path;  // below the root of the backup
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const BackedUpFile&) const = default;
};

struct BackupManifest {
  std::string program;  // version that made it
  std::string created;  // ISO time
  std::string salt;     // hex; "" = no secrets
  std::vector<BackedUpFile> files;
  bool operator==(const BackupManifest&) const = default;
};

inline constexpr std::string_view kManifestName = "MANIFEST";
inline constexpr std::string_view kSecretsName = "secrets.sealed";
inline constexpr std::size_t kMostBackedUp = 1'000'000;  // files

std::string manifest_text(const BackupManifest& manifest);
// malformed, with the line; unsupported: another version of the format.
Result<BackupManifest> parse_manifest(std::string_view text);

// "0.2.0" is newer than "0.1.9". What is no version is newer than nothing.
bool is_newer(std::string_view version, std::string_view than);

}  // namespace weir
