#include "proxy/api/world.h"

#include <unistd.h>

#include "proxy/audit_log.h"

namespace weir {

ApiWorld::ApiWorld(AdminApiParts parts)
    : parts_(std::move(parts)),
      started_(parts_.clock.steady()),
      quiet_(STDERR_FILENO, LogLevel::error, parts_.clock),
      policy_(parts_.policy),
      watch_(parts_.settings.state_dir + "/feeds", quiet_),
      index_(Index::empty()) {}

Quarantine* ApiWorld::quarantine() const {
  QuarantineKeeper* keeper = parts_.follow_up.quarantine();
  return keeper == nullptr ? nullptr : &keeper->quarantine();
}

std::shared_ptr<const Policy> ApiWorld::policy() const {
  const std::scoped_lock lock(mutex_);
  return policy_;
}

void ApiWorld::use_policy(std::shared_ptr<const Policy> policy) {
  const std::scoped_lock lock(mutex_);
  policy_ = std::move(policy);
}

std::shared_ptr<const Index> ApiWorld::index() {
  const std::scoped_lock lock(mutex_);
  if (auto fresh = watch_.look()) index_ = std::move(fresh);
  return index_;
}

bool ApiWorld::audit(AuditRecord record, const ApiRequest& request) {
  record.actor = "api:" + request.who;
  if (record.time == WallTime{}) record.time = now();
  const auto written = append_audit(audit_path(settings().state_dir), record);
  if (!written) {
    parts_.log.error("api", "the audit log cannot be written",
                     {{"act", record.act}, {"problem", written.error().what}});
  }
  return written.has_value();
}

}  // namespace weir
