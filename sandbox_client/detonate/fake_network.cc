#include "sandbox_client/detonate/fake_network.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/fd.h"

namespace weir {
namespace {

std::unexpected<Error> system_error(const char* call) {
  return std::unexpected(errno_error(call, errno));
}

// RTM_NEWROUTE with one attribute, the device (rtnetlink(7)).
struct RouteRequest {
  nlmsghdr head;
  rtmsg route;
  rtattr device;
  std::uint32_t index;
};

struct Answer {
  nlmsghdr head;
  nlmsgerr result;
};

Result<void> add_local_route(int netlink, unsigned char family) {
  RouteRequest request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = RTM_NEWROUTE;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK;
  request.route.rtm_family = family;
  request.route.rtm_table = RT_TABLE_LOCAL;
  request.route.rtm_protocol = RTPROT_STATIC;
  request.route.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  request.route.rtm_type = RTN_LOCAL;
  request.device.rta_len = RTA_LENGTH(sizeof request.index);
  request.device.rta_type = RTA_OIF;
  request.index = ::if_nametoindex("lo");
  if (::send(netlink, &request, sizeof request, 0) < 0) return system_error("netlink send");
  std::array<char, 1024> bytes{};
  const ssize_t got = ::recv(netlink, bytes.data(), bytes.size(), 0);
  if (got < static_cast<ssize_t>(sizeof(Answer))) return system_error("netlink answer");
  Answer answer{};
  std::memcpy(&answer, bytes.data(), sizeof answer);
  if (answer.result.error == 0 || answer.result.error == -EEXIST) return {};
  return std::unexpected(errno_error("local route", -answer.result.error));
}

Result<void> raise_loopback() {
  const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any) return system_error("socket");
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return system_error("lo up");
  return {};
}

}  // namespace

Result<void> make_every_address_local() {
  if (auto done = raise_loopback(); !done) return done;
  const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return system_error("netlink socket");
  if (auto done = add_local_route(netlink.get(), AF_INET); !done) return done;
  // A kernel without IPv6 has nothing to make local.
  if (auto done = add_local_route(netlink.get(), AF_INET6); !done) return {};
  return {};
}

}  // namespace weir
