#include "proxy/listen_endpoints.h"

namespace weir {

Result<std::vector<Endpoint>> parse_endpoints(const std::vector<std::string>& texts) {
  std::vector<Endpoint> endpoints;
  for (const std::string& text : texts) {
    const auto endpoint = Endpoint::parse(text);
    if (!endpoint) {
      return fail(Errc::invalid, Fault::config,
                  "listen: '" + text + "' is not an address and a port, e.g. 127.0.0.1:8080");
    }
    endpoints.push_back(*endpoint);
  }
  return endpoints;
}

}  // namespace weir
