// Remembers which hosts' clients refuse the minted certificate (pinning, or a CA that was never
// trusted): candidates for `bypass`. Bounded; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/net_addr.h"

namespace weir {

struct PinnedHost {
  std::string host;
  std::uint64_t refusals = 0;
  std::vector<std::string> clients;  // up to kClientsPerHost addresses
  WallTime last{};
};

class PinningMemory {
 public:
  static constexpr std::size_t kHosts = 1000;
  static constexpr std::size_t kClientsPerHost = 16;

  void note(const std::string& host, const IpAddress& client, WallTime now);
  std::vector<PinnedHost> list() const;  // most refusals first
  std::string json() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PinnedHost> hosts_;
};

}  // namespace weir
