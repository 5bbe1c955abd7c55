#include "sandbox_client/local_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/cursor.h"
#include "core/json_writer.h"

namespace weir {
namespace {

constexpr std::size_t kLength = 4;
constexpr std::size_t kMostName = 1024;  // the worker takes heads of up to 8 KiB

}  // namespace

std::string local_request(const Submission& submission, int seconds) {
  std::string head;
  JsonWriter out(head);
  out.begin_object();
  out.member("sha256", submission.sha256);
  out.member("name", submission.name.substr(0, kMostName));
  out.member("seconds", std::clamp(seconds, 1, 600));
  out.end_object();
  std::string request;
  for (int shift = 24; shift >= 0; shift -= 8) {
    request += static_cast<char>(head.size() >> shift);
  }
  return request + head;
}

Result<> send_local_request(int socket, const std::string& request, int file) {
  std::string_view left = request;
  while (!left.empty()) {
    iovec piece{const_cast<char*>(left.data()), left.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (left.size() == request.size()) {  // beside the first byte
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(header), &file, sizeof file);
    }
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return std::unexpected(errno_error("send to the sandbox worker", errno));
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::optional<SandboxReport>> read_local_answer(std::string_view bytes) {
  if (bytes.size() < kLength) return std::optional<SandboxReport>();
  const std::uint32_t length = Cursor(as_bytes(bytes)).u32be();
  if (length > ReportLimits::json_bytes) {
    return fail(Errc::too_large, Fault::helper,
                "sandbox worker announces a report of " + std::to_string(length) + " bytes");
  }
  bytes.remove_prefix(kLength);
  if (bytes.size() < length) return std::optional<SandboxReport>();
  if (bytes.size() > length) {
    return fail(Errc::malformed, Fault::helper, "sandbox worker says more than its report");
  }
  auto report = parse_report(bytes);
  if (!report) return pass(std::move(report));
  return std::optional(std::move(*report));
}

}  // namespace weir
