// The gateway's inspector: hash lists here (only a look-up), then the verdict memory, then the scan
// workers, one scan per content. assess() from any loop; reload() from a thread that may wait.
// Outlives the loops that use it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "feeds/index.h"
#include "inspect/hash_list.h"
#include "inspect/inspector.h"
#include "inspect/scan_outcome.h"
#include "inspect/scan_pool.h"
#include "inspect/verdict_cache.h"

namespace weir {

class GatewayInspector final : public Inspector {
 public:
  // Loads the lists and starts `scan_program` (weir-scan); waits until its engine is loaded.
  static Result<std::unique_ptr<GatewayInspector>> start(const InspectSettings& settings,
                                                         const std::string& scan_program,
                                                         const Clock& clock, Metrics& metrics,
                                                         Log& log);
  ~GatewayInspector() override;

  Co<Assessment> assess(ScanSubject subject, const Profile& profile, ScanTimes& times) override;
  Co<std::shared_ptr<const UniqueFd>> take_out(ScanSubject subject, ArtifactNote inner,
                                               std::chrono::milliseconds limit) override;
  bool wants_old_digests() const override { return lists()->wants_old_digests(); }

  // Lists, rules and databases again: all of them, or with a mistake in any of them none.
  Result<void> reload();
  // The indicators of feeds, whose file hashes count as the lists' do. Any thread.
  void use_index(std::shared_ptr<const Index> index);
  bool ready() const { return pool_->ready(); }

 private:
  struct Counters;
  GatewayInspector(const InspectSettings& settings, const Clock& clock, Metrics& metrics,
                   HashList lists, std::unique_ptr<ScanPool> pool);
  std::shared_ptr<const HashList> lists() const;
  std::optional<std::string> known_bad(const ScanSubject& subject) const;
  Co<ScanOutcome> recall_or_scan(ScanRequest request, std::string sha256, ScanTimes& times);

  const std::vector<std::string> hash_files_;
  std::unique_ptr<Counters> counters_;
  VerdictCache cache_;
  std::unique_ptr<ScanPool> pool_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const HashList> lists_;
  std::shared_ptr<const Index> index_ = Index::empty();
};

}  // namespace weir
