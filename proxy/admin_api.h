// The API of the admin listener as the app sees it: who makes it gets the parts of the gateway that
// it may ask, and gives back what the app calls. Without it, requests below /api/ get 404.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/co.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/random.h"
#include "core/result.h"
#include "policy/policy.h"
#include "proxy/admin/admin_server.h"
#include "proxy/follow_up.h"
#include "proxy/name_knowledge.h"

namespace weir {

// All of it outlives the API.
struct AdminApiParts {
  const Settings& settings;
  const std::string& helpers;  // the folder of weir-feeds
  const Clock& clock;
  Random& random;
  Metrics& metrics;
  Log& log;
  NameKnowledge& names;
  FollowUp& follow_up;
  std::shared_ptr<const Policy> policy;               // that is in force at the start
  std::function<std::string(bool& ready)> readiness;  // JSON, any thread
};

// As it is here, there is no API.
struct AdminApi {
  AdminSources::Serve serve;
  std::function<Result<>()> reload = [] { return Result<>{}; };  // any thread, blocks
  std::function<void(std::shared_ptr<const Policy>)> use_policy =
      [](const std::shared_ptr<const Policy>&) {};  // any thread
};

using MakeAdminApi = std::function<Result<AdminApi>(AdminApiParts parts)>;

}  // namespace weir
