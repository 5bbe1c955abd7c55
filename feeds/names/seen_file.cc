#include "feeds/names/seen_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "conf/text_file.h"
#include "feeds/names/seen_format.h"

namespace weir {
namespace {

using namespace seen_format;

constexpr std::uint64_t kMostFileBytes = 4ULL << 30;
constexpr std::size_t kBuffer = 1 << 20;
constexpr mode_t kMode = 0600;  // where people went is nobody else's business

std::string log_of(const std::string& path) { return path + ".log"; }

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return std::unexpected(errno_error("write " + path, errno));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

// The name of a file is as durable as its folder; not all file systems can sync one.
void sync_folder_of(const std::string& path) {
  const std::string folder = beside(path, ".");
  const UniqueFd fd(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

// What is in a file; nullopt when there is none or not even a whole header, as after a kill right
// after its creation.
Result<std::optional<Content>> read_file(const std::string& path, Kind kind) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<Content>();
  const auto bytes = read_text_file(path, kMostFileBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (kind == Kind::log && bytes->size() < kHeaderSize) return std::optional<Content>();
  return std::optional<Content>(read_all(as_bytes(*bytes), kind));
}

Result<void> put_aside(const std::string& path) {
  const std::string aside = path + ".bad";
  if (::rename(path.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(errno_error("rename " + path, errno));
  }
  return {};
}

std::string damage_of(const std::string& path) {
  return path + " is damaged: it is kept as " + path + ".bad, and the memory begins anew";
}

}  // namespace

Result<SeenFile::Loaded> SeenFile::open(const std::string& path, SeenOrigin& origin,
                                        const std::function<void(const SeenEntry&)>& use) {
  path_ = path;
  Loaded loaded;
  auto snapshot = read_file(path, Kind::snapshot);
  if (!snapshot) return pass(std::move(snapshot));
  auto log = read_file(log_of(path), Kind::log);
  if (!log) return pass(std::move(log));
  const bool bad_snapshot = *snapshot && !(*snapshot)->sound;
  const auto& header = *snapshot ? (*snapshot)->header : *log ? (*log)->header : std::nullopt;
  const bool bad_log =
      *log && (!(*log)->header || bad_snapshot || (*log)->header->origin.key != header->origin.key);
  if (bad_snapshot) {
    loaded.damage = damage_of(path);
    if (auto done = put_aside(path); !done) return pass(std::move(done));
    snapshot->reset();
  }
  if (bad_log) {
    if (loaded.damage.empty()) loaded.damage = damage_of(log_of(path));
    if (auto done = put_aside(log_of(path)); !done) return pass(std::move(done));
    log->reset();
  }
  if (*snapshot || *log) origin = header->origin;
  origin_ = origin;
  for (const auto* content : {&*snapshot, &*log}) {
    if (!*content) continue;
    for (const SeenEntry& entry : (*content)->entries) use(entry);
    loaded.entries += (*content)->entries.size();
  }
  if (*snapshot) snapshot_bytes_ = (*snapshot)->good_bytes;
  if (*log && (*log)->bad_records > 0) {
    damaged_ = true;
    loaded.damage = log_of(path) + " has " + std::to_string((*log)->bad_records) +
                    " damaged records, which are left out";
  }
  if (auto begun = begin_log(*log ? (*log)->good_bytes : 0); !begun) return pass(std::move(begun));
  return loaded;
}

Result<void> SeenFile::begin_log(std::uint64_t size) {
  const std::string name = log_of(path_);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  log_.reset(::open(name.c_str(), kFlags, kMode));
  if (!log_) return std::unexpected(errno_error("open " + name, errno));
  if (::ftruncate(log_.get(), static_cast<off_t>(size)) != 0) {
    return std::unexpected(errno_error("truncate " + name, errno));
  }
  log_bytes_ = size;
  if (size > 0) return {};
  const std::string bytes = header(Kind::log, origin_, 0);
  if (auto wrote = write_all(log_.get(), bytes, name); !wrote) return wrote;
  if (::fsync(log_.get()) != 0) return std::unexpected(errno_error("sync " + name, errno));
  sync_folder_of(name);
  log_bytes_ = bytes.size();
  return {};
}

Result<void> SeenFile::append(const std::vector<SeenEntry>& entries) {
  if (entries.empty()) return {};
  std::string bytes;
  bytes.reserve(entries.size() * kRecordSize);
  for (const SeenEntry& entry : entries) add_record(bytes, origin_.key, entry);
  damaged_ = true;  // until it is known to be whole: what is lost here comes with the next rewrite
  if (auto wrote = write_all(log_.get(), bytes, log_of(path_)); !wrote) return wrote;
  if (::fdatasync(log_.get()) != 0) {
    return std::unexpected(errno_error("sync " + log_of(path_), errno));
  }
  log_bytes_ += bytes.size();
  damaged_ = false;
  return {};
}

Result<void> SeenFile::rewrite(const SeenTable& table) {
  const std::string name = path_ + ".new";
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const UniqueFd fd(::open(name.c_str(), kFlags, kMode));
  if (!fd) return std::unexpected(errno_error("create " + name, errno));
  std::string buffer = header(Kind::snapshot, origin_, 0);
  std::uint64_t count = 0, size = 0;
  Result<void> wrote;
  const auto flush = [&] {
    if (wrote) wrote = write_all(fd.get(), buffer, name);
    size += buffer.size();
    buffer.clear();
  };
  table.each([&](const SeenEntry& entry) {
    add_record(buffer, origin_.key, entry);
    ++count;
    if (buffer.size() >= kBuffer) flush();
  });
  flush();
  const std::string head = header(Kind::snapshot, origin_, count);
  if (wrote && ::lseek(fd.get(), 0, SEEK_SET) == 0) wrote = write_all(fd.get(), head, name);
  if (!wrote) return wrote;
  if (::fsync(fd.get()) != 0) return std::unexpected(errno_error("sync " + name, errno));
  if (::rename(name.c_str(), path_.c_str()) != 0) {
    return std::unexpected(errno_error("rename " + name, errno));
  }
  sync_folder_of(path_);
  snapshot_bytes_ = size;
  damaged_ = false;
  return begin_log(kHeaderSize);
}

}  // namespace weir
