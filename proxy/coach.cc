#include "proxy/coach.h"

#include <array>

#include "core/digest.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

constexpr Duration kSweep = std::chrono::minutes(1);

}  // namespace

// The site is what somebody registered: its pages load from several of its hosts.
std::string CoachMemory::key_of(const FileOwner& owner, std::string_view host,
                                std::string_view rule) {
  const std::string_view registrable = registrable_domain(host);
  std::string key = owner.client.text();
  for (const std::string_view part :
       {std::string_view(owner.user), registrable.empty() ? host : registrable, rule}) {
    key += '\n';
    key += part;
  }
  return key;
}

std::string CoachMemory::warn(Warning warning) {
  std::array<std::uint8_t, 16> drawn{};
  const std::lock_guard lock(mutex_);
  random_.fill(drawn);
  drop_expired();
  if (asked_.size() >= kMostWarnings) {
    by_id_.erase(asked_.front().id);
    asked_.pop_front();
  }
  std::string id = hex(drawn);
  asked_.push_back({id, std::move(warning), clock_.steady() + kWarningLasts});
  by_id_[id] = std::prev(asked_.end());
  return id;
}

std::list<CoachMemory::Asked>::iterator CoachMemory::find(std::string_view id,
                                                          const FileOwner& owner) {
  const auto found = by_id_.find(std::string(id));
  if (found == by_id_.end()) return asked_.end();
  const auto asked = found->second;
  const bool theirs = asked->warning.owner == owner && asked->until > clock_.steady();
  return theirs ? asked : asked_.end();
}

std::optional<Warning> CoachMemory::look(std::string_view id, const FileOwner& owner) {
  const std::lock_guard lock(mutex_);
  const auto found = find(id, owner);
  if (found == asked_.end()) return std::nullopt;
  return found->warning;
}

bool CoachMemory::accept(std::string_view id, const FileOwner& owner, std::string justification,
                         Duration remember) {
  const std::lock_guard lock(mutex_);
  const auto found = find(id, owner);
  if (found == asked_.end()) return false;
  const Warning& warning = found->warning;
  if (passed_.size() >= kMostWentOn) passed_.erase(passed_.begin());
  passed_[key_of(owner, warning.host, warning.rule)] = {
      {std::move(justification), warning.event_id}, clock_.steady() + remember};
  return true;
}

std::optional<WentOn> CoachMemory::went_on(const FileOwner& owner, std::string_view host,
                                           std::string_view rule) {
  const std::lock_guard lock(mutex_);
  const auto found = passed_.find(key_of(owner, host, rule));
  if (found == passed_.end() || found->second.until <= clock_.steady()) return std::nullopt;
  return found->second.words;
}

void CoachMemory::drop_expired() {
  const SteadyTime now = clock_.steady();
  while (!asked_.empty() && asked_.front().until <= now) {
    by_id_.erase(asked_.front().id);
    asked_.pop_front();
  }
  if (now - swept_ < kSweep) return;
  swept_ = now;
  std::erase_if(passed_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace weir
