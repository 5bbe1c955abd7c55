#include "proxy/event_facts.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/file_type.h"
#include "core/url.h"
#include "proxy/events/event_json.h"
#include "proxy/events/event_view.h"

namespace weir {
namespace {

using Texts = std::vector<std::string>;

constexpr std::array<Stage, 5> kStages = {Stage::connect, Stage::request, Stage::response,
                                          Stage::verdict, Stage::sandbox};

Texts each_text(const Json& list) {
  Texts all;
  if (!list.is_array()) return all;
  for (const Json& one : list) {
    if (one.is_string()) all.push_back(one.get<std::string>());
  }
  return all;
}

Texts each_member(const Json& list, std::string_view member) {
  Texts all;
  if (!list.is_array()) return all;
  for (const Json& one : list) {
    std::string found = json_text(one, member);
    if (!found.empty() && std::ranges::find(all, found) == all.end()) all.push_back(found);
  }
  return all;
}

void add_views(const Texts& texts, std::vector<std::string_view>& into) {
  into.insert(into.end(), texts.begin(), texts.end());
}

unsigned percent(const Json& json, std::string_view path) {
  return static_cast<unsigned>(std::min<std::uint64_t>(json_count(json, path), 100));
}

}  // namespace

struct EventFacts::Parts {
  EventView event;
  std::string scheme, path, sni, ja4, user_agent, certificate_error, first_bytes, content_type;
  std::string threat, sandbox;
  Texts threats, sources, categories, lookalike, site, contains;
  Facts rest;  // what is no text
  Stage last = Stage::connect;

  void read_request(const Json& json);
  void read_name(const Json& name);
  void read_file(const Json& json);
  void read_stages(const Json& stages);
};

void EventFacts::Parts::read_request(const Json& json) {
  const Json& own = json_at(json, "unmapped.weir");
  rest.client = IpAddress::parse(event.client).value_or(IpAddress());
  rest.now = event.time;
  rest.port = static_cast<std::uint16_t>(json_count(json, "dst_endpoint.port") & 0xffffU);
  sni = json_text(json, "proxy_tls.sni");
  ja4 = json_text(json, "proxy_tls.ja4");
  rest.tls = json_at(json, "proxy_tls").is_object();
  rest.ech = json_at(own, "ech") == true;
  first_bytes = json_text(own, "first_bytes");
  user_agent = json_text(json, "http_request.user_agent");
  certificate_error = json_text(own, "certificate_error");
  scheme = rest.tls ? "https" : "tunnel";
  if (const auto url = parse_url(event.url)) {
    scheme = url->scheme;
    path = url->path_and_query;
  }
  threats = each_member(json_at(own, "reputation"), "threat");
  sources = each_member(json_at(own, "reputation"), "source");
  categories = each_member(json_at(own, "reputation"), "category");
  std::erase(threats, "category");
  std::erase(threats, "allow");
  const Json& listings = json_at(own, "reputation");
  for (const Json& one : listings.is_array() ? listings : Json::array()) {
    rest.confidence = std::max(rest.confidence, percent(one, "confidence"));
  }
  read_name(json_at(own, "name"));
}

void EventFacts::Parts::read_name(const Json& name) {
  constexpr std::uint64_t kDay = 86'400, kMostDays = 100'000;
  if (std::string how = json_text(name, "lookalike"); !how.empty()) lookalike.push_back(how);
  rest.lookalike_score = percent(name, "lookalike_score");
  rest.machine_made = percent(name, "machine_made");
  site = each_text(json_at(name, "site"));
  if (json_at(name, "domain_age_days").is_number_integer()) {
    rest.domain_age = std::min(json_count(name, "domain_age_days"), kMostDays) * kDay;
  }
  const std::uint64_t first = json_count(name, "first_seen") / 1000;
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(event.time.time_since_epoch()).count());
  if (first != 0 && first <= now) rest.seen_since = now - first;
}

void EventFacts::Parts::read_file(const Json& json) {
  const Json& own = json_at(json, "unmapped.weir");
  const bool passed = event.action == "allow" || event.action == "alert";
  rest.status = passed && event.status != 0 ? event.status : 200;
  content_type = json_text(json, "http_response.content_type");
  content_type.resize(std::min(content_type.find(';'), content_type.size()));
  if (json_at(json, "file.size").is_number_integer()) rest.size = event.file_size;
  if (const auto type = file_type_from_name(event.file_type)) {
    rest.file_family = family_name(family_of(*type));
  }
  rest.verdict = verdict_from_name(event.verdict).value_or(Verdict::clean);
  rest.reason = reason_from_name(event.reason).value_or(Reason::none);
  rest.score = percent(own, "score");
  const Json& findings = json_at(own, "findings");
  for (const Json& one : findings.is_array() ? findings : Json::array()) {
    if (threat.empty() && json_text(one, "verdict") == event.verdict)
      threat = json_text(one, "name");
  }
  const Json& tree = json_at(own, "tree");
  for (const Json& one : tree.is_array() ? tree : Json::array()) {
    const auto type = file_type_from_name(json_text(one, "type"));
    if (json_text(one, "where").empty() || !type) continue;
    contains.emplace_back(file_type_name(*type));
    contains.emplace_back(family_name(family_of(*type)));
  }
  sandbox = json_text(own, "sandbox.verdict");
}

void EventFacts::Parts::read_stages(const Json& stages) {
  for (const std::string& name : each_member(stages, "stage")) {
    for (const Stage stage : kStages) {
      if (stage_name(stage) == name) last = std::max(last, stage);
    }
  }
}

std::optional<EventFacts> EventFacts::read(std::string_view line) {
  auto event = view_event(line);
  if (!event || !event->notice.empty()) return std::nullopt;
  const Json json = Json::parse(line, nullptr, false);
  auto parts = std::make_unique<Parts>();
  parts->event = std::move(*event);
  parts->read_request(json);
  parts->read_file(json);
  parts->read_stages(json_at(json, "unmapped.weir.stages"));
  return EventFacts(std::move(parts));
}

Facts EventFacts::facts(const Policy& policy) const {
  const Parts& parts = *parts_;
  Facts facts = parts.rest;
  facts.user = parts.event.user;
  if (!facts.user.empty()) policy.groups_of(facts.user, facts.groups);
  facts.host = parts.event.host;
  facts.scheme = parts.scheme;
  facts.sni = parts.sni;
  facts.ja4 = parts.ja4;
  facts.first_bytes = parts.first_bytes;
  policy.categories_of(facts.host, parts.event.url, facts.categories);
  add_views(parts.categories, facts.categories);
  if (facts.categories.empty()) facts.categories.push_back(kUncategorised);
  add_views(parts.threats, facts.reputation);
  add_views(parts.sources, facts.sources);
  add_views(parts.lookalike, facts.lookalike);
  add_views(parts.site, facts.site);
  facts.method = parts.event.method;
  facts.url = parts.event.url;
  facts.path = parts.path;
  facts.user_agent = parts.user_agent;
  facts.certificate_error = parts.certificate_error;
  facts.content_type = parts.content_type;
  facts.file_type = parts.event.file_type;
  facts.file_name = parts.event.file_name;
  facts.sha256 = parts.event.sha256;
  facts.threat = parts.threat;
  add_views(parts.event.findings, facts.findings);
  add_views(parts.contains, facts.contains);
  facts.sandbox = parts.sandbox;
  return facts;
}

Stage EventFacts::last() const { return parts_->last; }

EventFacts::EventFacts(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
EventFacts::~EventFacts() = default;
EventFacts::EventFacts(EventFacts&&) noexcept = default;
EventFacts& EventFacts::operator=(EventFacts&&) noexcept = default;

}  // namespace weir
