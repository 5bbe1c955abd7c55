#include "proxy/events/event_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/fd.h"
#include "core/log.h"
#include "proxy/events/event_forwarder.h"
#include "proxy/events/event_spool.h"
#include "proxy/events/syslog_output.h"

namespace weir {
namespace {

Result<void> write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return std::unexpected(errno_error("write events", errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

class NoOutput final : public EventOutput {
 public:
  Result<void> write(std::string_view) override { return {}; }
};

class StandardOutput final : public EventOutput {
 public:
  Result<void> write(std::string_view lines) override { return write_whole(STDOUT_FILENO, lines); }
};

// FILE, then FILE.1 (newest) to FILE.N: rotated when it would grow over its size.
class FileOutput final : public EventOutput {
 public:
  FileOutput(std::string path, std::uint64_t rotate_bytes, std::uint32_t keep)
      : path_(std::move(path)), rotate_bytes_(rotate_bytes), keep_(keep) {}

  Result<void> open() {
    fd_.reset(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!fd_) return std::unexpected(errno_error("open " + path_, errno));
    struct stat info{};
    size_ = ::fstat(fd_.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
    return {};
  }

  Result<void> write(std::string_view lines) override {
    if (size_ > 0 && size_ + lines.size() > rotate_bytes_) rotate();
    if (!fd_) {
      if (auto opened = open(); !opened) return opened;
    }
    if (torn_) {  // a part of a line was left by a full disk: end it, so that the next is whole
      if (auto ended = write_whole(fd_.get(), "\n"); !ended) return ended;
      torn_ = false;
    }
    auto written = write_whole(fd_.get(), lines);
    torn_ = !written;
    if (written) size_ += lines.size();
    return written;
  }

  void reopen() override { fd_.reset(); }

 private:
  void rotate() {
    fd_.reset();
    for (std::uint32_t i = keep_; i > 1; --i) {
      std::rename(numbered(i - 1).c_str(), numbered(i).c_str());
    }
    if (keep_ > 0) {
      std::rename(path_.c_str(), numbered(1).c_str());
    } else {
      ::unlink(path_.c_str());
    }
    size_ = 0;
  }
  std::string numbered(std::uint32_t i) const { return path_ + "." + std::to_string(i); }

  std::string path_;
  std::uint64_t rotate_bytes_;
  std::uint32_t keep_;
  std::uint64_t size_ = 0;
  bool torn_ = false;
  UniqueFd fd_;
};

Result<std::unique_ptr<EventOutput>> forward(const EventSettings& settings,
                                             const std::string& default_file, Metrics& metrics,
                                             Log& log, const Clock& clock) {
  auto target = open_syslog(settings.syslog, clock);
  if (!target) return target;
  const auto folder = std::filesystem::path(default_file).parent_path() / "events.spool";
  auto spool = EventSpool::open(folder.string(), settings.rotate_bytes);
  if (!spool) return pass(std::move(spool));
  return std::make_unique<EventForwarder>(std::move(*spool), std::move(*target), metrics, log,
                                          clock, EventForwarder::Timing{});
}

}  // namespace

Result<std::unique_ptr<EventOutput>> open_event_output(const EventSettings& settings,
                                                       const std::string& default_file,
                                                       Metrics& metrics, Log& log,
                                                       const Clock& clock) {
  if (settings.output == "none") return std::make_unique<NoOutput>();
  if (settings.output == "stdout") return std::make_unique<StandardOutput>();
  if (settings.output == "syslog") return forward(settings, default_file, metrics, log, clock);
  auto file = std::make_unique<FileOutput>(settings.file.empty() ? default_file : settings.file,
                                           settings.rotate_bytes, settings.rotate_keep);
  if (auto opened = file->open(); !opened) return pass(std::move(opened));
  return file;
}

}  // namespace weir
