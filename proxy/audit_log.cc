#include "proxy/audit_log.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/fd.h"
#include "core/json_writer.h"
#include "core/log.h"

namespace weir {
namespace {

constexpr std::size_t kMostText = 1024;

std::string name_of(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> room{};
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid " + std::to_string(uid);
}

}  // namespace

std::string audit_path(const std::string& state_dir) { return state_dir + "/audit.jsonl"; }

std::string audit_line(const AuditRecord& record) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.member("time", iso_time(record.time));
  json.member("actor", record.actor.substr(0, kMostText));
  json.member("act", record.act);
  if (!record.sha256.empty()) json.member("sha256", record.sha256.substr(0, kMostText));
  json.member("done", record.done);
  if (!record.detail.empty()) json.member("detail", record.detail.substr(0, kMostText));
  json.end_object();
  return line + "\n";
}

// One write to a file that is open for appending: lines of several processes do not mix.
Result<> append_audit(const std::string& path, const AuditRecord& record) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  const std::string line = audit_line(record);
  const ssize_t written = ::write(fd.get(), line.data(), line.size());
  if (written < 0) return std::unexpected(errno_error("write " + path, errno));
  if (static_cast<std::size_t>(written) != line.size()) {
    return fail(Errc::no_space, Fault::local, "write " + path + ": no space left");
  }
  if (::fsync(fd.get()) != 0) return std::unexpected(errno_error("sync " + path, errno));
  return {};
}

std::string acting_user() {
  std::string user = name_of(::getuid());
  const char* before = std::getenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe): at the start
  if (::getuid() != 0 || before == nullptr || *before == '\0') return user;
  return std::string(before) + " as " + user;
}

}  // namespace weir
