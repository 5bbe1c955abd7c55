#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "proxy/origin_pool_state.h"

namespace weir {

bool OriginPool::State::wants_prefetch(const OriginTarget& target) const {
  const LimitSettings& limits = settings.limits;
  if (dialing_ahead >= limits.origin_prefetch || limits.origin_idle_per_host == 0 ||
      idle + dialing_ahead >= limits.origin_idle_total || closing) {
    return false;
  }
  const auto found = hosts.find(target.key());
  if (found == hosts.end()) return true;
  const Host& host = found->second;
  const bool usable =
      std::ranges::any_of(host.h2, [](const H2Entry& entry) { return entry.connection->usable(); });
  return !usable && host.idle.empty() && !host.dialing && !host.failed &&
         host.ahead < limits.origin_idle_per_host && (host.ahead == 0 || host.speaks_h1) &&
         !host.seats->full() && now() >= host.not_ahead_until;
}

void OriginPool::State::prefetch(OriginTarget target) {
  const std::string key = target.key();
  Host& host = host_of(key);
  ++dialing_ahead;
  ++host.ahead;
  // What it refers to belongs to the loop's unit and outlives the loop's last turn; the pool may
  // go.
  auto dial = [](std::weak_ptr<State> pool, State& raw, OriginTarget to, std::string at,
                 Seat seat) -> Co<void> {
    const std::uint64_t when = raw.generation;
    auto made =
        co_await connect_origin(to, raw.dialer, raw.tls, raw.loop.clock(), raw.settings.timeouts);
    if (const auto self = pool.lock()) {
      self->dialled_ahead(at, std::move(made), std::move(seat), when);
    }
  };
  boost::asio::co_spawn(loop.context(),
                        dial(weak_from_this(), *this, std::move(target), key, Seat(host.seats)),
                        boost::asio::detached);
}

void OriginPool::State::dialled_ahead(const std::string& key, Result<NewOrigin> made, Seat seat,
                                      std::uint64_t when) {
  --dialing_ahead;
  Host& host = host_of(key);
  --host.ahead;
  if (!made) {
    ahead_failed(host, made.error());
  } else if (when == generation && !closing) {
    keep_ahead(std::move(*made), key, std::move(seat));
  }
  wake(host);
  drop_if_empty(key);
}

void OriginPool::State::ahead_failed(Host& host, const Error& error) {
  if (error.code == Errc::tls_certificate) host.not_ahead_until = now() + kNotAhead;
  for (Waiter* waiter : host.waiting) waiter->error = error;
  if (!host.waiting.empty()) return;
  host.failed = error;
  host.failed_at = now();
  if (!sweeper.armed()) sweeper.arm(kSweep);
}

void OriginPool::State::keep_ahead(NewOrigin made, const std::string& key, Seat seat) {
  opened.add();
  ahead_opened.add();
  if (made.facts.protocol == "h2") {
    add_h2(std::move(made), key, false).note_rest();
    return;
  }
  H1Entry entry = make_h1(std::move(made), key, std::move(seat));
  entry.connection->note_rest();
  entry.since = now();
  entry.used = false;
  Host& host = host_of(key);
  host.idle.push_back(std::move(entry));
  ++idle;
  host.seats->wake_next();
  if (!sweeper.armed()) sweeper.arm(kSweep);
}

}  // namespace weir
