#include "proxy/events/event_output.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/fd.h"
#include "core/log.h"
#include "core/net_addr.h"

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

// RFC 5424 over UDP (RFC 5426), TCP with octet counting (RFC 6587) or a local socket.
class SyslogOutput final : public EventOutput {
 public:
  enum class Transport : std::uint8_t { udp, tcp, local };
  SyslogOutput(Transport transport, std::string host, std::string port, const Clock& clock)
      : transport_(transport), host_(std::move(host)), port_(std::move(port)), clock_(clock) {
    char name[256] = "-";
    if (::gethostname(name, sizeof name - 1) == 0) hostname_ = name;
  }

  Result<void> write(std::string_view lines) override {
    while (!lines.empty()) {
      const auto end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      lines = end == std::string_view::npos ? "" : lines.substr(end + 1);
      if (auto sent = send_line(line); !sent) return sent;
    }
    return {};
  }

 private:
  // facility local0 (16), severity informational (6)
  std::string framed(std::string_view line) const {
    std::string message =
        "<134>1 " + iso_time(clock_.wall()) + " " + hostname_ + " weir - event - ";
    message += line;
    if (transport_ == Transport::tcp) return std::to_string(message.size()) + " " + message;
    return message;
  }

  Result<void> send_line(std::string_view line) {
    if (!fd_) {
      if (auto connected = connect(); !connected) return connected;
    }
    const std::string message = framed(line);
    std::string_view rest = message;
    while (!rest.empty()) {
      const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        const int cause = errno;
        fd_.reset();
        return std::unexpected(errno_error("send to syslog " + host_, cause));
      }
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<void> connect() {
    return transport_ == Transport::local ? connect_local() : connect_net();
  }

  Result<void> connect_local() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (host_.size() >= sizeof address.sun_path) {
      return fail(Errc::invalid, Fault::config, "events.syslog: path too long");
    }
    std::memcpy(address.sun_path, host_.data(), host_.size());
    fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd_ || ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      const int cause = errno;
      fd_.reset();
      return std::unexpected(errno_error("connect to syslog " + host_, cause));
    }
    return {};
  }

  Result<void> connect_net() {
    addrinfo hints{};
    hints.ai_socktype = transport_ == Transport::udp ? SOCK_DGRAM : SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found) != 0) {
      return fail(Errc::dns_failure, Fault::local, "syslog server " + host_ + " does not resolve");
    }
    int cause = EHOSTUNREACH;
    for (const addrinfo* at = found; at != nullptr && !fd_; at = at->ai_next) {
      UniqueFd fd(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
      const timeval limit{.tv_sec = 5, .tv_usec = 0};
      if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      if (fd && ::connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0) {
        fd_ = std::move(fd);
      } else {
        cause = errno;
      }
    }
    ::freeaddrinfo(found);
    if (!fd_)
      return std::unexpected(errno_error("connect to syslog " + host_ + ":" + port_, cause));
    return {};
  }

  Transport transport_;
  std::string host_, port_, hostname_ = "-";
  const Clock& clock_;
  UniqueFd fd_;
};

Result<std::unique_ptr<EventOutput>> open_syslog(const std::string& where, const Clock& clock) {
  const auto make = [&clock](SyslogOutput::Transport transport, std::string host,
                             std::string port) {
    return std::make_unique<SyslogOutput>(transport, std::move(host), std::move(port), clock);
  };
  const std::string_view text = where;
  if (text.starts_with("unix://")) {
    return make(SyslogOutput::Transport::local, where.substr(7), "");
  }
  const bool udp = text.starts_with("udp://");
  if (udp || text.starts_with("tcp://")) {
    const auto target = split_host_port(text.substr(6));
    if (target && !target->host.empty()) {
      return make(udp ? SyslogOutput::Transport::udp : SyslogOutput::Transport::tcp, target->host,
                  std::to_string(target->port.value_or(514)));
    }
  }
  return fail(
      Errc::invalid, Fault::config,
      "events.syslog: '" + where + "' is not udp://host:port, tcp://host:port or unix:///path");
}

}  // namespace

Result<std::unique_ptr<EventOutput>> open_event_output(const EventSettings& settings,
                                                       const std::string& default_file,
                                                       const Clock& clock) {
  if (settings.output == "none") return std::make_unique<NoOutput>();
  if (settings.output == "stdout") return std::make_unique<StandardOutput>();
  if (settings.output == "syslog") return open_syslog(settings.syslog, clock);
  auto file = std::make_unique<FileOutput>(settings.file.empty() ? default_file : settings.file,
                                           settings.rotate_bytes, settings.rotate_keep);
  if (auto opened = file->open(); !opened) return pass(std::move(opened));
  return file;
}

}  // namespace weir
