// Names to addresses for one loop: overrides from the settings, literals, loopback names, a bounded
// cache (also of names that do not exist), and one look-up per name however many ask. Loop thread
// only; destroyed before its loop. It judges no address: the dialer's guard does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/co.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

class DnsService;
class Loop;

class Resolver {
 public:
  static constexpr std::size_t kMaxAddresses = 64;

  // `dns` may be null when the settings say hosts_only.
  Resolver(Loop& loop, DnsService* dns, const DnsSettings& settings, Millis limit);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Never empty on success, IPv6 first. Errors are Errc::dns_failure naming the host and the cause:
  // no such name, no address, server failed, no answer in time.
  Co<Result<std::vector<IpAddress>>> resolve(std::string host);

  std::size_t cached() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
