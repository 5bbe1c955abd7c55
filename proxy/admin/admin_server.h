// The admin listener's answers: PAC file, CA certificate and CRL, health, metrics. Read-only; GET
// and HEAD. What is below /api/ goes to the API. Everything it says comes from the sources that the
// app hands in. Loop thread only.
#pragma once

#include <functional>
#include <string>

#include "conf/settings.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/http_message.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

class Loop;
class ClientStream;

struct AdminSources {
  std::vector<Endpoint> proxy;  // where the proxy listens, for the PAC file
  std::string advertised_host;  // "" = the address the client asked on
  std::string ca_pem, ca_der;
  std::function<Co<Result<std::string>>()> crl;       // DER, fresh enough to serve
  std::function<std::string(bool& ready)> readiness;  // JSON
  std::function<std::string()> metrics;               // exposition text
  std::function<std::string()> bypass_candidates;     // JSON
  // One exchange of a request for our Host; false: the connection ends. Empty: there is no API.
  using Serve = std::function<Co<bool>(ClientStream& stream, Endpoint client)>;
  Serve api;
};

class AdminServer {
 public:
  AdminServer(Loop& loop, AdminSources sources, const LimitSettings& limits,
              const TimeoutSettings& timeouts);
  void use_ca(std::string pem, std::string der);  // served from now on
  // One connection until it ends; never throws. `this` outlives it.
  Co<void> serve(UniqueFd socket);

 private:
  Co<bool> serve_one(ClientStream& stream, Endpoint local, Endpoint client);

  Loop& loop_;
  AdminSources sources_;
  const LimitSettings& limits_;
  const TimeoutSettings& timeouts_;
};

// The PAC file (application/x-ns-proxy-autoconfig): everything through the proxy, never a silent
// DIRECT but for plain host names and loopback. `proxy` is "host:port".
std::string pac_text(const std::string& proxy);

}  // namespace weir
