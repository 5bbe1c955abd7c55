// Asks name servers for A and AAAA records, on a thread of its own; shared by all loops. It neither
// caches nor joins equal questions: each loop's Resolver does. Every question is answered exactly
// once, within the time limit. Each look-up has sockets of its own, so that source ports are as
// hard to guess as transaction ids.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

enum class DnsStatus : std::uint8_t {
  ok,             // at least one address
  no_name,        // NXDOMAIN
  no_data,        // the name is there, addresses are not
  server_failed,  // SERVFAIL, REFUSED, nonsense
  timed_out,
  busy,       // too many look-ups at once
  cancelled,  // the service stops
};

struct DnsAnswer {
  DnsStatus status = DnsStatus::timed_out;
  std::vector<IpAddress> v6;
  std::vector<IpAddress> v4;
  std::chrono::seconds ttl{0};  // the shortest of all records used
  bool partial = false;         // one family had not answered when the other was handed out
};

class DnsService {
 public:
  using Done = std::move_only_function<void(DnsAnswer)>;  // on the service's thread, or inside
                                                          // ask() when busy

  // Errc::invalid names a server that is neither "addr" nor "addr:port".
  static Result<std::unique_ptr<DnsService>> start(const DnsSettings& settings, Millis limit);
  ~DnsService();  // answers what is open with `cancelled`, then joins its thread
  DnsService(const DnsService&) = delete;
  DnsService& operator=(const DnsService&) = delete;

  void ask(std::string host, Done done);  // any thread

 private:
  struct State;
  explicit DnsService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
