#include "proxy/transaction_facts.h"

#include <algorithm>

#include "core/publisher.h"
#include "proxy/forwarding.h"

namespace weir {
namespace {

// Types and families of the files inside, each once; the views are of static names.
std::vector<std::string_view> kinds_inside(const std::vector<ArtifactNote>& tree) {
  std::vector<std::string_view> kinds;
  const auto add = [&](std::string_view kind) {
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  };
  for (const ArtifactNote& note : tree) {
    const auto type = file_type_from_name(note.type);
    if (note.where.empty() || !type) continue;
    add(file_type_name(*type));
    add(family_name(family_of(*type)));
  }
  return kinds;
}

}  // namespace

void TransactionFacts::set_client(const ClientContext& context, const Policy& policy,
                                  WallTime now) {
  facts.client = context.client.address;
  facts.user = context.user;
  facts.sni = context.sni;
  facts.ja4 = context.ja4;
  facts.ech = context.ech;
  facts.tls = context.tunnelled;
  facts.now = now;
  if (!context.user.empty()) policy.groups_of(context.user, facts.groups);
}

std::vector<ListingNote> notes_of(const Reputation& reputation) {
  constexpr std::size_t kMost = 16;
  std::vector<ListingNote> notes;
  for (const Hit& hit : reputation.hits) {
    if (notes.size() == kMost) break;
    notes.push_back({std::string(hit.source), std::string(threat_name(hit.threat)), hit.matched,
                     std::string(hit.category), std::string(hit.note), hit.confidence});
  }
  return notes;
}

std::string listing_text(const std::vector<ListingNote>& notes) {
  for (const ListingNote& note : notes) {
    if (note.threat == "category" || note.threat == "allow") continue;
    return "listed by " + note.source + " as " + note.threat + ": " + note.matched;
  }
  return {};
}

NameNote note_of(const NameFacts& names) {
  NameNote note;
  note.brand = names.brand;
  if (!names.lookalike.empty()) note.lookalike = names.lookalike[0];
  note.why = names.lookalike_why;
  note.lookalike_score = names.lookalike_score;
  note.machine_made = names.machine_made;
  note.domain_age = names.domain_age;
  note.site.assign(names.site.begin(), names.site.end());
  note.remembered = names.seen.has_value();
  if (!names.seen) return note;
  note.learning = names.seen->learning;
  note.visits = names.seen->visits;
  note.first_seen = names.seen->first;
  return note;
}

void TransactionFacts::add_reputation(Hits hits) {
  Hits all = reputation_.hits;
  add_hits(all, std::move(hits));
  reputation_ = reputation_of(std::move(all));
  std::erase(facts.categories, kUncategorised);
  set_reputation(facts, reputation_);
}

void TransactionFacts::set_names(NameFacts names) {
  names_ = std::move(names);
  weir::set_names(facts, names_);
}

void TransactionFacts::add_site(std::string_view word) {
  names_.site.push_back(word);
  facts.site.push_back(word);
}

void set_reputation(Facts& facts, const Reputation& reputation) {
  facts.reputation = reputation.threats;
  facts.sources = reputation.sources;
  facts.confidence = reputation.confidence;
  for (const std::string_view category : reputation.categories) {
    facts.categories.push_back(category);
  }
  if (facts.categories.empty()) facts.categories.push_back(kUncategorised);
}

void TransactionFacts::set_request(const RequestHead& request, const Url& url, const Policy& policy,
                                   const Index& index) {
  host_ = url.host;
  scheme_ = url.scheme;
  url_ = url.text();
  path_ = url.path_and_query;
  method_ = request.method;
  user_agent_ = request.fields.get("user-agent");
  facts.host = host_;
  facts.port = url.port;
  facts.scheme = scheme_;
  facts.url = url_;
  facts.path = path_;
  facts.method = method_;
  facts.user_agent = user_agent_;
  facts.categories.clear();
  policy.categories_of(host_, url_, facts.categories);
  reputation_ = reputation_of(index.find_url(url, facts.now));
  set_reputation(facts, reputation_);
}

void TransactionFacts::set_response(const ResponseHead& response, const RequestHead& request) {
  content_type_ = media_type(response.fields.get("content-type"));
  file_name_ = file_name(response.fields, request.path);
  facts.status = response.status;
  facts.content_type = content_type_;
  facts.file_name = file_name_;
  facts.endless = is_endless(content_type_);
  facts.size.reset();
  if (response.framing.kind == Framing::Kind::length) facts.size = response.framing.length;
}

void TransactionFacts::set_sniffed(FileType type) {
  sniffed_ = type;
  facts.file_type = file_type_name(type);
  facts.file_family = family_name(family_of(type));
}

void TransactionFacts::set_verdict(const Assessment& assessment, const std::string& sha256) {
  sha256_ = sha256;
  facts.sha256 = sha256_;
  facts.verdict = assessment.verdict();
  facts.score = assessment.score();
  finding_names_.clear();
  for (const Finding& finding : assessment.findings()) finding_names_.push_back(finding.name);
  facts.findings.assign(finding_names_.begin(), finding_names_.end());
  publisher_ = to_lower(publisher_of(assessment.findings()));
  facts.publisher = publisher_;
  facts.contains = kinds_inside(assessment.tree);
  const auto worst = assessment.worst();
  facts.reason = worst ? worst->reason : Reason::none;
  threat_ = worst ? worst->name : std::string();
  facts.threat = threat_;
}

}  // namespace weir
