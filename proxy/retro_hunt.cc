#include "proxy/retro_hunt.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace weir {
namespace {

constexpr int kLowest = 19;
constexpr int kRestFactor = 10;
constexpr Duration kAfterTrouble = std::chrono::minutes(1);
constexpr std::size_t kMostLate = 10'000;
constexpr std::size_t kMostBadFiles = 10'000;
constexpr std::size_t kMostPending = 100'000;
constexpr std::size_t kAtOnce = 200;  // notices of a round

}  // namespace

Result<std::unique_ptr<RetroHunt>> RetroHunt::open(const Parts& parts) {
  auto told = ToldMemory::open(parts.settings.state_dir + "/retro.sqlite", parts.clock);
  if (!told) return pass(std::move(told));
  return std::unique_ptr<RetroHunt>(new RetroHunt(parts, std::move(*told)));
}

RetroHunt::RetroHunt(const Parts& parts, std::unique_ptr<ToldMemory> told)
    : parts_(parts),
      told_(std::move(told)),
      hunts_(parts.metrics.counter("weir_retro_hunts_total", "Looks back through the history.")),
      notices_(parts.metrics.counter("weir_patient_zero_notices_total",
                                     "Notices of what was delivered before it was known as bad.")),
      waiting_(parts.metrics.gauge("weir_retro_waiting",
                                   "Things found in the history that are not told yet.")) {}

RetroHunt::~RetroHunt() { stop(); }

void RetroHunt::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RetroHunt::start() {
  thread_ = std::jthread([this] { run(); });
}

void RetroHunt::use_index(std::shared_ptr<const Index> index) {
  {
    const std::scoped_lock lock(mutex_);
    fresh_ = std::move(index);
  }
  wake_.notify_all();
}

Result<> RetroHunt::verdict_turned_bad(const std::string& sha256, const SandboxVerdict& verdict) {
  if (auto kept = told_->ask(suspect_of(sha256, verdict)); !kept) return kept;
  {
    const std::scoped_lock lock(mutex_);
    asked_ = true;
    if (bad_files_.size() < kMostBadFiles) bad_files_.insert(sha256);
  }
  wake_.notify_all();
  return {};
}

std::optional<std::string> RetroHunt::bad_file_of(const DeliveryRecord& row) const {
  if (bad_files_.contains(row.sha256)) return row.sha256;
  const auto inside = std::ranges::find_if(
      row.inside, [this](const std::string& one) { return bad_files_.contains(one); });
  return inside == row.inside.end() ? std::nullopt : std::optional(*inside);
}

void RetroHunt::look_at(const DeliveryRecord& row) {
  std::shared_ptr<const Index> index;
  std::optional<std::string> bad_file;
  {
    const std::scoped_lock lock(mutex_);
    index = fresh_;
    bad_file = bad_file_of(row);
  }
  auto late = index ? suspect_in(row, *index, parts_.clock.wall()) : std::nullopt;
  if (!late && bad_file) late = {"hash", *bad_file, "sandbox", "sandbox", {}, {}, row.event_id};
  if (!late) return;
  {
    const std::scoped_lock lock(mutex_);
    if (late_.size() >= kMostLate) return;
    late_.push_back(std::move(*late));
  }
  wake_.notify_all();
}

bool RetroHunt::has_work() const {
  return asked_ || !late_.empty() || !pending_.empty() || fresh_ != hunted_;
}

void RetroHunt::run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowest);
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (!has_work()) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    const Duration rest = step();
    lock.lock();
    wake_.wait_for(lock, rest, [this] { return stop_.load(); });
  }
}

Duration RetroHunt::step() {
  const SteadyTime began = parts_.clock.steady();
  Result<> done = take_questions();
  if (done) done = hunt();
  take_late();  // what came during the hunt, so that it is told with the rest
  if (done) done = tell_some();
  waiting_.set(static_cast<std::int64_t>(pending_.size()));
  if (done) return kRestFactor * (parts_.clock.steady() - began);
  parts_.log.error("retro", "looking back failed; it is tried again",
                   {{"problem", done.error().what}});
  return kAfterTrouble;
}

// Late ones first: while the notice about all of the history is pending, they are left to it.
void RetroHunt::add(Suspect suspect) {
  if (pending_.size() >= kMostPending || !pending_keys_.insert(suspect.key()).second) return;
  if (suspect.late_event.empty()) {
    pending_.push_back(std::move(suspect));
  } else {
    pending_.push_front(std::move(suspect));
  }
}

void RetroHunt::take_late() {
  std::deque<Suspect> late;
  {
    const std::scoped_lock lock(mutex_);
    late.swap(late_);
  }
  for (Suspect& suspect : late) add(std::move(suspect));
}

Result<> RetroHunt::take_questions() {
  {
    const std::scoped_lock lock(mutex_);
    if (!std::exchange(asked_, false)) return {};
  }
  answering_.clear();
  auto questions = told_->asked(kMostPending);
  if (!questions) {
    const std::scoped_lock lock(mutex_);
    asked_ = true;
    return pass(std::move(questions));
  }
  for (auto& [id, suspect] : *questions) {
    answering_.push_back(id);
    add(std::move(suspect));
  }
  return {};
}

Result<> RetroHunt::hunt() {
  std::shared_ptr<const Index> fresh;
  {
    const std::scoped_lock lock(mutex_);
    fresh = fresh_;
  }
  if (!fresh || fresh == hunted_) return {};
  if (fresh->size() == 0) {
    hunted_ = std::move(fresh);
    return {};
  }
  parts_.history.flush();
  const LookBack about{*fresh, hunted_.get(), parts_.clock.wall(),
                       parts_.settings.history.hunt_urls, &stop_};
  bool whole = true;
  auto found = find_suspects(parts_.history, about, [&](Suspect suspect) {
    add(std::move(suspect));
    return whole = pending_.size() < kMostPending;
  });
  if (!found) return found;
  hunts_.add();
  if (whole && !stop_) hunted_ = std::move(fresh);  // otherwise once more, when some are told
  return told_->forget_before(parts_.clock.wall() - parts_.settings.history.keep);
}

// A late one that the notice about all of the history names anyway.
Result<bool> RetroHunt::is_told_with_all(const Suspect& suspect) const {
  if (suspect.late_event.empty() || !pending_keys_.contains(suspect.key_of_all())) return false;
  const auto told = told_->was_told(suspect.key_of_all());
  return told ? Result<bool>(!*told) : told;
}

// True: a notice was made.
Result<bool> RetroHunt::tell_one(const Suspect& suspect) {
  const auto told = told_->was_told(suspect.key());
  if (!told || *told) return told ? Result<bool>(false) : told;
  const auto with_all = is_told_with_all(suspect);
  if (!with_all || *with_all) return with_all ? Result<bool>(false) : with_all;
  const auto sightings = who_got(parts_.history, suspect, {});
  if (!sightings) return std::unexpected(sightings.error());
  if (!sightings->news) return false;
  parts_.events.submit(patient_zero(suspect, *sightings, parts_.clock.wall()));
  notices_.add();
  return true;
}

// Marked as told when the notices are where they go: at a kill before that they are made again.
Result<> RetroHunt::tell_some() {
  if (pending_.empty() && answering_.empty()) return {};
  parts_.history.flush();
  std::vector<std::string> keys;
  while (!pending_.empty() && keys.size() < 2 * kAtOnce && !stop_) {
    const auto told = tell_one(pending_.front());
    if (!told) return std::unexpected(told.error());
    if (*told) {
      keys.push_back(pending_.front().key());
      keys.push_back(pending_.front().key_of_all());
    }
    pending_keys_.erase(pending_.front().key());
    pending_.pop_front();
  }
  if (!keys.empty()) parts_.events.flush();
  const bool all = pending_.empty();
  auto marked = told_->told(keys, all ? answering_ : std::vector<std::int64_t>{});
  if (marked && all) answering_.clear();
  return marked;
}

}  // namespace weir
