#include "proxy/net/socket.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace weir {
namespace {

Errc code_of(int error_number) {
  switch (error_number) {
    case ECONNREFUSED: return Errc::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return Errc::unreachable;
    case ETIMEDOUT: return Errc::timeout;
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case EPIPE: return Errc::truncated;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Errc::busy;
    case EACCES:
    case EPERM: return Errc::denied;
    default: return Errc::io;
  }
}

using NameCall = int(int, sockaddr*, socklen_t*);

Endpoint ask(NameCall* call, int fd) {
  SocketAddress address;
  if (call(fd, address.get(), &address.size) != 0) return {};
  return to_endpoint(address);
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.address.v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
  }
  return address;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof v6);
    endpoint.port = ntohs(v6.sin6_port);
    const auto* bytes = v6.sin6_addr.s6_addr;
    endpoint.address.v6 = !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    std::copy(bytes + (endpoint.address.v6 ? 0 : 12), bytes + 16, endpoint.address.bytes.begin());
  } else if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof v4);
    endpoint.port = ntohs(v4.sin_port);
    std::memcpy(endpoint.address.bytes.data(), &v4.sin_addr, 4);
  }
  return endpoint;
}

Endpoint peer_of(int fd) { return ask(::getpeername, fd); }
Endpoint local_of(int fd) { return ask(::getsockname, fd); }

Result<UniqueFd> open_tcp_socket(const Endpoint& endpoint) {
  UniqueFd fd(::socket(endpoint.address.v6 ? AF_INET6 : AF_INET,
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return std::unexpected(socket_error("socket", errno, Fault::local));
  return fd;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

Error socket_error(std::string what, int error_number, Fault fault) {
  what += ": ";
  what += std::generic_category().message(error_number);
  const Errc code = code_of(error_number);
  return {code, code == Errc::busy ? Fault::local : fault, false, std::move(what)};
}

}  // namespace weir
