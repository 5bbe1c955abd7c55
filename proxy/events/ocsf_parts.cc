#include "proxy/events/ocsf_parts.h"

namespace weir {

std::int64_t millis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

double millis(std::chrono::nanoseconds span) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  return static_cast<double>(micros) / 1000.0;
}

void text(JsonWriter& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

EventOutcome outcome_of(const TransactionRecord& record) {
  const bool kept = record.action == "block" || record.action == "unlock";
  if (record.action == "coach") return {3, 1, 2, 23, "Challenge"};
  if (record.action == "hold") return {2, 1, 2, 14, "Delayed"};
  if (kept) {
    return {record.verdict == Verdict::malicious ? 4 : 3, 1, 2, 2, "Blocked"};
  }
  if (record.action == "alert") return {3, 1, 1, 19, "Alert"};
  if (record.action == "error") return {2, 2, 0, 13, "Error"};
  if (record.action == "bypass") return {1, 1, 3, 16, "No Action"};
  return {1, 1, 1, 1, "Allowed"};
}

UrlParts url_parts(std::string_view url) {
  UrlParts parts;
  const auto scheme = url.find("://");
  if (scheme == url.npos) return parts;
  parts.scheme = url.substr(0, scheme);
  const auto slash = url.find('/', scheme + 3);
  if (slash == url.npos) return parts;
  const auto query = url.find('?', slash);
  parts.has_query = query != url.npos;
  parts.path = url.substr(slash, parts.has_query ? query - slash : query);
  if (parts.has_query) parts.query = url.substr(query + 1);
  return parts;
}

void write_reputation(JsonWriter& json, const std::vector<ListingNote>& notes) {
  if (notes.empty()) return;
  json.begin_array("reputation");
  for (const ListingNote& note : notes) {
    json.begin_object();
    json.member("source", note.source);
    json.member("threat", note.threat);
    json.member("matched", note.matched);
    text(json, "category", note.category);
    text(json, "note", note.note);
    json.member("confidence", note.confidence);
    json.end_object();
  }
  json.end_array();
}

void write_name(JsonWriter& json, const NameNote& name) {
  const bool nothing = name.lookalike.empty() && name.machine_made < 50 && name.site.empty() &&
                       !name.domain_age && (!name.remembered || name.visits > 0);
  if (nothing) return;
  json.begin_object("name");
  if (!name.lookalike.empty()) {
    json.member("brand", name.brand);
    json.member("lookalike", name.lookalike);
    json.member("lookalike_score", name.lookalike_score);
    text(json, "why", name.why);
  }
  if (name.domain_age) json.member("domain_age_days", *name.domain_age / 86'400);
  if (name.machine_made > 0) json.member("machine_made", name.machine_made);
  if (!name.site.empty()) {
    json.begin_array("site");
    for (const std::string& word : name.site) json.string(word);
    json.end_array();
  }
  if (name.remembered) {
    json.member("visits", name.visits);
    json.member("learning", name.learning);
    if (name.visits > 0) json.member("first_seen", millis(name.first_seen));
  }
  json.end_object();
}

void write_coach(JsonWriter& json, const CoachNote& coach) {
  if (!coach.offered && coach.warned_by.empty()) return;
  json.begin_object("coach");
  json.member("offered", coach.offered);
  text(json, "warned_by", coach.warned_by);
  text(json, "justification", coach.justification);
  text(json, "url", coach.url);
  json.end_object();
}

void write_unlock(JsonWriter& json, const UnlockNote& unlock) {
  if (!unlock.offered && unlock.opened_by.empty() && unlock.withheld_by.empty()) return;
  json.begin_object("unlock");
  json.member("offered", unlock.offered);
  text(json, "opened_by", unlock.opened_by);
  if (unlock.tries > 0) json.member("tries", unlock.tries);
  text(json, "withheld_by", unlock.withheld_by);
  text(json, "url", unlock.url);
  json.end_object();
}

void write_sandbox(JsonWriter& json, const SandboxNote& sandbox) {
  if (sandbox.asked.empty()) return;
  json.begin_object("sandbox");
  json.member("asked", sandbox.asked);
  text(json, "rule", sandbox.rule);
  text(json, "verdict", sandbox.verdict);
  text(json, "reason", sandbox.reason);
  text(json, "engine", sandbox.engine);
  text(json, "title", sandbox.title);
  if (!sandbox.verdict.empty()) json.member("score", sandbox.score);
  json.member("waited_ms", millis(sandbox.waited));
  if (sandbox.page) json.member("page", true);
  text(json, "held_by", sandbox.held_by);
  text(json, "url", sandbox.url);
  json.end_object();
}

}  // namespace weir
