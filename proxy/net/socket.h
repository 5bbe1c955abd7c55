// Between our addresses and the kernel's. For the sources of this folder.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "core/fd.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint);
Endpoint to_endpoint(const SocketAddress& address);  // all zero for anything but IPv4 and IPv6

Endpoint peer_of(int fd);  // all zero if there is none (any more)
Endpoint local_of(int fd);

// A non-blocking, close-on-exec TCP socket of the endpoint's family.
Result<UniqueFd> open_tcp_socket(const Endpoint& endpoint);
void set_option(int fd, int level, int name, int value);  // best effort

// "connect 1.2.3.4:80: Connection refused" with the code that the number means.
Error socket_error(std::string what, int error_number, Fault fault);

}  // namespace weir
