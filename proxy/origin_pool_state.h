// The inside of OriginPool, shared by its sources. Internal to origin_pool.cc and
// origin_prefetch.cc.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/http/h1_origin_connection.h"
#include "proxy/http/h2_origin_connection.h"
#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/origin_connect.h"
#include "proxy/origin_pool.h"
#include "proxy/seats.h"

namespace weir {

struct OriginPool::State : std::enable_shared_from_this<State> {
  using OriginPtr = std::unique_ptr<OriginStream>;

  struct H1Entry {
    std::unique_ptr<H1OriginConnection> connection;
    Seat seat{};
    SteadyTime since{};
    bool used = true;  // false: dialled ahead and never asked for anything
  };
  struct H2Entry {
    std::unique_ptr<H2OriginConnection> connection;
    SteadyTime last_used;
    bool used = true;
  };
  // Who waits for a connection that somebody else is making.
  struct Waiter {
    explicit Waiter(Loop& loop) : turn(loop) {}
    Signal turn;
    std::optional<Error> error{};  // it failed
  };
  static constexpr Duration kSweep = std::chrono::seconds(5);
  // What went wrong while dialling ahead is told to a request that comes this soon.
  static constexpr Duration kTellFailure = std::chrono::seconds(10);
  // An origin whose certificate needs policy's word is not dialled ahead again for this long.
  static constexpr Duration kNotAhead = std::chrono::seconds(60);

  // Everything about one key. `dialing` lets the others wait for what the first one finds: if it is
  // HTTP/2 they share it.
  struct Host {
    std::deque<H1Entry> idle;  // newest at the back
    // Usually one; more while the first is full or leaving. One that has exchanges must stay here:
    // without its owner a connection ends, and they with it.
    std::vector<H2Entry> h2;
    std::shared_ptr<Seats> seats;  // HTTP/1 connections, idle and busy
    bool speaks_h1 = false;
    bool dialing = false;
    std::size_t ahead = 0;   // connections that are dialled ahead
    std::size_t claims = 0;  // requests that wait for one of those
    std::vector<Waiter*> waiting;
    std::optional<Error> failed;  // of the last one dialled ahead, for the request that follows
    SteadyTime failed_at{};
    SteadyTime not_ahead_until{};

    bool empty() const {
      return idle.empty() && h2.empty() && !dialing && ahead == 0 && waiting.empty() && !failed &&
             seats->taken() == 0 && !seats->awaited();
    }
  };

  State(Loop& l, Dialer& d, OriginTls& t, const Settings& s, Metrics& metrics)
      : loop(l),
        dialer(d),
        tls(t),
        settings(s),
        reused(metrics.counter("weir_origin_reused_total", "Exchanges on a pooled connection.")),
        opened(metrics.counter("weir_origin_connections_total", "New connections to origins.")),
        ahead_opened(metrics.counter("weir_origin_prefetches_total",
                                     "Connections to origins that were dialled ahead.")),
        ahead_used(metrics.counter("weir_origin_prefetches_used_total",
                                   "Those of them that a request then used.")),
        no_seat(metrics.counter("weir_origin_queue_timeouts_total",
                                "Requests that got no HTTP/1 connection to their origin in time.")),
        sweeper(l.deadlines(), [this] { sweep(); }) {}

  SteadyTime now() const { return loop.clock().steady(); }
  Host& host_of(const std::string& key);
  Co<Result<OriginPtr>> open(OriginTarget target);
  Co<Result<Seat>> seat_for(const OriginTarget& target, const std::string& key, OriginPtr& found);
  OriginPtr pooled(Host& host);
  bool awaits_another(const Host& host, const OriginTarget& target) const;
  Co<Result<void>> await_another(const std::string& key);
  Co<Result<OriginPtr>> connect(const OriginTarget& target, const std::string& key, Seat seat);
  std::optional<Error> take_failure(Host& host) const;
  void make_room(Host& host);

  bool wants_prefetch(const OriginTarget& target) const;
  void prefetch(OriginTarget target);
  void dialled_ahead(const std::string& key, Result<NewOrigin> made, Seat seat, std::uint64_t when);
  void ahead_failed(Host& host, const Error& error);
  void keep_ahead(NewOrigin made, const std::string& key, Seat seat);

  H1Entry make_h1(NewOrigin made, const std::string& key, Seat seat);
  H2OriginConnection& add_h2(NewOrigin made, const std::string& key, bool used);
  OriginPtr start_h1(H1Entry entry);
  void exchange_done(H1OriginConnection* connection, const std::string& key);
  void wake(Host& host);
  void sweep();
  void sweep(Host& host);
  void drop_if_empty(const std::string& key);

  Loop& loop;
  Dialer& dialer;
  OriginTls& tls;
  const Settings& settings;
  Counter &reused, &opened, &ahead_opened, &ahead_used, &no_seat;
  std::unordered_map<std::string, Host> hosts;
  std::unordered_map<H1OriginConnection*, H1Entry> busy;
  std::size_t idle = 0;
  std::size_t dialing_ahead = 0;
  std::uint64_t generation = 0;  // grows when idle connections must not be used any more
  bool closing = false;
  Deadline sweeper;
};

}  // namespace weir
