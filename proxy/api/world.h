// What the handlers of the API work with: one request, and what of the gateway it may ask. A
// handler runs on a thread of the API's pool, several at once, and may block; what it needs of the
// world is thread-safe or locked here.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/random.h"
#include "proxy/admin_api.h"
#include "proxy/api/answer.h"
#include "proxy/api/tokens.h"
#include "proxy/index_watch.h"

namespace weir {

struct ApiRequest {
  std::string method, path, query;    // path without the query
  std::vector<std::string> captures;  // what {…} of the route stands for, decoded
  std::string body;
  std::string who;  // name of the token
  ApiRole role = ApiRole::reader;
  const std::atomic<bool>* stop = nullptr;  // true: nobody waits for the answer any more
};

class ApiWorld {
 public:
  explicit ApiWorld(AdminApiParts parts);

  const Settings& settings() const { return parts_.settings; }
  const AdminApiParts& parts() const { return parts_; }
  WallTime now() const { return parts_.clock.wall(); }
  History* history() const { return parts_.follow_up.history(); }  // null: nothing is recorded
  Quarantine* quarantine() const;                                  // null: nothing is kept
  SteadyTime started() const { return started_; }

  std::shared_ptr<const Policy> policy() const;
  void use_policy(std::shared_ptr<const Policy> policy);
  std::shared_ptr<const Index> index();  // as it is on the disk now

  // Into the audit log, as "api:NAME". False: it cannot be written, and the log says why.
  bool audit(AuditRecord record, const ApiRequest& request);

  std::mutex lists, refresh;  // one change, one refresh at a time

 private:
  const AdminApiParts parts_;
  const SteadyTime started_;
  Log quiet_;                 // what the gateway itself says of the same index
  mutable std::mutex mutex_;  // for all below
  std::shared_ptr<const Policy> policy_;
  IndexWatch watch_;
  std::shared_ptr<const Index> index_;
};

using ApiHandler = ApiAnswer (*)(const ApiRequest& request, ApiWorld& world);

}  // namespace weir
