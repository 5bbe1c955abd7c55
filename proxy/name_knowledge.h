// What a host's name tells before any list does: whether it passes for a brand, looks machine-made,
// was ever seen here, and what kind of place it is (docs/names.md). One for the gateway, shared by
// its loops, which never wait in it; the app's thread loads it and saves what it remembers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "core/log.h"
#include "feeds/names/first_seen.h"
#include "feeds/names/lookalike.h"
#include "feeds/names/special_hosts.h"
#include "policy/facts.h"
#include "proxy/domain_ages.h"

namespace weir {

// Of one transaction. `site` words: policy/conditions.cc.
struct NameFacts {
  std::string_view brand;                   // as long as the NameKnowledge lives
  std::vector<std::string_view> lookalike;  // how: "homoglyph", …; at most one
  unsigned lookalike_score = 0;
  std::string lookalike_why;
  unsigned machine_made = 0;
  std::optional<Seen> seen;                 // none: nothing is remembered
  std::optional<std::uint64_t> seen_since;  // seconds; none while the memory is young
  std::optional<std::uint64_t> domain_age;  // seconds; none: not known
  std::vector<std::string_view> site;
};

struct NameQuestion {
  std::string_view host;
  std::string_view path;  // "" = not known
  std::string_view sni;
  bool tls = false;
};

class NameKnowledge {
 public:
  // What cannot be read is an Error with its file and line: start-up and `weir check`.
  static Result<std::unique_ptr<NameKnowledge>> load(const NameSettings& settings,
                                                     const std::string& state_dir, Random& random,
                                                     WallTime now, Log& log);

  // `note`: this is a visit, remembered.
  NameFacts ask(const NameQuestion& question, WallTime now, bool note);
  // The host delivers a file of this type: true when it never did before, and the memory is old
  // enough to say so.
  bool new_kind_of_file(std::string_view host, FileType type, WallTime now);
  void save(Log& log);  // off the loops
  // Registries are asked from now on (settings.names.rdap).
  void ask_registries(const Settings& settings, const Clock& clock, Log& log);

 private:
  NameKnowledge(Lookalikes lookalikes, SpecialHosts special)
      : lookalikes_(std::move(lookalikes)), special_(std::move(special)) {}

  Lookalikes lookalikes_;
  SpecialHosts special_;
  std::unique_ptr<FirstSeen> seen_;  // null: nothing is remembered
  std::atomic<bool> stop_{false};
  std::unique_ptr<DomainAges> ages_;  // null: registries are not asked
};

// Into the facts, whose views then point into `names`.
void set_names(Facts& facts, const NameFacts& names);

}  // namespace weir
