#include "proxy/net/dns_channel.h"

#include <ares.h>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

using Now = std::chrono::steady_clock;

constexpr int kTries = 3;
constexpr int kTryShare = 7;  // c-ares doubles the time of each try: 1 + 2 + 4
constexpr int kEdnsBytes = 1232;
constexpr std::size_t kMaxIdle = 32;
constexpr std::chrono::seconds kChannelLife{10};  // so long a change of resolv.conf goes unseen

}  // namespace

void DnsChannel::Destroy::operator()(ares_channeldata* open) const { ares_destroy(open); }

DnsChannel DnsChannels::take() {
  const auto now = Now::now();
  std::erase_if(idle_, [&](const DnsChannel& one) { return now - one.opened > kChannelLife; });
  if (idle_.empty()) return open();
  DnsChannel newest = std::move(idle_.back());
  idle_.pop_back();
  return newest;
}

void DnsChannels::keep(DnsChannel channel) {
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(channel));
}

DnsChannel DnsChannels::open() const {
  ares_options options{};
  options.flags = ARES_FLAG_EDNS;
  options.timeout = static_cast<int>(std::max<std::int64_t>(limit_.count() / kTryShare, 1));
  options.tries = kTries;
  options.ednspsz = kEdnsBytes;
  ares_channeldata* raw = nullptr;
  const int wanted = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ;
  if (ares_init_options(&raw, &options, wanted) != ARES_SUCCESS) return {};
  DnsChannel made{decltype(DnsChannel::channel)(raw), Now::now()};
  if (!servers_.empty() && ares_set_servers_ports_csv(raw, servers_.c_str()) != ARES_SUCCESS) {
    return {};
  }
  return made;
}

}  // namespace weir
