// What a request must be before anything is done for it: no other site's, with a token, for a route
// that there is, by somebody who may, of the right type. Loop thread only; reload() on any.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/log.h"
#include "core/metrics.h"
#include "core/net_addr.h"
#include "proxy/api/failures.h"
#include "proxy/api/router.h"

namespace weir {

struct ApiAdmitted {
  ApiToken token;
  ApiMatch match;
};

class ApiGate {
 public:
  struct Parts {
    const ApiSettings& settings;
    const Clock& clock;
    Metrics& metrics;
    Log& log;
  };
  ApiGate(const Parts& parts, ApiTokens tokens);

  // Who asks for what, or the answer that says why not.
  std::expected<ApiAdmitted, ApiAnswer> admit(const RequestHead& head, const Endpoint& client);
  Result<> reload();

 private:
  std::expected<ApiToken, ApiAnswer> identify(const RequestHead& head, const Endpoint& client);
  ApiAnswer refuse(std::string_view why, ApiAnswer answer);

  const Parts parts_;
  ApiFailures failures_;
  std::mutex mutex_;  // for tokens_
  std::shared_ptr<const ApiTokens> tokens_;
};

}  // namespace weir
