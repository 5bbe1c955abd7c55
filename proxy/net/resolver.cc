#include "proxy/net/resolver.h"

#include <algorithm>
#include <cctype>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/clock.h"
#include "proxy/net/dns_service.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"

namespace weir {
namespace {

using Addresses = std::vector<IpAddress>;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxPerFamily = Resolver::kMaxAddresses / 2;
// The service keeps the limit itself; this only guards against losing an answer.
constexpr Millis kSlack{1000};

// Lower case, without brackets, without the dot of an absolute name.
std::string canonical(std::string host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return host;
}

// Letters, digits, hyphens, underscores in labels of 1 to 63: what a name server may be asked.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxName) return false;
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!fine || ++label > 63) return false;
  }
  return label > 0;
}

// RFC 6761 section 6.3: these never leave the machine.
bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

Addresses loopback() {
  IpAddress six;
  six.v6 = true;
  six.bytes[15] = 1;
  return {six, IpAddress::v4(0x7F000001)};
}

Addresses all_of(const DnsAnswer& answer) {
  Addresses all(answer.v6.begin(), answer.v6.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                           answer.v6.size(), kMaxPerFamily)));
  all.insert(
      all.end(), answer.v4.begin(),
      answer.v4.begin() + static_cast<std::ptrdiff_t>(std::min(answer.v4.size(), kMaxPerFamily)));
  return all;
}

std::string safe(std::string_view host) {
  std::string shown;
  for (const char c : host.substr(0, kMaxName)) shown += c > ' ' && c < 0x7F ? c : '?';
  return shown;
}

std::unexpected<Error> failed(std::string_view host, std::string_view why, bool retryable = false,
                              Errc code = Errc::dns_failure, Fault fault = Fault::origin) {
  return fail(code, fault, "resolve " + safe(host) + ": " + std::string(why), retryable);
}

std::unexpected<Error> failure(std::string_view host, DnsStatus status, Millis limit) {
  switch (status) {
    case DnsStatus::no_name: return failed(host, "no such name (NXDOMAIN)");
    case DnsStatus::no_data: return failed(host, "the name has no address (NODATA)");
    case DnsStatus::server_failed: return failed(host, "the name server failed (SERVFAIL)", true);
    case DnsStatus::busy:
      return failed(host, "too many look-ups at once", true, Errc::busy, Fault::local);
    case DnsStatus::cancelled:
      return failed(host, "cancelled", false, Errc::cancelled, Fault::local);
    case DnsStatus::timed_out:
    case DnsStatus::ok: break;
  }
  return failed(
      host, "no answer from the name server within " + std::to_string(limit.count()) + " ms", true);
}

// One look-up under way and who waits for it.
struct Flight {
  std::vector<Signal*> waiting;
  std::optional<DnsAnswer> answer;
};

// A waiter's seat: leaves the flight when its coroutine goes.
class Seat {
 public:
  Seat(Loop& loop, std::shared_ptr<Flight> flight) : landed_(loop), flight_(std::move(flight)) {
    flight_->waiting.push_back(&landed_);
  }
  ~Seat() { std::erase(flight_->waiting, &landed_); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  bool has_answer() const { return flight_->answer.has_value(); }
  const DnsAnswer& answer() const { return *flight_->answer; }
  Co<Result<void>> wait(Duration limit) { return landed_.wait(limit); }

 private:
  Signal landed_;
  std::shared_ptr<Flight> flight_;
};

// Answers by name until they expire; the least recently used one makes room.
class Cache {
 public:
  explicit Cache(std::size_t bound) : bound_(bound) {}

  const DnsAnswer* find(const std::string& host, SteadyTime now) {
    const auto found = by_name_.find(host);
    if (found == by_name_.end()) return nullptr;
    if (found->second->expires <= now) {
      drop(found->second);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->answer;
  }

  void keep(const std::string& host, DnsAnswer answer, SteadyTime expires) {
    if (bound_ == 0) return;
    if (const auto old = by_name_.find(host); old != by_name_.end()) drop(old->second);
    if (entries_.size() >= bound_) drop(std::prev(entries_.end()));
    entries_.push_front({host, std::move(answer), expires});
    by_name_.emplace(entries_.front().host, entries_.begin());
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string host;
    DnsAnswer answer;
    SteadyTime expires;
  };
  void drop(std::list<Entry>::iterator entry) {
    by_name_.erase(entry->host);
    entries_.erase(entry);
  }

  std::size_t bound_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name_;
};

}  // namespace

struct Resolver::State {
  // Where answers from the service's thread arrive; outlives the resolver if they are late.
  struct Landing {
    std::mutex mutex;
    Loop* loop;    // null when the resolver is gone
    State* state;  // the loop's thread only
  };

  State(Loop& owner, DnsService* service, const DnsSettings& dns, Millis time)
      : loop(owner), asks(service), settings(dns), limit(time), cache(dns.cache_entries) {
    for (const HostsEntry& entry : settings.hosts) {
      auto& addresses = hosts[canonical(entry.name)];
      for (const std::string& text : entry.addresses) {
        if (const auto address = IpAddress::parse(text)) addresses.push_back(*address);
      }
    }
    landing->loop = &owner;
    landing->state = this;
  }

  // What needs no name server; nullopt when one must be asked.
  std::optional<Result<Addresses>> known(const std::string& host) {
    if (const auto literal = IpAddress::parse(host)) return Addresses{*literal};
    if (const auto found = hosts.find(host); found != hosts.end() && !found->second.empty()) {
      return found->second;
    }
    if (is_localhost(host)) return loopback();
    if (!is_host_name(host)) return failed(host, "not a host name");
    if (settings.hosts_only || asks == nullptr) {
      return failed(host, "not in dns.hosts, and dns.hosts_only is set");
    }
    if (const DnsAnswer* cached = cache.find(host, loop.clock().steady())) {
      return outcome(host, *cached);
    }
    return std::nullopt;
  }

  Result<Addresses> outcome(const std::string& host, const DnsAnswer& answer) const {
    if (answer.status == DnsStatus::ok) return all_of(answer);
    return failure(host, answer.status, limit);
  }

  std::shared_ptr<Flight> join(const std::string& host) {
    auto& flight = flights[host];
    if (flight) return flight;
    flight = std::make_shared<Flight>();
    auto joined = flight;
    asks->ask(host, [host, to = landing](DnsAnswer answer) {
      const std::lock_guard lock(to->mutex);
      if (to->loop == nullptr) return;
      to->loop->post([host, to, answer = std::move(answer)]() mutable {
        if (to->state != nullptr) to->state->land(host, std::move(answer));
      });
    });
    return joined;
  }

  void land(const std::string& host, DnsAnswer answer) {
    remember(host, answer);
    const auto found = flights.find(host);
    if (found == flights.end()) return;
    const auto flight = std::move(found->second);
    flights.erase(found);
    flight->answer = std::move(answer);
    for (Signal* each : flight->waiting) each->notify();
  }

  void remember(const std::string& host, const DnsAnswer& answer) {
    const SteadyTime now = loop.clock().steady();
    if (answer.status == DnsStatus::ok) {
      const auto most = std::max(settings.positive_ttl_max, settings.positive_ttl_min);
      const auto ttl = answer.partial ? settings.positive_ttl_min
                                      : std::clamp(answer.ttl, settings.positive_ttl_min, most);
      cache.keep(host, answer, now + ttl);
    } else if (answer.status == DnsStatus::no_name || answer.status == DnsStatus::no_data) {
      cache.keep(host, answer, now + settings.negative_ttl);
    }
  }

  Loop& loop;
  DnsService* asks;
  const DnsSettings settings;
  Millis limit;
  Cache cache;
  std::unordered_map<std::string, Addresses> hosts;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
  std::shared_ptr<Landing> landing = std::make_shared<Landing>();
};

Resolver::Resolver(Loop& loop, DnsService* dns, const DnsSettings& settings, Millis limit)
    : state_(std::make_unique<State>(loop, dns, settings, limit)) {}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->landing->mutex);
  state_->landing->loop = nullptr;
  state_->landing->state = nullptr;
}

std::size_t Resolver::cached() const { return state_->cache.size(); }

Co<Result<std::vector<IpAddress>>> Resolver::resolve(std::string host) {
  host = canonical(std::move(host));
  if (auto known = state_->known(host)) co_return std::move(*known);
  const Millis limit = state_->limit;
  Seat seat(state_->loop, state_->join(host));
  while (!seat.has_answer()) {
    if (auto landed = co_await seat.wait(limit + kSlack); !landed) {
      co_return failure(host, DnsStatus::timed_out, limit);
    }
  }
  if (seat.answer().status == DnsStatus::ok) co_return all_of(seat.answer());
  co_return failure(host, seat.answer().status, limit);
}

}  // namespace weir
