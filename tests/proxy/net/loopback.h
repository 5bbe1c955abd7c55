// Real sockets on the loopback interface for the tests of this folder.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "core/fd.h"
#include "proxy/net/socket.h"

namespace weir::test {

inline Endpoint loopback(const char* address, std::uint16_t port = 0) {
  return {*IpAddress::parse(address), port};
}

// Bound; listening when backlog >= 0.
inline UniqueFd bound(Endpoint& endpoint, int backlog) {
  auto fd = open_tcp_socket(endpoint);
  EXPECT_TRUE(fd);
  set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  const auto address = to_socket_address(endpoint);
  EXPECT_EQ(::bind(fd->get(), address.get(), address.size), 0) << endpoint.text();
  if (backlog >= 0) EXPECT_EQ(::listen(fd->get(), backlog), 0);
  endpoint = local_of(fd->get());
  return std::move(*fd);
}

// Connecting may still be under way when this returns.
inline UniqueFd connecting(const Endpoint& to) {
  auto fd = open_tcp_socket(to);
  EXPECT_TRUE(fd);
  const auto address = to_socket_address(to);
  (void)::connect(fd->get(), address.get(), address.size);
  return std::move(*fd);
}

inline std::pair<UniqueFd, UniqueFd> tcp_pair() {
  auto endpoint = loopback("127.0.0.1");
  const auto listening = bound(endpoint, 1);
  auto first = connecting(endpoint);
  UniqueFd second;
  while (!second) second.reset(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return {std::move(first), std::move(second)};
}

// A port whose queue is full: further connection attempts get no answer at all.
struct Saturated {
  explicit Saturated(const char* address)
      : endpoint(loopback(address)), listening(bound(endpoint, 0)) {
    for (auto& each : fillers) each = connecting(endpoint);
  }
  Endpoint endpoint;
  UniqueFd listening;
  std::array<UniqueFd, 4> fillers;
};

}  // namespace weir::test
