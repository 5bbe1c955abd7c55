#include "proxy/backup/backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "core/digest.h"
#include "core/log.h"
#include "proxy/backup/manifest.h"
#include "proxy/backup/staging.h"
#include "proxy/run_program.h"
#include "sandbox_client/sqlite.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTar = "/usr/bin/tar";

struct Work {
  const BackupAsk& ask;
  std::string root;  // of what is packed
  BackupManifest manifest;
  Secrets secrets;
  BackupDone done;
};

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> note(Work& work, const std::string& path) {
  const std::string full = work.root + "/" + path;
  auto digest = sha256_of_file(full);
  if (!digest) return pass(std::move(digest));
  std::error_code error;
  work.manifest.files.push_back({path, fs::file_size(full, error), std::move(*digest)});
  return {};
}

Result<void> keep(Work& work, const std::string& from, const std::string& path) {
  if (auto copied = copy_plain_file(from, work.root + "/" + path); !copied) return copied;
  return note(work, path);
}

Result<void> keep_database(Work& work, const std::string& from, const std::string& path) {
  const std::string to = work.root + "/" + path;
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (auto copied = copy_database(from, to); !copied) return copied;
  return note(work, path);
}

Result<void> keep_state_file(Work& work, const fs::path& file, const std::string& name) {
  const std::string path = "state/" + name;
  switch (backup_kind(name)) {
    case BackupKind::skip: return {};
    case BackupKind::copy: return keep(work, file.string(), path);
    case BackupKind::database:
      if (!work.ask.history && name.starts_with("history/")) return {};
      return keep_database(work, file.string(), path);
    case BackupKind::secret: break;
  }
  if (work.ask.passphrase.empty()) {
    work.done.without.push_back(name);
  } else {
    work.secrets[name] = text_of(file.string());
    work.done.keys.push_back(name);
  }
  return {};
}

// A file that goes while we look was not worth keeping.
Result<void> keep_state(Work& work) {
  const fs::path root = work.ask.settings.state_dir;
  std::error_code error;
  fs::recursive_directory_iterator at(root, error), end;
  if (error) return fail(Errc::io, Fault::config, root.string() + ": " + error.message());
  for (; at != end; at.increment(error)) {
    if (error) return fail(Errc::io, Fault::local, root.string() + ": " + error.message());
    if (!fs::is_regular_file(at->symlink_status(error))) continue;
    const std::string name = fs::relative(at->path(), root, error).string();
    auto kept = keep_state_file(work, at->path(), name);
    if (!kept && fs::exists(at->path(), error)) return kept;
  }
  return {};
}

// A custom place of the quarantine's key, beside the settings themselves.
Result<void> keep_settings(Work& work) {
  const Settings& settings = work.ask.settings;
  const std::string& key = settings.quarantine.key_file;
  if (!key.empty() && !work.ask.passphrase.empty()) work.secrets["quarantine.key"] = text_of(key);
  std::map<std::string, std::string> files;  // by name; the first one of a name is kept
  for (const std::string& file :
       {work.ask.config, settings.policy_file, settings.feeds_file, settings.sandbox_file}) {
    if (!file.empty() && fs::exists(file)) files.emplace(fs::path(file).filename().string(), file);
  }
  for (const auto& [name, file] : files) {
    if (auto kept = keep(work, file, "settings/" + name); !kept) return kept;
  }
  return {};
}

Result<void> keep_secrets(Work& work, Random& random) {
  if (work.secrets.empty()) return {};
  std::array<std::uint8_t, 16> salt{};
  random.fill(salt);
  work.manifest.salt = hex(salt);
  const auto key = key_from_passphrase(work.ask.passphrase, salt);
  if (!key) return std::unexpected(key.error());
  const std::string name(kSecretsName);
  if (auto sealed = seal_secrets(work.secrets, *key, work.root + "/" + name, random); !sealed) {
    return sealed;
  }
  return note(work, name);
}

Result<void> pack(Work& work, const std::string& into) {
  std::ranges::sort(work.manifest.files, {}, &BackedUpFile::path);
  std::ofstream(work.root + "/" + std::string(kManifestName)) << manifest_text(work.manifest);
  const auto end =
      run_program({kTar, "--create", "--format=posix", "--sort=name", "--owner=0", "--group=0",
                   "--numeric-owner", "--file", into, "--directory", work.root, "."});
  if (!end) return std::unexpected(end.error());
  if (end->status == 0) return {};
  return fail(Errc::io, Fault::local, "tar: " + end->output.substr(0, 500));
}

}  // namespace

Result<BackupDone> make_backup(const BackupAsk& ask, const Clock& clock, Random& random) {
  if (fs::exists(ask.file)) {
    return fail(Errc::invalid, Fault::config, ask.file + ": exists already; not replaced");
  }
  ::umask(077);
  auto staging = Staging::beside(ask.file, random);
  if (!staging) return pass(std::move(staging));
  Work work{.ask = ask,
            .root = staging->path() + "/root",
            .manifest = {WEIR_VERSION, iso_time(clock.wall()), {}, {}},
            .secrets = {},
            .done = {}};
  std::error_code error;
  fs::create_directory(work.root, error);
  if (auto kept = keep_state(work); !kept) return pass(std::move(kept));
  if (auto kept = keep_settings(work); !kept) return pass(std::move(kept));
  if (auto kept = keep_secrets(work, random); !kept) return pass(std::move(kept));
  const std::string packed = staging->path() + "/tar";
  if (auto done = pack(work, packed); !done) return pass(std::move(done));
  if (::link(packed.c_str(), ask.file.c_str()) != 0) {  // never over a file
    return std::unexpected(errno_error("create " + ask.file, errno));
  }
  work.done.bytes = fs::file_size(ask.file, error);
  for (const BackedUpFile& file : work.manifest.files) work.done.files.push_back(file.path);
  return std::move(work.done);
}

}  // namespace weir
