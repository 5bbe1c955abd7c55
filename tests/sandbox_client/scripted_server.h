// An HTTP/1.1 server on loopback that answers as the test says: slow, broken and lying included.
// One thread, one request a connection at a time; the test sees every request. For tests.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/fd.h"

namespace weir {

struct SeenRequest {
  std::string method, path, head, body;
};

class ScriptedServer {
 public:
  // Gives the bytes to send, status line and all; "" closes without a word.
  using Answer = std::function<std::string(const SeenRequest&)>;

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(::bind(listener_.get(), address, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), address, &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<SeenRequest> seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  std::size_t count(const std::string& method, const std::string& path) const {
    std::size_t found = 0;
    for (const auto& one : seen()) found += one.method == method && one.path.starts_with(path);
    return found;
  }

 private:
  static bool readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 20) > 0;
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!readable(listener_.get())) continue;
      const UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer) converse(peer.get(), stop);
    }
  }

  void converse(int fd, const std::stop_token& stop) {
    SeenRequest request;
    if (!read_request(fd, request, stop)) return;
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(request);
    }
    const std::string bytes = answer_(request);
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
  }

  static bool read_request(int fd, SeenRequest& request, const std::stop_token& stop) {
    std::string bytes;
    std::size_t want = std::string::npos;
    while (bytes.size() < want && !stop.stop_requested()) {
      if (!readable(fd)) continue;
      char piece[65536];
      const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
      if (got <= 0) return false;
      bytes.append(piece, static_cast<std::size_t>(got));
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string::npos || want != std::string::npos) continue;
      request.head = bytes.substr(0, end + 2);
      const std::size_t length = request.head.find("Content-Length: ");
      want = end + 4 +
             (length == std::string::npos ? 0 : std::stoul(request.head.substr(length + 16)));
    }
    if (bytes.size() < want) return false;
    const std::size_t space = request.head.find(' ');
    request.method = request.head.substr(0, space);
    request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    request.body = bytes.substr(request.head.size() + 2);
    return true;
  }

  Answer answer_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::jthread thread_;
};

inline std::string http_answer(const std::string& body, const std::string& status = "200 OK",
                               const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace weir
