// c-ares channels of the DNS service, kept while no question uses them: to open one costs three
// files to read, more than the look-up. One thread, the service's.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct ares_channeldata;

namespace weir {

struct DnsChannel {
  struct Destroy {
    void operator()(ares_channeldata* channel) const;
  };
  std::unique_ptr<ares_channeldata, Destroy> channel;
  std::chrono::steady_clock::time_point opened;

  ares_channeldata* get() const { return channel.get(); }
  explicit operator bool() const { return channel != nullptr; }
};

class DnsChannels {
 public:
  DnsChannels() = default;
  // `servers` is c-ares' list; "" = the system's. `limit` is that of one look-up, all tries.
  DnsChannels(std::string servers, std::chrono::milliseconds limit)
      : servers_(std::move(servers)), limit_(limit) {}

  bool of_the_system() const { return servers_.empty(); }
  DnsChannel take();              // null: it could not be opened
  void keep(DnsChannel channel);  // one on which no question waits any more

 private:
  DnsChannel open() const;

  std::string servers_;
  std::chrono::milliseconds limit_{0};
  std::vector<DnsChannel> idle_;
};

}  // namespace weir
