#include "proxy/retro_match.h"

#include <algorithm>
#include <map>

#include "core/log.h"
#include "feeds/reputation.h"
#include "proxy/history_keeper.h"

namespace weir {
namespace {

constexpr std::size_t kPageRows = 2000;
constexpr std::uint64_t kMostRows = 200'000;  // that are looked at for one suspect
constexpr std::size_t kMostPeople = 1000;
constexpr std::size_t kMostTold = 200;  // people in a notice

bool is_url_kind(IndicatorKind kind) {
  return kind == IndicatorKind::url || kind == IndicatorKind::url_prefix ||
         kind == IndicatorKind::url_pattern;
}

// New is not bad, and a category says what a site is about.
bool is_bad(Threat threat) {
  return threat != Threat::category && threat != Threat::allow &&
         threat != Threat::newly_registered;
}

// The hit that says most of what is bad, as a suspect.
std::optional<Suspect> worst_of(Hits hits, std::string_view kind, const std::string& value) {
  const Reputation reputation = reputation_of(std::move(hits));
  const Hit* worst = nullptr;
  for (const Hit& hit : reputation.hits) {
    if (!is_bad(hit.threat)) continue;
    if (worst == nullptr || hit.confidence > worst->confidence) worst = &hit;
  }
  if (worst == nullptr) return std::nullopt;
  return Suspect{std::string(kind),
                 value,
                 worst->matched,
                 std::string(worst->source),
                 std::string(threat_name(worst->threat)),
                 std::string(worst->note),
                 {}};
}

std::optional<Suspect> listed_hash(const Index& index, const std::string& sha256, WallTime now) {
  return worst_of(index.find_value(IndicatorKind::sha256, sha256, now), "hash", sha256);
}

std::optional<Suspect> listed_host(const Index& index, const std::string& host, WallTime now) {
  return worst_of(index.find_host(host, now), "host", host);
}

// By what is said of URLs: a listed host is found as such. Its exceptions count.
std::optional<Suspect> listed_url(const Index& index, const std::string& text, WallTime now) {
  const auto url = parse_url(text);
  if (!url) return std::nullopt;
  Hits hits = index.find_url(*url, now);
  if (std::ranges::none_of(hits, [](const Hit& hit) { return is_url_kind(hit.kind); })) {
    return std::nullopt;
  }
  std::erase_if(
      hits, [](const Hit& hit) { return !is_url_kind(hit.kind) && hit.threat != Threat::allow; });
  return worst_of(std::move(hits), "url", text);
}

using Listed = std::optional<Suspect> (*)(const Index&, const std::string&, WallTime);

// False: the visitor wants no more.
bool ask(const LookBack& about, Listed listed, const std::string& value,
         const SuspectVisitor& visit) {
  if (about.stop != nullptr && about.stop->load()) return false;
  auto suspect = listed(about.now, value, about.time);
  if (!suspect) return true;
  if (about.before != nullptr && listed(*about.before, value, about.time)) return true;
  return visit(std::move(*suspect));
}

HistoryFilter filter_of(const Suspect& suspect) {
  HistoryFilter filter;
  if (suspect.kind == "hash") filter.sha256 = suspect.value;
  if (suspect.kind == "host") filter.host = suspect.value;
  if (suspect.kind == "url") {
    const auto url = parse_url(suspect.value);  // URLs have no index, hosts do
    if (url) filter.host = url->host;
  }
  return filter;
}

// Rows come newest first, and people in the order of their first time are wanted.
class People {
 public:
  explicit People(Sightings& into) : into_(into) {}

  void add(const DeliveryRecord& row) {
    ++into_.deliveries;
    if (row.was_inside) ++into_.inside;
    into_.news = into_.news || !was_known(row);
    const auto found = at_.find({row.client, row.user});
    if (found == at_.end() && into_.receipts.size() >= kMostPeople) {
      into_.complete = false;
      return;
    }
    const auto [entry, is_new] = at_.try_emplace({row.client, row.user}, into_.receipts.size());
    if (is_new) into_.receipts.emplace_back();
    Receipt& receipt = into_.receipts[entry->second];
    receipt = {row.time,   row.client,   row.user,       row.url,          row.file_name,
               row.sha256, row.event_id, row.was_inside, receipt.times + 1};
  }

 private:
  Sightings& into_;
  std::map<std::pair<std::string, std::string>, std::size_t> at_;
};

std::string what_is(const Suspect& suspect) {
  if (suspect.kind == "hash") return "The file with SHA-256 " + suspect.value;
  return (suspect.kind == "host" ? "The host " : "The URL ") + suspect.value;
}

std::string how_many(const Sightings& sightings) {
  const std::size_t people = sightings.receipts.size();
  return (sightings.complete ? "" : "more than ") + std::to_string(people) +
         (people == 1 ? " client" : " clients");
}

std::string how(const Sightings& sightings) {
  if (sightings.inside == 0) return {};
  return sightings.inside == sightings.deliveries ? " inside other files"
                                                  : ", also inside other files,";
}

}  // namespace

std::string Suspect::key_of_all() const { return kind + " " + value + " " + indicator; }

std::string Suspect::key() const {
  return key_of_all() + (late_event.empty() ? "" : " " + late_event);
}

Suspect suspect_of(const std::string& sha256, const SandboxVerdict& verdict) {
  return {"hash", sha256, "sandbox", verdict.engine, verdict.title, {}, {}};
}

Result<> find_suspects(History& history, const LookBack& about, const SuspectVisitor& visit) {
  bool more = true;
  const auto with = [&](Listed listed) {
    return [&, listed](const std::string& value) {
      more = more && ask(about, listed, value, visit);
      return more;
    };
  };
  if (auto done = history.each_hash(with(listed_hash)); !done || !more) return done;
  if (auto done = history.each_host(with(listed_host)); !done || !more) return done;
  return about.urls ? history.each_url(with(listed_url)) : Result<>();
}

std::optional<Suspect> suspect_in(const DeliveryRecord& row, const Index& index, WallTime now) {
  if (!was_delivered(row) || was_known(row)) return std::nullopt;
  std::optional<Suspect> found;
  if (!row.sha256.empty()) found = listed_hash(index, row.sha256, now);
  for (const std::string& inside : row.inside) {
    if (!found) found = listed_hash(index, inside, now);
  }
  if (!found && !row.host.empty()) found = listed_host(index, row.host, now);
  if (!found && !row.url.empty()) found = listed_url(index, row.url, now);
  if (found) found->late_event = row.event_id;
  return found;
}

Result<Sightings> who_got(History& history, const Suspect& suspect, WallTime since) {
  Sightings sightings;
  People people(sightings);
  HistoryFilter filter = filter_of(suspect);
  if (since != WallTime{}) filter.from = since;
  HistoryPage page{kPageRows, 0};
  for (std::uint64_t rows = 0; rows < kMostRows; rows += kPageRows) {
    const auto some = history.search(filter, page);
    if (!some) return std::unexpected(some.error());
    for (const DeliveryRecord& row : some->rows) {
      const bool meant = suspect.kind != "url" || row.url == suspect.value;
      if (meant && was_delivered(row)) people.add(row);
    }
    page.before = some->next;
    if (page.before == 0) break;
  }
  sightings.complete = sightings.complete && page.before == 0;
  std::ranges::sort(sightings.receipts, {}, &Receipt::first);
  return sightings;
}

Notice patient_zero(const Suspect& suspect, const Sightings& sightings, WallTime now) {
  Notice notice;
  notice.kind = Notice::Kind::finding;
  notice.time = now;
  notice.severity = 4;
  notice.what = "patient-zero";
  notice.message = what_is(suspect) + " went to " + how_many(sightings) + how(sightings) +
                   " before it was known: " + suspect.source + " calls it " +
                   (suspect.threat.empty() ? "bad" : suspect.threat) + ".";
  notice.details = {{"kind", suspect.kind},
                    {"value", suspect.value},
                    {"indicator", suspect.indicator},
                    {"source", suspect.source},
                    {"threat", suspect.threat},
                    {"note", suspect.note},
                    {"deliveries", std::to_string(sightings.deliveries)},
                    {"clients", std::to_string(sightings.receipts.size())},
                    {"complete", sightings.complete ? "true" : "false"},
                    {"inside", std::to_string(sightings.inside)}};
  for (const Receipt& one : sightings.receipts) {
    if (notice.receipts.size() == kMostTold) break;
    notice.receipts.push_back({{"time", iso_time(one.first)},
                               {"client", one.client},
                               {"user", one.user},
                               {"url", one.url},
                               {"file", one.file_name},
                               {"event", one.event_id},
                               {"times", std::to_string(one.times)},
                               {"sha256", one.sha256},
                               {"inside", one.inside ? "true" : "false"}});
  }
  return notice;
}

}  // namespace weir
