#include "proxy/follow_up.h"

#include "sandbox_client/service.h"

namespace weir {

Result<std::unique_ptr<FollowUp>> FollowUp::start(const Parts& parts,
                                                  std::shared_ptr<const Index> index) {
  std::unique_ptr<FollowUp> made(new FollowUp(parts));
  auto outlets =
      Outlets::start({parts.settings, parts.clock, parts.random, parts.metrics, parts.log});
  if (!outlets) return pass(std::move(outlets));
  made->outlets_ = std::move(*outlets);
  auto quarantine =
      QuarantineKeeper::open({parts.settings, parts.clock, parts.random, parts.metrics, parts.log});
  if (!quarantine) return pass(std::move(quarantine));
  made->quarantine_ = std::move(*quarantine);
  if (parts.settings.history.record) {
    if (auto started = made->start_history(); !started) return pass(std::move(started));
  }
  parts.events.observe_notices(
      [outlets = made->outlets_.get()](const Notice& notice) { outlets->put(notice); });
  made->use_index(std::move(index));
  if (made->hunt_) made->hunt_->start();
  return made;
}

Result<> FollowUp::start_history() {
  auto keeper = HistoryKeeper::open(parts_.settings, parts_.clock, parts_.metrics, parts_.log);
  if (!keeper) return pass(std::move(keeper));
  history_ = std::move(*keeper);
  if (parts_.settings.history.hunt) {
    auto hunt = RetroHunt::open({parts_.settings, history_->history(), parts_.events, parts_.clock,
                                 parts_.metrics, parts_.log});
    if (!hunt) return pass(std::move(hunt));
    hunt_ = std::move(*hunt);
  }
  parts_.events.observe([this](const TransactionRecord& record) { take(record); });
  return {};
}

// The second flush: the writer may be in an observer while it is taken away.
FollowUp::~FollowUp() {
  if (hunt_) hunt_->stop();
  parts_.events.flush();
  parts_.events.observe({});
  parts_.events.observe_notices({});
  parts_.events.flush();
}

void FollowUp::take(const TransactionRecord& record) {
  DeliveryRecord row = delivery_of(record);
  if (hunt_) hunt_->look_at(row);
  history_->take(std::move(row));
}

void FollowUp::look() {
  if (history_) history_->look();
}

void FollowUp::use_index(std::shared_ptr<const Index> index) {
  if (hunt_) hunt_->use_index(std::move(index));
}

void FollowUp::heed(const Outcome& outcome) {
  const std::string& sha256 = outcome.submission.sha256;
  if (outcome.verdict.verdict == Verdict::clean && quarantine_) {
    // It was held for this answer, and is nothing to keep.
    quarantine_->let_go(sha256);
  }
  if (outcome.verdict.verdict != Verdict::malicious) return;
  verdict_turned_bad(outcome.submission.sha256, outcome.verdict);
}

void FollowUp::verdict_turned_bad(const std::string& sha256, const SandboxVerdict& verdict) {
  if (!hunt_) return;
  if (auto asked = hunt_->verdict_turned_bad(sha256, verdict); !asked) {
    parts_.log.error("retro", "a bad verdict cannot be followed up",
                     {{"sha256", sha256}, {"problem", asked.error().what}});
  }
}

}  // namespace weir
