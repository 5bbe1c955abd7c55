#include "proxy/origin_pool.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "proxy/demo_origin.h"
#include "proxy/origin_pool_state.h"

namespace weir {
namespace {

using OriginPtr = std::unique_ptr<OriginStream>;

}  // namespace

std::string OriginTarget::key() const {
  std::string text = scheme + "|" + host + "|" + std::to_string(port);
  for (const std::string& error : accepted_errors) text += "|" + error;
  if (http1_only) text += "|h1";
  return text;
}

OriginPool::OriginPool(Loop& loop, Dialer& dialer, OriginTls& tls, const Settings& settings,
                       Metrics& metrics)
    : state_(std::make_shared<State>(loop, dialer, tls, settings, metrics)) {}
OriginPool::~OriginPool() {
  state_->closing = true;
  close_idle();
}

Co<Result<OriginPtr>> OriginPool::open(OriginTarget target) {
  if (target.host == kDemoHost) co_return make_demo_origin();
  co_return co_await state_->open(std::move(target));
}

std::size_t OriginPool::idle() const { return state_->idle; }

void OriginPool::close_idle() {
  ++state_->generation;
  for (auto& [key, host] : state_->hosts) {
    state_->idle -= host.idle.size();
    host.idle.clear();
    host.failed.reset();
    for (auto& entry : host.h2) entry.connection->drain();
    std::erase_if(host.h2, [](const auto& entry) { return entry.connection->active() == 0; });
  }
}

bool OriginPool::wants_prefetch(const OriginTarget& target) const {
  return target.host != kDemoHost && state_->wants_prefetch(target);
}

void OriginPool::prefetch(OriginTarget target) { state_->prefetch(std::move(target)); }

// ---- a request wants a connection ------------------------------------------------------------

OriginPool::State::Host& OriginPool::State::host_of(const std::string& key) {
  Host& host = hosts[key];
  if (!host.seats) {
    host.seats = std::make_shared<Seats>(settings.limits.origin_connections_per_host);
  }
  return host;
}

Co<Result<OriginPtr>> OriginPool::State::open(OriginTarget target) {
  const std::string key = target.key();
  OriginPtr found;
  auto seat = co_await seat_for(target, key, found);
  if (found) co_return found;
  if (!seat) {
    drop_if_empty(key);
    co_return pass(std::move(seat));
  }
  host_of(key).dialing = true;
  auto stream = co_await connect(target, key, std::move(*seat));
  Host& host = host_of(key);
  host.dialing = false;
  wake(host);
  drop_if_empty(key);
  co_return stream;
}

// Either `found`, or the right to make a connection.
Co<Result<Seat>> OriginPool::State::seat_for(const OriginTarget& target, const std::string& key,
                                             OriginPtr& found) {
  const SteadyTime until = now() + settings.timeouts.origin_queue;
  Signal turn(loop);
  std::optional<PlaceInQueue> queued;
  for (;;) {
    Host& host = host_of(key);
    const bool my_turn = queued || !host.seats->awaited();
    if (!target.fresh && my_turn) {
      if ((found = pooled(host))) co_return Seat();
      if (auto error = take_failure(host)) co_return std::unexpected(std::move(*error));
    }
    if (awaits_another(host, target)) {
      if (auto made = co_await await_another(key); !made) co_return pass(std::move(made));
      continue;
    }
    const bool h1 = host.speaks_h1 || target.scheme == "http" || target.http1_only;
    if (!h1) co_return Seat(host.seats);
    if (target.fresh && host.seats->full()) make_room(host);
    if (my_turn && !host.seats->full()) co_return Seat(host.seats);
    if (!queued) queued.emplace(host.seats, turn);
    if (!co_await turn.wait(std::max(until - now(), Duration::zero()))) {
      no_seat.add();
      co_return fail(Errc::busy, Fault::local,
                     "no connection to " + target.host +
                         " came free in time (limits.origin_connections_per_host)");
    }
  }
}

// The first connection tells which protocol the origin speaks; until then the others wait. And one
// that is dialled ahead is waited for by as many requests as there are of them.
bool OriginPool::State::awaits_another(const Host& host, const OriginTarget& target) const {
  const bool known = host.speaks_h1 || target.scheme == "http" || target.http1_only;
  if (!known && (host.dialing || host.ahead > 0)) return true;
  return !target.fresh && host.ahead > host.claims;
}

Co<Result<void>> OriginPool::State::await_another(const std::string& key) {
  Waiter waiter(loop);
  {
    Host& host = host_of(key);
    host.waiting.push_back(&waiter);
    ++host.claims;
  }
  // Whoever dials is bounded by the same times, and wakes us however that ends.
  const TimeoutSettings& times = settings.timeouts;
  const auto woken =
      co_await waiter.turn.wait(times.dns + times.connect + times.origin_handshake + kSweep);
  Host& host = host_of(key);
  --host.claims;
  std::erase(host.waiting, &waiter);
  if (waiter.error) co_return std::unexpected(std::move(*waiter.error));
  if (!woken) co_return std::unexpected(woken.error());
  co_return Result<void>{};
}

std::optional<Error> OriginPool::State::take_failure(Host& host) const {
  auto failed = std::exchange(host.failed, std::nullopt);
  if (failed && now() - host.failed_at > kTellFailure) failed.reset();
  return failed;
}

void OriginPool::State::make_room(Host& host) {
  if (host.idle.empty()) return;
  host.idle.pop_front();
  --idle;
}

OriginPtr OriginPool::State::pooled(Host& host) {
  std::erase_if(host.h2, [](const H2Entry& entry) { return !entry.connection->alive(); });
  if (auto at = std::ranges::find_if(
          host.h2, [](const H2Entry& entry) { return entry.connection->usable(); });
      at != host.h2.end()) {
    (std::exchange(at->used, true) ? reused : ahead_used).add();
    at->last_used = now();
    return at->connection->open();
  }
  while (!host.idle.empty()) {
    H1Entry entry = std::move(host.idle.back());
    host.idle.pop_back();
    --idle;
    if (!entry.connection->reusable()) continue;
    (std::exchange(entry.used, true) ? reused : ahead_used).add();
    return start_h1(std::move(entry));
  }
  return nullptr;
}

Co<Result<OriginPtr>> OriginPool::State::connect(const OriginTarget& target, const std::string& key,
                                                 Seat seat) {
  auto made = co_await connect_origin(target, dialer, tls, loop.clock(), settings.timeouts);
  if (!made) co_return pass(std::move(made));
  opened.add();
  if (made->facts.protocol == "h2") co_return add_h2(std::move(*made), key, true).open();
  co_return start_h1(make_h1(std::move(*made), key, std::move(seat)));
}

// ---- what there is
// -------------------------------------------------------------------------------

H2OriginConnection& OriginPool::State::add_h2(NewOrigin made, const std::string& key, bool used) {
  auto connection = std::make_unique<H2OriginConnection>(
      loop, std::move(made.stream), std::move(made.facts), settings.limits, settings.timeouts);
  boost::asio::co_spawn(loop.context(), connection->run(), boost::asio::detached);
  auto& all = host_of(key).h2;
  all.push_back({std::move(connection), now(), used});
  if (!sweeper.armed()) sweeper.arm(kSweep);
  return *all.back().connection;
}

OriginPool::State::H1Entry OriginPool::State::make_h1(NewOrigin made, const std::string& key,
                                                      Seat seat) {
  host_of(key).speaks_h1 = true;
  auto connection = std::make_unique<H1OriginConnection>(
      loop, std::move(made.stream), std::move(made.facts), settings.limits, settings.timeouts);
  connection->on_done([weak = weak_from_this(), raw = connection.get(), key] {
    if (const auto pool = weak.lock()) pool->exchange_done(raw, key);
  });
  return {.connection = std::move(connection), .seat = std::move(seat)};
}

// While its exchange runs a connection is among the busy ones.
OriginPtr OriginPool::State::start_h1(H1Entry entry) {
  auto exchange = entry.connection->start();
  H1OriginConnection* const raw = entry.connection.get();
  busy.emplace(raw, std::move(entry));
  return exchange;
}

// Kept for the next one if it ended well and there is room; otherwise it closes here.
void OriginPool::State::exchange_done(H1OriginConnection* connection, const std::string& key) {
  const auto found = busy.find(connection);
  if (found == busy.end()) return;
  H1Entry mine = std::move(found->second);
  busy.erase(found);
  Host& host = host_of(key);
  const bool room = host.idle.size() < settings.limits.origin_idle_per_host &&
                    idle < settings.limits.origin_idle_total;
  if (closing || !(room || host.seats->awaited()) || !mine.connection->reusable()) {
    mine = {};
    return drop_if_empty(key);
  }
  mine.since = now();
  host.idle.push_back(std::move(mine));
  ++idle;
  host.seats->wake_next();
  if (!sweeper.armed()) sweeper.arm(kSweep);
}

void OriginPool::State::wake(Host& host) {
  for (Waiter* waiter : host.waiting) waiter->turn.notify();
  host.waiting.clear();
}

void OriginPool::State::drop_if_empty(const std::string& key) {
  const auto found = hosts.find(key);
  if (found != hosts.end() && found->second.empty() && now() >= found->second.not_ahead_until) {
    hosts.erase(found);
  }
}

void OriginPool::State::sweep(Host& host) {
  std::erase_if(host.idle, [&](const H1Entry& entry) {
    const bool old = now() - entry.since > settings.timeouts.origin_idle;
    const bool gone = old || !entry.connection->reusable();
    if (gone) --idle;
    return gone;
  });
  std::erase_if(host.h2, [&](const H2Entry& entry) {
    const bool old = now() - entry.last_used > settings.timeouts.origin_idle;
    return !entry.connection->alive() || (old && entry.connection->active() == 0);
  });
  if (host.failed && now() - host.failed_at > kTellFailure) host.failed.reset();
}

void OriginPool::State::sweep() {
  bool left = false;
  for (auto at = hosts.begin(); at != hosts.end();) {
    sweep(at->second);
    const bool gone = at->second.empty() && now() >= at->second.not_ahead_until;
    left = left || !gone;
    at = gone ? hosts.erase(at) : std::next(at);
  }
  if (left) sweeper.arm(kSweep);
}

}  // namespace weir
