// Warnings that a person may pass: what was warned of, for a while, and who went on. Kept here and
// not in a cookie, so that no site can see or forge it. For one client, user, site and rule; what
// somebody else accepted does not count. Bounded; the oldest goes. Any thread.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/clock.h"
#include "core/random.h"
#include "proxy/file_owner.h"

namespace weir {

struct Warning {
  FileOwner owner;
  std::string host, url;
  std::string rule, words;  // the rule's name, and what it says to people
  std::string detail;       // why, for the page
  std::string event_id;     // of the event that warned
};

struct WentOn {
  std::string justification, event_id;
};

class CoachMemory {
 public:
  CoachMemory(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // Its id, 128 random bits in hex, which is the token of its form too.
  std::string warn(Warning warning);
  // Only for its owner.
  std::optional<Warning> look(std::string_view id, const FileOwner& owner);
  // The person goes on; false when there is no such warning (any more).
  bool accept(std::string_view id, const FileOwner& owner, std::string justification,
              Duration remember);
  std::optional<WentOn> went_on(const FileOwner& owner, std::string_view host,
                                std::string_view rule);

 private:
  static constexpr std::size_t kMostWarnings = 20'000;
  static constexpr std::size_t kMostWentOn = 100'000;
  static constexpr Duration kWarningLasts = std::chrono::minutes(15);

  struct Asked {
    std::string id;
    Warning warning;
    SteadyTime until;
  };
  struct Passed {
    WentOn words;
    SteadyTime until;
  };
  static std::string key_of(const FileOwner& owner, std::string_view host, std::string_view rule);
  std::list<Asked>::iterator find(std::string_view id, const FileOwner& owner);
  void drop_expired();

  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::list<Asked> asked_;  // oldest first
  std::unordered_map<std::string, std::list<Asked>::iterator> by_id_;
  std::unordered_map<std::string, Passed> passed_;
  SteadyTime swept_{};
};

}  // namespace weir
