// Fetches the same thing once for all who want it at the same time: handshakes with one origin, or
// with many of one authority, ask for the same issuers, CRLs and OCSP answers. Keeps nothing: what
// comes after the answer fetches again (proxy/tls caches). Loop thread only; the loop outlives it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"

namespace weir {

class Loop;

struct FetchOrder {
  std::string url, post_body, content_type;
  std::size_t max_bytes = 0;
  Duration limit{};
};

class JoinedFetch {
 public:
  using Fetch = std::function<Co<Result<std::string>>(FetchOrder)>;
  JoinedFetch(Loop& loop, Fetch fetch);
  ~JoinedFetch();

  // Who joins waits no longer than its own limit, and gets what the first one got.
  Co<Result<std::string>> get(FetchOrder order);

 private:
  struct Flights;
  Loop& loop_;
  Fetch fetch_;
  std::shared_ptr<Flights> flights_;
};

}  // namespace weir
