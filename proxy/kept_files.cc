#include "proxy/kept_files.h"

#include <algorithm>
#include <array>

#include "core/digest.h"

namespace weir {
namespace {

constexpr std::size_t kMostTryCounters = 10'000;
constexpr Duration kTryWindow = std::chrono::minutes(1);

}  // namespace

struct KeptFiles::Entry {
  std::string id;
  KeptFile file;
  KeptState state;  // under the mutex of the whole
  SteadyTime until;
  bool taken = false;  // under the mutex of the whole
};

KeptLimits kept_limits(const PortalSettings& portal) {
  return {portal.kept_files, portal.kept_files_per_client, portal.tries_per_minute};
}

KeptLimits held_limits(const PortalSettings& portal) {
  return {portal.held_files, portal.held_files_per_client, portal.tries_per_minute};
}

KeptFiles::KeptFiles(const KeptLimits& limits, const Clock& clock, Random& random)
    : limits_(limits), clock_(clock), random_(random) {}

KeptFiles::~KeptFiles() = default;

std::string KeptFiles::token() {
  std::array<std::uint8_t, 16> bytes{};
  random_.fill(bytes);
  return hex(bytes);
}

// What is dropped is destroyed by the caller, after the mutex: giving a spool back may take long.
void KeptFiles::drop_expired(Entries& dropped) {
  const SteadyTime now = clock_.steady();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    if ((*at)->until < now && !(*at)->taken) dropped.splice(dropped.end(), entries_, at);
    at = next;
  }
}

void KeptFiles::make_room(const FileOwner& owner, Entries& dropped) {
  const auto own = [&](const auto& entry) { return entry->file.owner.client == owner.client; };
  const auto drop_oldest = [&](auto which) {
    const auto at = std::ranges::find_if(
        entries_, [&](const auto& entry) { return !entry->taken && which(entry); });
    if (at != entries_.end()) dropped.splice(dropped.end(), entries_, at);
  };
  if (std::ranges::count_if(entries_, own) >= limits_.files_per_client) drop_oldest(own);
  if (entries_.size() >= limits_.files) drop_oldest([](const auto&) { return true; });
}

std::string KeptFiles::keep(KeptFile file, Duration lifetime) {
  auto entry = std::make_shared<Entry>();
  entry->file = std::move(file);
  entry->until = clock_.steady() + lifetime;
  Entries dropped;
  const std::lock_guard lock(mutex_);
  drop_expired(dropped);
  make_room(entry->file.owner, dropped);
  if (entries_.size() >= limits_.files) return {};
  entry->id = token();
  entry->state.form_token = token();
  if (entry->file.held) entry->state.phase = KeptState::Phase::waiting;
  entries_.push_back(entry);
  return entry->id;
}

std::shared_ptr<KeptFiles::Entry> KeptFiles::find(std::string_view id, const FileOwner& owner) {
  const auto at =
      std::ranges::find_if(entries_, [&](const auto& entry) { return entry->id == id; });
  if (at == entries_.end() || !((*at)->file.owner == owner)) return nullptr;
  return *at;
}

std::optional<KeptFiles::View> KeptFiles::look(std::string_view id, const FileOwner& owner) {
  Entries dropped;
  const std::lock_guard lock(mutex_);
  drop_expired(dropped);
  const auto entry = find(id, owner);
  if (!entry) return std::nullopt;
  const KeptFile& file = entry->file;
  View view{file.name, file.event_id, file.format, file.artifact.subject.size, entry->state};
  if (file.held) {
    view.under_way = file.held->under_way;
    view.until = file.held->until;
    view.from = file.url.host;
  }
  return view;
}

std::string KeptFiles::find_same(const FileOwner& owner, const std::string& url,
                                 const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find_if(entries_, [&](const auto& entry) {
    return entry->file.owner == owner && entry->file.sha256 == sha256 &&
           entry->file.url.text() == url && entry->state.phase == KeptState::Phase::waiting;
  });
  return at == entries_.end() ? std::string() : (*at)->id;
}

KeptFiles::Turn KeptFiles::take(std::string_view id, const FileOwner& owner) {
  Entries dropped;
  const std::lock_guard lock(mutex_);
  drop_expired(dropped);
  auto entry = find(id, owner);
  if (!entry || entry->taken) return {};
  entry->taken = true;
  return {*this, std::move(entry)};
}

KeptFiles::Turn::~Turn() {
  if (!entry_) return;
  const std::lock_guard lock(files_->mutex_);
  entry_->taken = false;
}

const KeptFile& KeptFiles::Turn::file() const { return entry_->file; }

KeptState KeptFiles::Turn::state() const {
  const std::lock_guard lock(files_->mutex_);
  return entry_->state;
}

void KeptFiles::Turn::set_state(KeptState state) {
  const std::lock_guard lock(files_->mutex_);
  entry_->state = std::move(state);
  entry_->state.form_token = files_->token();
}

KeptFile KeptFiles::give_up(Turn turn) {
  const std::lock_guard lock(mutex_);
  std::erase(entries_, turn.entry_);
  return std::move(turn.entry_->file);
}

void KeptFiles::sweep() {
  Entries dropped;
  const std::lock_guard lock(mutex_);
  drop_expired(dropped);
}

std::size_t KeptFiles::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool KeptFiles::may_try(const IpAddress& client) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (tries_.size() >= kMostTryCounters) {
    std::erase_if(tries_, [&](const auto& each) { return each.second.since + kTryWindow < now; });
    if (tries_.size() >= kMostTryCounters) return false;
  }
  Tries& tries = tries_.try_emplace(client.text(), Tries{now, 0}).first->second;
  if (tries.since + kTryWindow < now) tries = {now, 0};
  return ++tries.count <= limits_.tries_per_minute;
}

}  // namespace weir
