#include "proxy/signer_start.h"

#include "core/net_addr.h"

namespace weir {

SignerStart start_of_signer(const Settings& settings, const std::string& helper_dir) {
  const std::string dir = settings.state_dir;
  std::string authority = settings.listen.admin;
  if (!settings.listen.advertised_host.empty()) {
    const auto parts = split_host_port(authority);
    if (parts && parts->port) {
      authority = settings.listen.advertised_host + ":" + std::to_string(*parts->port);
    }
  }
  return {.program = helper_dir + "/weir-sign",
          .certificate_file = dir + "/ca.pem",
          .key_file = dir + "/ca.key",
          .crl_url = "http://" + authority + "/ca.crl",
          .loops = settings.threads,
          .best_effort = settings.inspect.isolation == "best_effort"};
}

}  // namespace weir
