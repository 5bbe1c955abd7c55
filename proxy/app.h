// The gateway as a whole: starts its helpers before it opens a socket, then the loops, and ends
// them in order. One per process, on the main thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/log.h"
#include "core/net_addr.h"
#include "core/result.h"
#include "proxy/admin_api.h"

namespace weir {

struct AppOptions {
  Settings settings;
  std::string settings_file;   // read again on SIGHUP
  std::string helper_dir;      // where weir-sign and weir-scan are
  MakeAdminApi make_api = {};  // of the admin listener
};

class App {
 public:
  // Everything that can be wrong with an installation comes back as one error that names it.
  static Result<std::unique_ptr<App>> start(AppOptions options, Log& log);
  ~App();

  const std::vector<Endpoint>& proxy_endpoints() const;
  Endpoint admin_endpoint() const;
  std::string ca_file() const;

  // Serves until SIGTERM or SIGINT, then drains. SIGHUP reloads policy, rules and lists.
  void run();

 private:
  struct State;
  explicit App(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
