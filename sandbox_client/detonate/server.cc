#include "sandbox_client/detonate/server.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/fd.h"
#include "sandbox_client/detonate/cell.h"
#include "sandbox_client/detonate/request.h"

namespace weir {
namespace {

std::unexpected<Error> system_error(const std::string& call) {
  return std::unexpected(errno_error(call, errno));
}

Result<UniqueFd> listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid, Fault::config, "socket path '" + path + "' is empty or too long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("socket");
  struct stat about{};
  if (::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0) return system_error("bind " + path);
  constexpr int kWaiting = 128;
  if (::listen(fd.get(), kWaiting) != 0) return system_error("listen");
  return fd;
}

void limit_waits(int fd) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

// The first piece of a request, and the descriptor that came with it.
struct Piece {
  std::string bytes;
  UniqueFd file;
};

Result<Piece> receive(int fd, std::size_t most) {
  Piece piece{.bytes = std::string(most, '\0'), .file = {}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec place{.iov_base = piece.bytes.data(), .iov_len = most};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return system_error("recvmsg");
  if (got == 0) return fail(Errc::truncated, Fault::client, "the client went away");
  piece.bytes.resize(static_cast<std::size_t>(got));
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int))) {
    int file = -1;
    std::memcpy(&file, CMSG_DATA(head), sizeof file);
    piece.file = UniqueFd(file);
  }
  return piece;
}

std::size_t length_in(std::string_view head) {
  std::size_t length = 0;
  for (const char one : head.substr(0, 4)) length = length << 8U | static_cast<unsigned char>(one);
  return length;
}

struct Asked {
  DetonationRequest request;
  UniqueFd file;
};

Result<Asked> read_request(int fd) {
  constexpr std::size_t kHead = 4;
  std::string bytes;
  UniqueFd file;
  std::size_t wanted = kHead;
  while (bytes.size() < wanted) {
    auto piece = receive(fd, wanted - bytes.size());
    if (!piece) return pass(std::move(piece));
    bytes += piece->bytes;
    if (piece->file) file = std::move(piece->file);
    if (wanted == kHead && bytes.size() == kHead) wanted += length_in(bytes);
    if (wanted > kHead + kMostRequestBytes) {
      return fail(Errc::too_large, Fault::client, "request: too long");
    }
  }
  if (!file) return fail(Errc::malformed, Fault::client, "request: no file came along");
  auto request = parse_request(std::string_view(bytes).substr(kHead));
  if (!request) return pass(std::move(request));
  return Asked{.request = *std::move(request), .file = std::move(file)};
}

SandboxReport failed(std::string reason) {
  SandboxReport report;
  report.engine = "local";
  report.reason = std::move(reason);
  return report;
}

SandboxReport answer_to(int fd, const Signatures& signatures) {
  auto asked = read_request(fd);
  if (!asked) return failed(asked.error().what);
  auto report = detonate({.sample = asked->file.get(),
                          .name = asked->request.name,
                          .limit = std::chrono::seconds(asked->request.seconds)});
  if (!report) return failed(report.error().what);
  const std::string& wanted = asked->request.sha256;
  if (!wanted.empty() && wanted != report->sha256) return failed("the file is not the one named");
  signatures.judge(*report);
  return *std::move(report);
}

void send_report(int fd, const SandboxReport& report) {
  std::string bytes(4, '\0');
  bytes += write_report(report);
  std::size_t length = bytes.size() - 4;
  for (std::size_t at = 4; at-- > 0; length >>= 8U) bytes[at] = static_cast<char>(length & 0xffU);
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t sent = ::send(fd, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
}

[[noreturn]] void work(int fd, const Signatures& signatures) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit_waits(fd);
  send_report(fd, answer_to(fd, signatures));
  ::_exit(0);
}

// How many of the running children have ended; waits for one when asked to.
int reap(bool wait) {
  int ended = 0;
  for (int status = 0; ::waitpid(-1, &status, wait && ended == 0 ? 0 : WNOHANG) > 0;) ++ended;
  return ended;
}

}  // namespace

Result<void> serve_detonations(const ServerOptions& options, const Signatures& signatures) {
  auto listener = listen_at(options.socket);
  if (!listener) return pass(std::move(listener));
  constexpr int kTickMs = 500;
  for (int running = 0;;) {
    running -= reap(running >= options.jobs);
    pollfd wait{.fd = listener->get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, kTickMs) <= 0) continue;
    const UniqueFd client(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    const pid_t child = ::fork();
    if (child == 0) work(client.get(), signatures);
    if (child > 0) ++running;
  }
}

}  // namespace weir
