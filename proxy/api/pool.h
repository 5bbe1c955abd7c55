// The threads that the API's handlers run on, with a bound on how many requests are at work and
// waiting, and on how long one may take. run() on a loop; the rest is the pool's own.
#pragma once

#include <memory>

#include "core/co.h"
#include "core/log.h"
#include "core/metrics.h"
#include "proxy/api/router.h"
#include "proxy/http/streams.h"

namespace weir {

class ApiPool {
 public:
  ApiPool(ApiWorld& world, Metrics& metrics, Log& log);
  ~ApiPool();  // handlers that run are told to stop, and waited for
  ApiPool(const ApiPool&) = delete;
  ApiPool& operator=(const ApiPool&) = delete;

  // Never throws. Whoever goes away, or waits for too long, stops the handler.
  Co<ApiAnswer> run(const ApiRoute& route, ApiRequest request, ClientStream& client);

 private:
  struct Job;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
