#include "proxy/explain_question.h"

#include "core/escape.h"
#include "core/file_type.h"
#include "core/url.h"
#include "feeds/reputation.h"
#include "policy/explain_text.h"
#include "proxy/transaction_facts.h"

namespace weir {
namespace {

struct Words {
  Url url;
  IpAddress client;
  Verdict verdict;
  Reason reason;
};

Result<Words> words_of(const ExplainQuestion& question) {
  auto url = parse_url(question.url);
  if (!url) {
    return fail(Errc::invalid, Fault::client,
                escape_for_log(question.url, 200) + ": " + url.error().what);
  }
  const auto client = IpAddress::parse(question.client);
  const auto verdict = verdict_from_name(question.verdict.empty() ? "clean" : question.verdict);
  const auto reason = reason_from_name(question.reason.empty() ? "none" : question.reason);
  if (!client) return fail(Errc::invalid, Fault::client, "client must be an address");
  if (!verdict || !reason) {
    return fail(Errc::invalid, Fault::client, "verdict and reason must be known words");
  }
  return Words{std::move(*url), *client, *verdict, *reason};
}

}  // namespace

Result<std::string> explain_question(const ExplainQuestion& question, const ExplainKnowledge& known,
                                     bool json) {
  const auto words = words_of(question);
  if (!words) return std::unexpected(words.error());
  const Url& url = words->url;
  const std::string text = url.text();
  Facts facts;
  facts.client = words->client;
  facts.user = question.user;
  known.policy.groups_of(question.user, facts.groups);
  facts.host = url.host;
  facts.port = url.port;
  facts.scheme = url.scheme;
  facts.tls = url.scheme == "https";
  facts.sni = facts.tls && !url.is_ip ? std::string_view(url.host) : std::string_view{};
  facts.now = known.now;
  known.policy.categories_of(url.host, text, facts.categories);
  const Reputation reputation = reputation_of(known.index.find_url(url, facts.now));
  set_reputation(facts, reputation);
  const NameFacts names =
      known.names.ask({url.host, url.path_and_query, facts.sni, facts.tls}, facts.now, false);
  set_names(facts, names);
  facts.method = question.method;
  facts.url = text;
  facts.path = url.path_and_query;
  facts.certificate_error = question.certificate_error;
  facts.status = 200;
  facts.content_type = question.content_type;
  facts.file_type = question.file_type;
  if (const auto type = file_type_from_name(question.file_type)) {
    facts.file_family = family_name(family_of(*type));
  }
  facts.verdict = words->verdict;
  facts.reason = words->reason;
  const Explanation explanation = explain_all(known.policy, facts);
  return json ? explanation_json(explanation) : explanation_text(explanation);
}

}  // namespace weir
