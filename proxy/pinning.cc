#include "proxy/pinning.h"

#include <algorithm>

#include "core/json_writer.h"

namespace weir {

void PinningMemory::note(const std::string& host, const IpAddress& client, WallTime now) {
  const std::lock_guard lock(mutex_);
  if (!hosts_.contains(host) && hosts_.size() >= kHosts) {
    const auto oldest =
        std::ranges::min_element(hosts_, {}, [](const auto& entry) { return entry.second.last; });
    hosts_.erase(oldest);
  }
  PinnedHost& entry = hosts_[host];
  entry.host = host;
  ++entry.refusals;
  entry.last = now;
  std::string address = client.text();
  if (entry.clients.size() < kClientsPerHost &&
      std::ranges::find(entry.clients, address) == entry.clients.end()) {
    entry.clients.push_back(std::move(address));
  }
}

std::vector<PinnedHost> PinningMemory::list() const {
  std::vector<PinnedHost> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [host, entry] : hosts_) all.push_back(entry);
  }
  std::ranges::sort(all, std::ranges::greater{}, &PinnedHost::refusals);
  return all;
}

std::string PinningMemory::json() const {
  std::string out = "[";
  for (const PinnedHost& entry : list()) {
    if (out.size() > 1) out += ',';
    out += "{\"host\":" + json_quote(entry.host) +
           ",\"refusals\":" + std::to_string(entry.refusals) + ",\"clients\":[";
    for (std::size_t i = 0; i < entry.clients.size(); ++i) {
      out += (i > 0 ? "," : "") + json_quote(entry.clients[i]);
    }
    out += "]}";
  }
  return out + "]";
}

}  // namespace weir
