// What policy knew of a logged transaction, as far as its event tells: for judging past traffic by
// another policy. What the log does not keep is not known: the request's body, whether a response
// was endless, the status that a blocked response had (200 is taken for it). One owner, one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policy/facts.h"
#include "policy/policy.h"

namespace weir {

class EventFacts {
 public:
  // nullopt: the line is no transaction.
  static std::optional<EventFacts> read(std::string_view line);
  ~EventFacts();
  EventFacts(EventFacts&&) noexcept;
  EventFacts& operator=(EventFacts&&) noexcept;

  // With the categories and groups of this policy, at the time of the event. Views live as long as
  // this and the policy.
  Facts facts(const Policy& policy) const;
  // The last stage that judged it: what later ones ask for is not known.
  Stage last() const;

 private:
  struct Parts;
  explicit EventFacts(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir
