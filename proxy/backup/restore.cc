#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/digest.h"
#include "core/fd.h"
#include "proxy/backup/backup.h"
#include "proxy/backup/manifest.h"
#include "proxy/backup/staging.h"
#include "proxy/run_program.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTar = "/usr/bin/tar";
constexpr std::uintmax_t kMostManifest = 512U << 20;

std::unexpected<Error> refuse(std::string what) {
  return fail(Errc::invalid, Fault::config, std::move(what));
}

Result<void> want_empty(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return {};
  return refuse(folder + ": is not empty; a backup is restored over nothing");
}

Result<void> unpack(const std::string& file, const std::string& into) {
  const auto end =
      run_program({kTar, "--extract", "--file", file, "--directory", into, "--no-same-owner",
                   "--no-same-permissions", "--keep-old-files", "--delay-directory-restore"});
  if (!end) return std::unexpected(end.error());
  if (end->status == 0) return {};
  return refuse(file + ": tar: " + end->output.substr(0, 500));
}

Result<BackupManifest> read_manifest(const std::string& root) {
  const std::string path = root + "/" + std::string(kManifestName);
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error)) ||
      fs::file_size(path, error) > kMostManifest) {
    return refuse("this is no backup of weir: it has no list of its files");
  }
  std::ifstream in(path, std::ios::binary);
  auto manifest = parse_manifest(std::string(std::istreambuf_iterator<char>(in), {}));
  if (manifest && is_newer(manifest->program, WEIR_VERSION)) {
    return refuse("the backup was made by weir " + manifest->program +
                  ", this is " WEIR_VERSION "; restore it with that version");
  }
  return manifest;
}

// What tar unpacked is what the list says: these files, ordinary ones, and no others.
Result<void> check_files(const std::string& root, const BackupManifest& manifest) {
  std::set<std::string> listed{std::string(kManifestName)};
  for (const BackedUpFile& file : manifest.files) {
    const std::string path = root + "/" + file.path;
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error)) ||
        fs::file_size(path, error) != file.bytes) {
      return refuse(file.path + ": missing, or of another size than when it was backed up");
    }
    const auto digest = sha256_of_file(path);
    if (!digest) return std::unexpected(digest.error());
    if (*digest != file.sha256) return refuse(file.path + ": was changed after the backup");
    listed.insert(file.path);
  }
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) continue;
    const std::string name = fs::relative(entry.path(), root, error).string();
    if (!listed.contains(name)) return refuse(name + ": is not in the backup's list");
  }
  return {};
}

Result<void> place_secrets(const RestoreAsk& ask, const std::string& root,
                           const BackupManifest& manifest, RestoreDone& done) {
  if (manifest.salt.empty()) {
    done.notes.push_back(
        "the backup was made without keys: bring ca.key yourself, or the gateway "
        "does not start with this CA");
    return {};
  }
  if (ask.passphrase.empty()) {
    done.notes.push_back("without keys, as asked: the gateway does not start with this CA");
    return {};
  }
  const auto salt = from_hex(manifest.salt);
  if (!salt) return refuse("the backup's list is damaged");
  const auto key = key_from_passphrase(ask.passphrase, *salt);
  if (!key) return std::unexpected(key.error());
  const auto secrets = unseal_secrets(*key, root + "/" + std::string(kSecretsName));
  if (!secrets) return std::unexpected(secrets.error());
  for (const auto& [name, text] : *secrets) {
    if (backup_kind(name) != BackupKind::secret) return refuse(name + ": is no key of ours");
    const std::string path = root + "/state/" + name;
    const UniqueFd out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out || ::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return std::unexpected(errno_error("write " + path, errno));
    }
    done.files.push_back("state/" + name);
  }
  return {};
}

// To the owner of the folder it goes into, when root restores for another user; to the disk.
Result<void> settle(const std::string& folder, const std::string& like) {
  struct stat about{};
  const bool give = ::geteuid() == 0 && ::stat(like.c_str(), &about) == 0 && about.st_uid != 0;
  const auto own = [&](const std::string& path) {
    return !give || ::lchown(path.c_str(), about.st_uid, about.st_gid) == 0;
  };
  if (!own(folder)) return std::unexpected(errno_error("chown " + folder, errno));
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::fsync(fd.get()) != 0 || !own(path)) {
      return std::unexpected(errno_error("settle " + path, errno));
    }
  }
  return {};
}

Result<void> put_in_place(const std::string& from, const std::string& to) {
  std::error_code error;
  const std::string parent = fs::path(to).parent_path().string();
  if (auto settled = settle(from, fs::exists(to, error) ? to : parent); !settled) return settled;
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return std::unexpected(errno_error("rename to " + to, errno));
  }
  return {};
}

}  // namespace

Result<RestoreDone> restore_backup(const RestoreAsk& given, Random& random) {
  RestoreAsk ask = given;
  for (std::string* path : {&ask.state_dir, &ask.settings_dir}) {
    if (path->empty()) continue;
    *path = fs::absolute(*path).lexically_normal().string();
    while (path->size() > 1 && path->ends_with('/')) path->pop_back();
    if (auto empty = want_empty(*path); !empty) return pass(std::move(empty));
  }
  ::umask(077);
  auto staging = Staging::beside(ask.state_dir, random);
  if (!staging) return pass(std::move(staging));
  const std::string& root = staging->path();
  if (auto unpacked = unpack(ask.file, root); !unpacked) return pass(std::move(unpacked));
  const auto manifest = read_manifest(root);
  if (!manifest) return std::unexpected(manifest.error());
  if (auto same = check_files(root, *manifest); !same) return pass(std::move(same));
  std::error_code error;
  if (!fs::is_directory(root + "/state", error)) return refuse("the backup holds no state");
  RestoreDone done{
      .program = manifest->program, .created = manifest->created, .files = {}, .notes = {}};
  for (const BackedUpFile& file : manifest->files) {
    const bool left = file.path == kSecretsName ||
                      (ask.settings_dir.empty() && file.path.starts_with("settings/"));
    if (!left) done.files.push_back(file.path);
  }
  if (auto keys = place_secrets(ask, root, *manifest, done); !keys) return pass(std::move(keys));
  if (ask.settings_dir.empty()) {
    done.notes.push_back(
        "settings and policy of the backup were left out; --settings FOLDER writes "
        "them");
  } else if (fs::is_directory(root + "/settings", error)) {
    if (auto put = put_in_place(root + "/settings", ask.settings_dir); !put) {
      return pass(std::move(put));
    }
  }
  if (auto put = put_in_place(root + "/state", ask.state_dir); !put) return pass(std::move(put));
  return done;
}

}  // namespace weir
