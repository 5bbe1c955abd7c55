// A name server on the loopback interface that says what a test wants. One thread; UDP only.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/fd.h"
#include "proxy/net/socket.h"

namespace weir::test {

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kAaaa = 28;

struct DnsReply {
  enum class Kind { answer, silence, garbage, cut, wrong_id };
  Kind kind = Kind::answer;
  std::uint8_t rcode = 0;
  std::vector<std::string> addresses = {};
  std::uint32_t ttl = 300;
};

class FakeDns {
 public:
  FakeDns() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const auto any = to_socket_address({*IpAddress::parse("127.0.0.1"), 0});
    EXPECT_EQ(::bind(fd_.get(), any.get(), any.size), 0);
    endpoint_ = local_of(fd_.get());
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeDns() {
    stopping_ = true;
    ::shutdown(fd_.get(), SHUT_RDWR);
    const auto self = to_socket_address(endpoint_);  // wakes a receive that shutdown does not
    (void)::sendto(fd_.get(), "", 0, 0, self.get(), self.size);
    const UniqueFd waker(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    (void)::sendto(waker.get(), "", 0, 0, self.get(), self.size);
    thread_.join();
  }

  void set(const std::string& name, std::uint16_t type, DnsReply reply) {
    const std::lock_guard lock(mutex_);
    replies_[{name, type}] = std::move(reply);
  }
  void set_both(const std::string& name, const DnsReply& reply) {
    set(name, kA, reply);
    set(name, kAaaa, reply);
  }
  int queries() const { return queries_; }
  std::string address() const { return endpoint_.text(); }

 private:
  static void put16(std::string& out, std::size_t value) {
    out += static_cast<char>(value >> 8 & 0xFF);
    out += static_cast<char>(value & 0xFF);
  }

  // The name in a question, and where the question ends; "" for what is none.
  static std::pair<std::string, std::size_t> question_of(const std::string& query) {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      const auto length = static_cast<std::size_t>(query[at]);
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, length);
      at += 1 + length;
    }
    return at + 5 <= query.size() ? std::pair(name, at + 5) : std::pair(std::string(), at);
  }

  static std::string encode(const std::string& query, std::size_t end, std::uint16_t type,
                            const DnsReply& reply) {
    std::string out = query.substr(0, 2);
    if (reply.kind == DnsReply::Kind::wrong_id) out[0] = static_cast<char>(out[0] ^ 0x55);
    put16(out, 0x8180U | reply.rcode);
    put16(out, 1);
    put16(out, reply.addresses.size());
    put16(out, 0);
    put16(out, 0);
    out += query.substr(12, end - 12);
    for (const std::string& text : reply.addresses) {
      const auto address = IpAddress::parse(text);
      put16(out, 0xC00C);  // the question's name
      put16(out, type);
      put16(out, 1);
      put16(out, reply.ttl >> 16);
      put16(out, reply.ttl & 0xFFFF);
      put16(out, address->size());
      for (std::size_t i = 0; i < address->size(); ++i) out += static_cast<char>(address->bytes[i]);
    }
    if (reply.kind == DnsReply::Kind::cut) out.resize(out.size() - 3);
    if (reply.kind == DnsReply::Kind::garbage) out = out.substr(0, 12) + std::string(40, '\xC0');
    return out;
  }

  void serve() {
    for (;;) {
      std::string query(1500, '\0');
      SocketAddress from;
      const auto size =
          ::recvfrom(fd_.get(), query.data(), query.size(), 0, from.get(), &from.size);
      if (stopping_) return;
      if (size < 17) continue;
      query.resize(static_cast<std::size_t>(size));
      answer(query, from);
    }
  }

  void answer(const std::string& query, const SocketAddress& to) {
    const auto [name, end] = question_of(query);
    if (name.empty()) return;
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(query[end - 4]) << 8 |
                                                 static_cast<unsigned char>(query[end - 3]));
    ++queries_;
    DnsReply reply{.rcode = 3};
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = replies_.find({name, type}); found != replies_.end()) {
        reply = found->second;
      }
    }
    if (reply.kind == DnsReply::Kind::silence) return;
    const std::string out = encode(query, end, type, reply);
    (void)::sendto(fd_.get(), out.data(), out.size(), 0, to.get(), to.size);
  }

  UniqueFd fd_;
  Endpoint endpoint_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint16_t>, DnsReply> replies_;
  std::atomic<int> queries_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace weir::test
