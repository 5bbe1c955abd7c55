#include "feeds/reputation.h"

#include <algorithm>

namespace weir {
namespace {

void add_once(std::vector<std::string_view>& words, std::string_view word) {
  if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
}

bool excepted(const Hits& hits, std::string_view source) {
  return std::ranges::any_of(
      hits, [&](const Hit& hit) { return hit.threat == Threat::allow && hit.source == source; });
}

bool is_deny(const Hit& hit) { return hit.source == kLocalSource && hit.threat == Threat::deny; }

}  // namespace

Reputation reputation_of(Hits hits) {
  Reputation result;
  const bool denied = std::ranges::any_of(hits, is_deny);
  const bool allowed = !denied && excepted(hits, kLocalSource);
  for (Hit& hit : hits) {
    const bool counts =
        denied ? is_deny(hit) || hit.threat == Threat::category
               : hit.threat == Threat::category || (!allowed && !excepted(hits, hit.source));
    if (!counts) continue;
    add_once(result.categories, hit.category);
    if (hit.threat != Threat::category && hit.threat != Threat::allow) {
      add_once(result.threats, threat_name(hit.threat));
      add_once(result.sources, hit.source);
      result.confidence = std::max<unsigned>(result.confidence, hit.confidence);
    }
    result.hits.push_back(hit);
  }
  return result;
}

void add_hits(Hits& all, Hits more) {
  for (Hit& hit : more) all.push_back(std::move(hit));
}

}  // namespace weir
