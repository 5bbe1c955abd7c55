// Listening sockets of one loop. Every loop has its own on the same port (SO_REUSEPORT), so the
// kernel spreads the connections. Loop thread only; what it accepts belongs to the callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/fd.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

class Loop;

class Listener {
 public:
  using OnConnection = std::move_only_function<void(UniqueFd connected, Endpoint peer)>;
  // Accepting paused for a moment because of `error` (no descriptors, no memory).
  using OnTrouble = std::move_only_function<void(const Error& error)>;

  enum class Share : std::uint8_t {
    first,   // nobody else may be on the port: Errc::refused naming it otherwise
    joined,  // a further loop, with the endpoints() of the first
  };

  // Port 0 takes a free one; endpoints() tells which. Nothing is accepted before start().
  static Result<std::unique_ptr<Listener>> bind(Loop& loop, std::vector<Endpoint> endpoints,
                                                int backlog, Share share);
  ~Listener();  // stops
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start(OnConnection on_connection, OnTrouble on_trouble = nullptr);
  // Takes what is already queued, then closes the sockets: nobody who got through is turned away.
  void stop();

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  struct State;
  Listener(std::shared_ptr<State> state, std::vector<Endpoint> endpoints);
  std::shared_ptr<State> state_;  // the accepting coroutines keep it
  std::vector<Endpoint> endpoints_;
};

}  // namespace weir
