#include "sandbox_client/detonate/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/digest.h"
#include "sandbox_client/detonate/dns_message.h"

namespace weir {
namespace {

constexpr std::size_t kMostPorts = 64;
constexpr std::size_t kMostPeers = 128;
constexpr std::size_t kMostNames = 256;
constexpr std::size_t kMostHeard = 256;
constexpr std::uint64_t kMostPeerBytes = 1 << 20;
constexpr int kDnsPort = 53;
constexpr auto kSilence = std::chrono::milliseconds(300);

// Runs as a script and does nothing, should the sample run what it gets.
constexpr std::string_view kPage =
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 17\r\n"
    "Connection: close\r\n\r\n#!/bin/sh\nexit 0\n";

struct Place {
  std::string address;
  int port = 0;
};

Place place_of(const sockaddr_storage& raw) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (raw.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &raw, sizeof in);
    ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &raw, sizeof in);
  ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
  return {text.data(), ntohs(in.sin6_port)};
}

int set(int fd, int level, int option) {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on);
}

bool bind_any(int fd, int family, int port) {
  const auto wire_port = htons(static_cast<std::uint16_t>(port));
  if (family == AF_INET) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = wire_port;
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
  }
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = wire_port;
  return set(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0 &&
         ::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
}

bool is_http(std::string_view heard) {
  constexpr std::array<std::string_view, 6> kMethods{"GET ",  "POST ",   "PUT ",
                                                     "HEAD ", "DELETE ", "OPTIONS "};
  return std::ranges::any_of(kMethods,
                             [&](std::string_view one) { return heard.starts_with(one); });
}

// The address that a datagram was for, as the source of the answer. The kernel's own message does
// for IPv6; for IPv4 it wants the address in another member.
void answer_from_there(msghdr& message) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != IPPROTO_IP || one->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo about{};
    std::memcpy(&about, CMSG_DATA(one), sizeof about);
    about.ipi_spec_dst = about.ipi_addr;
    std::memcpy(CMSG_DATA(one), &about, sizeof about);
  }
}

std::string destination(msghdr& message) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_PKTINFO) {
      in_pktinfo about{};
      std::memcpy(&about, CMSG_DATA(one), sizeof about);
      ::inet_ntop(AF_INET, &about.ipi_addr, text.data(), text.size());
    }
    if (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo about{};
      std::memcpy(&about, CMSG_DATA(one), sizeof about);
      ::inet_ntop(AF_INET6, &about.ipi6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

}  // namespace

Result<void> Sink::open(UniqueFd output) {
  output_ = std::move(output);
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return std::unexpected(errno_error("eventfd", errno));
  listen_on(kDnsPort);
  const std::scoped_lock lock(mutex_);
  if (fresh_.empty()) return fail(Errc::io, Fault::local, "no socket for DNS in the cell");
  return {};
}

void Sink::listen_on(int port) {
  if (port <= 0 || ports_.contains(port)) return;
  if (ports_.size() >= kMostPorts) return behaviour_.act("many-ports", "");
  ports_.insert(port);
  for (const int family : {AF_INET, AF_INET6}) {
    add_listener(family, true, port);
    add_listener(family, false, port);
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

void Sink::add_listener(int family, bool stream, int port) {
  const int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  UniqueFd fd(::socket(family, type, 0));
  if (!fd) return;
  if (stream) set(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (!stream) {
    set(fd.get(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
        family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO);
  }
  // A sample that listens there itself talks to itself.
  if (!bind_any(fd.get(), family, port)) return;
  if (stream && ::listen(fd.get(), 64) != 0) return;
  const std::scoped_lock lock(mutex_);
  fresh_.push_back({.fd = std::move(fd), .stream = stream, .port = port});
}

void Sink::take_new_listeners() {
  const std::scoped_lock lock(mutex_);
  std::ranges::move(fresh_, std::back_inserter(listeners_));
  fresh_.clear();
}

void Sink::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

void Sink::run() {
  constexpr int kWaitMs = 100;
  while (!stopping_) turn(kWaitMs);
  constexpr int kMostTurns = 200;  // what came before the end
  for (int count = 0; count < kMostTurns && turn(0); ++count) {
  }
}

bool Sink::turn(int wait_ms) {
  std::uint64_t ignored = 0;
  static_cast<void>(::read(wake_.get(), &ignored, sizeof ignored));
  take_new_listeners();
  std::vector<pollfd> waits{{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                            {.fd = output_.get(), .events = POLLIN, .revents = 0}};
  for (const Listener& one : listeners_) {
    waits.push_back({.fd = one.fd.get(), .events = POLLIN, .revents = 0});
  }
  for (const Peer& one : peers_) {
    waits.push_back({.fd = one.fd.get(), .events = POLLIN, .revents = 0});
  }
  const int ready = ::poll(waits.data(), waits.size(), wait_ms);
  const std::size_t peers = peers_.size();  // accepting adds some, which were not waited for
  if (waits[1].revents != 0) read_output();
  for (std::size_t at = 0; at < listeners_.size(); ++at) {
    if (waits[2 + at].revents == 0) continue;
    listeners_[at].stream ? accept_from(listeners_[at]) : datagram_from(listeners_[at]);
  }
  for (std::size_t at = 0; at < peers; ++at) {
    if (waits[2 + listeners_.size() + at].revents != 0) hear(peers_[at]);
  }
  for (Peer& one : peers_) prompt(one);
  std::erase_if(peers_, [](const Peer& one) { return one.over; });
  return ready > 0 && waits[0].revents == 0;
}

void Sink::accept_from(const Listener& listener) {
  UniqueFd fd(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return;
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&raw), &size) != 0) return;
  const Place place = place_of(raw);
  behaviour_.network({.proto = "tcp",
                      .name = name_of(place.address),
                      .address = place.address,
                      .port = place.port,
                      .first_bytes = {}});
  if (peers_.size() >= kMostPeers) return;
  Peer peer{.fd = std::move(fd),
            .address = place.address,
            .port = place.port,
            .heard = {},
            .bytes = 0,
            .since = clock_.steady(),
            .orders = 0,
            .over = false};
  peers_.push_back(std::move(peer));
}

void Sink::datagram_from(const Listener& listener) {
  std::array<std::uint8_t, 4096> bytes{};
  alignas(cmsghdr) std::array<char, 256> control{};
  sockaddr_storage from{};
  iovec place{.iov_base = bytes.data(), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(listener.fd.get(), &message, 0);
  if (got < 0) return;
  const ByteView heard(bytes.data(), static_cast<std::size_t>(got));
  if (listener.port == kDnsPort) return resolve(listener.fd.get(), heard, message);
  const std::string address = destination(message);
  behaviour_.network({.proto = "udp",
                      .name = name_of(address),
                      .address = address,
                      .port = listener.port,
                      .first_bytes = hex(heard.first(std::min(heard.size(), kMostHeard)))});
}

void Sink::resolve(int fd, ByteView query, const msghdr& from) {
  const auto question = read_dns_question(query);
  if (!question) return;
  behaviour_.network(
      {.proto = "dns", .name = question->name, .address = {}, .port = kDnsPort, .first_bytes = {}});
  auto answer = answer_dns(query, *question, address_for(question->name));
  iovec place{.iov_base = answer.data(), .iov_len = answer.size()};
  msghdr back = from;
  back.msg_iov = &place;
  back.msg_iovlen = 1;
  back.msg_flags = 0;
  answer_from_there(back);
  static_cast<void>(::sendmsg(fd, &back, MSG_NOSIGNAL));
}

void Sink::hear(Peer& peer) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::recv(peer.fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    peer.over = true;
    return;
  }
  const std::string_view heard(bytes.data(), static_cast<std::size_t>(got));
  behaviour_.said(peer.address, peer.port, heard);
  peer.heard += heard.substr(0, kMostHeard - std::min(kMostHeard, peer.heard.size()));
  peer.bytes += heard.size();
  peer.since = clock_.steady();
  if (peer.bytes > kMostPeerBytes) peer.over = true;
}

// Whoever calls and then waits is asked who it is, and when it has answered, to go.
void Sink::prompt(Peer& peer) {
  if (peer.over || clock_.steady() - peer.since < kSilence) return;
  if (peer.orders == 0 && !peer.heard.empty() && peer.heard[0] == '\x16') {  // TLS: no key for it
    peer.over = true;
    return;
  }
  answer(peer);
  peer.since = clock_.steady();
  ++peer.orders;
}

void Sink::answer(Peer& peer) {
  constexpr int kOrders = 2;
  const auto say = [&](std::string_view text) {
    static_cast<void>(::send(peer.fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
  };
  if (is_http(peer.heard)) {
    if (peer.orders == 0) say(kPage);
    ::shutdown(peer.fd.get(), SHUT_WR);
  } else if (peer.orders < kOrders) {
    say(peer.orders == 0 ? "id\n" : "exit\n");
  } else {
    ::shutdown(peer.fd.get(), SHUT_WR);
  }
}

void Sink::read_output() {
  std::array<char, 65536> bytes{};
  const ssize_t got = ::read(output_.get(), bytes.data(), bytes.size());
  if (got > 0) return behaviour_.output({bytes.data(), static_cast<std::size_t>(got)});
  output_.reset();  // poll() skips it
}

std::array<std::uint8_t, 4> Sink::address_for(const std::string& name) {
  if (const auto known = address_of_.find(name); known != address_of_.end()) return known->second;
  const std::size_t number = std::min(address_of_.size() + 1, kMostNames);
  const std::array<std::uint8_t, 4> address{198, 18, static_cast<std::uint8_t>(number / 256),
                                            static_cast<std::uint8_t>(number % 256)};
  if (address_of_.size() >= kMostNames) return address;
  address_of_[name] = address;
  name_of_["198.18." + std::to_string(address[2]) + "." + std::to_string(address[3])] = name;
  return address;
}

std::string Sink::name_of(const std::string& address) const {
  const auto found = name_of_.find(address);
  return found == name_of_.end() ? std::string() : found->second;
}

}  // namespace weir
