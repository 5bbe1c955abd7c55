#include "proxy/origin_pool.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <unordered_map>

#include "proxy/demo_origin.h"
#include "proxy/http/h1_origin_connection.h"
#include "proxy/http/h2_origin_connection.h"
#include "proxy/net/deadline.h"
#include "proxy/net/dialer.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/tls/tls.h"

namespace weir {
namespace {

constexpr Duration kSweep = std::chrono::seconds(5);

}  // namespace

std::string OriginTarget::key() const {
  std::string text = scheme + "|" + host + "|" + std::to_string(port);
  for (const std::string& error : accepted_errors) text += "|" + error;
  if (http1_only) text += "|h1";
  return text;
}

struct OriginPool::State : std::enable_shared_from_this<State> {
  struct Idle {
    std::unique_ptr<H1OriginConnection> connection;
    SteadyTime since;
  };
  struct H2Entry {
    std::unique_ptr<H2OriginConnection> connection;
    SteadyTime last_used;
  };
  // Everything about one key. `dialing` lets the others wait for what the first one finds: if it is
  // HTTP/2 they share it.
  struct Host {
    std::deque<Idle> idle;  // newest at the back
    // Usually one; more while the first is full or leaving. One that has exchanges must stay here:
    // without its owner a connection ends, and they with it.
    std::vector<H2Entry> h2;
    bool speaks_h1 = false;
    bool dialing = false;
    std::vector<Signal*> waiting;
  };

  State(Loop& l, Dialer& d, OriginTls& t, const Settings& s, Metrics& metrics)
      : loop(l),
        dialer(d),
        tls(t),
        settings(s),
        reused(metrics.counter("weir_origin_reused_total", "Exchanges on a pooled connection.")),
        opened(metrics.counter("weir_origin_connections_total", "New connections to origins.")),
        sweeper(l.deadlines(), [this] { sweep(); }) {}

  Co<Result<std::unique_ptr<OriginStream>>> open(OriginTarget target);
  std::unique_ptr<OriginStream> pooled(Host& host);
  std::unique_ptr<OriginStream> start_h1(std::unique_ptr<H1OriginConnection> connection);
  void watch_h1(H1OriginConnection& connection, const std::string& key);
  Co<Result<std::unique_ptr<OriginStream>>> connect(const OriginTarget& target, std::string key);
  Co<Result<std::unique_ptr<ByteStream>>> secure(const OriginTarget& target, Dialed& dialed,
                                                 OriginFacts& facts);
  std::unique_ptr<OriginStream> start_h2(std::unique_ptr<ByteStream> stream, OriginFacts facts,
                                         const std::string& key);
  void exchange_done(H1OriginConnection* connection, const std::string& key);
  void wake(Host& host);
  void sweep();
  void drop_if_empty(const std::string& key);

  Loop& loop;
  Dialer& dialer;
  OriginTls& tls;
  const Settings& settings;
  Counter& reused;
  Counter& opened;
  std::unordered_map<std::string, Host> hosts;
  std::unordered_map<H1OriginConnection*, std::unique_ptr<H1OriginConnection>> busy;
  std::size_t idle = 0;
  bool closing = false;
  Deadline sweeper;
};

OriginPool::OriginPool(Loop& loop, Dialer& dialer, OriginTls& tls, const Settings& settings,
                       Metrics& metrics)
    : state_(std::make_shared<State>(loop, dialer, tls, settings, metrics)) {}
OriginPool::~OriginPool() {
  state_->closing = true;
  close_idle();
}

Co<Result<std::unique_ptr<OriginStream>>> OriginPool::open(OriginTarget target) {
  if (target.host == kDemoHost) co_return make_demo_origin();
  co_return co_await state_->open(std::move(target));
}

std::size_t OriginPool::idle() const { return state_->idle; }

void OriginPool::close_idle() {
  for (auto& [key, host] : state_->hosts) {
    state_->idle -= host.idle.size();
    host.idle.clear();
    for (auto& entry : host.h2) entry.connection->drain();
    std::erase_if(host.h2, [](const auto& entry) { return entry.connection->active() == 0; });
  }
}

Co<Result<std::unique_ptr<OriginStream>>> OriginPool::State::open(OriginTarget target) {
  const std::string key = target.key();
  Signal turn(loop);
  for (;;) {
    Host& host = hosts[key];
    if (!target.fresh) {
      if (auto stream = pooled(host)) co_return stream;
    }
    // The first connection tells which protocol the origin speaks; until then the others wait.
    if (!host.dialing || host.speaks_h1 || target.scheme == "http" || target.http1_only) break;
    host.waiting.push_back(&turn);
    const auto woken =
        co_await turn.wait(settings.timeouts.connect + settings.timeouts.origin_handshake);
    if (const auto found = hosts.find(key); found != hosts.end())
      std::erase(found->second.waiting, &turn);
    if (!woken) break;
  }
  hosts[key].dialing = true;
  auto stream = co_await connect(target, key);
  Host& host = hosts[key];
  host.dialing = false;
  wake(host);
  drop_if_empty(key);
  co_return stream;
}

std::unique_ptr<OriginStream> OriginPool::State::pooled(Host& host) {
  std::erase_if(host.h2, [](const H2Entry& entry) { return !entry.connection->alive(); });
  if (auto at = std::ranges::find_if(
          host.h2, [](const H2Entry& entry) { return entry.connection->usable(); });
      at != host.h2.end()) {
    reused.add();
    at->last_used = loop.clock().steady();
    return at->connection->open();
  }
  while (!host.idle.empty()) {
    auto connection = std::move(host.idle.back().connection);
    host.idle.pop_back();
    --idle;
    if (!connection->reusable()) continue;
    reused.add();
    return start_h1(std::move(connection));
  }
  return nullptr;
}

Co<Result<std::unique_ptr<OriginStream>>> OriginPool::State::connect(const OriginTarget& target,
                                                                     std::string key) {
  auto guard = [policy = target.policy](const IpAddress& address) {
    return policy->network().may_dial(address);
  };
  auto dialed = co_await dialer.dial(target.host, target.port, guard, settings.timeouts.connect);
  if (!dialed) co_return pass(std::move(dialed));
  opened.add();
  OriginFacts facts;
  facts.address = dialed->peer.text();
  facts.dns = dialed->dns;
  facts.connect = dialed->connect;
  facts.protocol = "http/1.1";
  std::unique_ptr<ByteStream> stream;
  if (target.scheme == "https") {
    auto secured = co_await secure(target, *dialed, facts);
    if (!secured) co_return pass(std::move(secured));
    stream = std::move(*secured);
  } else {
    stream = std::move(dialed->stream);
  }
  if (facts.protocol == "h2") co_return start_h2(std::move(stream), std::move(facts), key);
  hosts[key].speaks_h1 = true;
  auto connection = std::make_unique<H1OriginConnection>(loop, std::move(stream), std::move(facts),
                                                         settings.limits, settings.timeouts);
  watch_h1(*connection, key);
  co_return start_h1(std::move(connection));
}

Co<Result<std::unique_ptr<ByteStream>>> OriginPool::State::secure(const OriginTarget& target,
                                                                  Dialed& dialed,
                                                                  OriginFacts& facts) {
  const SteadyTime began = loop.clock().steady();
  auto secured = co_await tls.connect(std::move(dialed.stream),
                                      {.host = target.host,
                                       .offer_h2 = !target.http1_only,
                                       .accepted_errors = target.accepted_errors},
                                      settings.timeouts.origin_handshake);
  if (!secured) co_return pass(std::move(secured));
  facts.tls = loop.clock().steady() - began;
  const TlsInfo& info = (*secured)->info();
  facts.tls_version = info.version;
  facts.tls_cipher = info.cipher;
  if (info.alpn == "h2") facts.protocol = "h2";
  const OriginCertificate& certificate = (*secured)->certificate();
  facts.certificate_sha256 = certificate.sha256;
  facts.certificate_subject = certificate.subject;
  facts.certificate_issuer = certificate.issuer;
  co_return std::unique_ptr<ByteStream>(std::move(*secured));
}

std::unique_ptr<OriginStream> OriginPool::State::start_h2(std::unique_ptr<ByteStream> stream,
                                                          OriginFacts facts,
                                                          const std::string& key) {
  auto connection = std::make_unique<H2OriginConnection>(loop, std::move(stream), std::move(facts),
                                                         settings.limits, settings.timeouts);
  boost::asio::co_spawn(loop.context(), connection->run(), boost::asio::detached);
  auto exchange = connection->open();
  hosts[key].h2.push_back({std::move(connection), loop.clock().steady()});
  if (!sweeper.armed()) sweeper.arm(kSweep);
  return exchange;
}

// While its exchange runs a connection is among the busy ones.
std::unique_ptr<OriginStream> OriginPool::State::start_h1(
    std::unique_ptr<H1OriginConnection> connection) {
  auto exchange = connection->start();
  H1OriginConnection* const raw = connection.get();
  busy.emplace(raw, std::move(connection));
  return exchange;
}

void OriginPool::State::watch_h1(H1OriginConnection& connection, const std::string& key) {
  connection.on_done([weak = weak_from_this(), raw = &connection, key] {
    if (const auto pool = weak.lock()) pool->exchange_done(raw, key);
  });
}

// Kept for the next one if it ended well and there is room; otherwise it closes here.
void OriginPool::State::exchange_done(H1OriginConnection* connection, const std::string& key) {
  const auto found = busy.find(connection);
  if (found == busy.end()) return;
  std::unique_ptr<H1OriginConnection> mine = std::move(found->second);
  busy.erase(found);
  if (!mine->reusable() || closing || idle >= settings.limits.origin_idle_total) return;
  Host& host = hosts[key];
  if (host.idle.size() >= settings.limits.origin_idle_per_host) return;
  host.idle.push_back({std::move(mine), loop.clock().steady()});
  ++idle;
  if (!sweeper.armed()) sweeper.arm(kSweep);
}

void OriginPool::State::wake(Host& host) {
  for (Signal* signal : host.waiting) signal->notify();
  host.waiting.clear();
}

void OriginPool::State::drop_if_empty(const std::string& key) {
  const auto found = hosts.find(key);
  if (found == hosts.end()) return;
  const Host& host = found->second;
  if (host.idle.empty() && host.h2.empty() && !host.dialing && host.waiting.empty())
    hosts.erase(found);
}

void OriginPool::State::sweep() {
  const SteadyTime now = loop.clock().steady();
  bool left = false;
  for (auto at = hosts.begin(); at != hosts.end();) {
    Host& host = at->second;
    std::erase_if(host.idle, [&](const Idle& entry) {
      const bool old = now - entry.since > settings.timeouts.origin_idle;
      const bool gone = old || !entry.connection->reusable();
      if (gone) --idle;
      return gone;
    });
    std::erase_if(host.h2, [&](const H2Entry& entry) {
      const bool old = now - entry.last_used > settings.timeouts.origin_idle;
      return !entry.connection->alive() || (old && entry.connection->active() == 0);
    });
    const bool empty =
        host.idle.empty() && host.h2.empty() && !host.dialing && host.waiting.empty();
    left = left || !empty;
    at = empty ? hosts.erase(at) : std::next(at);
  }
  if (left) sweeper.arm(kSweep);
}

}  // namespace weir
