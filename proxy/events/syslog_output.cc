#include "proxy/events/syslog_output.h"

#include <linux/sockios.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/fd.h"
#include "core/log.h"
#include "core/net_addr.h"
#include "proxy/events/event_formats.h"

namespace weir {
namespace {

constexpr std::size_t kLongestDatagram = 60'000;

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

  Fate fate() override {
    if (transport_ != Transport::tcp) return Fate::arrived;
    if (!fd_ || closed_by_peer()) return Fate::lost;
    int unsent = 0;
    const bool known = ::ioctl(fd_.get(), SIOCOUTQ, &unsent) == 0;
    return known && unsent == 0 ? Fate::arrived : Fate::pending;
  }

 private:
  // A collector sends nothing; what it may say is thrown away.
  bool closed_by_peer() {
    char ignored[512];
    const ssize_t got = ::recv(fd_.get(), ignored, sizeof ignored, MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return false;
    fd_.reset();
    return true;
  }

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
      if (sent < 0 && errno == EMSGSIZE && rest.size() > kLongestDatagram) {
        rest = rest.substr(0, kLongestDatagram);  // else it would be tried for ever
        continue;
      }
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

}  // namespace

Result<std::unique_ptr<EventOutput>> open_syslog(const std::string& where, const Clock& clock) {
  const auto make = [&clock](SyslogOutput::Transport transport, std::string host,
                             std::string port) {
    return std::make_unique<SyslogOutput>(transport, std::move(host), std::move(port), clock);
  };
  const auto server = event_server(where);
  const std::string_view text = server ? server->url : "";
  if (text.starts_with("unix://")) {
    return make(SyslogOutput::Transport::local, std::string(text.substr(7)), "");
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

}  // namespace weir
