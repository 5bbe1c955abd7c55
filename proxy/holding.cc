#include "proxy/holding.h"

#include <algorithm>
#include <array>

#include "proxy/transaction_facts.h"

namespace weir {
namespace {

using Otherwise = HoldingRules::Otherwise;

Otherwise otherwise_for(const HoldingRules& rules, Reason reason) {
  switch (reason) {
    case Reason::timeout: return rules.on_timeout;
    case Reason::unsupported:
    case Reason::too_large: return rules.on_unsupported;
    default: return rules.on_unavailable;
  }
}

}  // namespace

SandboxVerdict no_answer(Reason reason, std::string why) {
  SandboxVerdict said;
  said.verdict = Verdict::uninspectable;
  said.reason = reason;
  said.title = std::move(why);
  return said;
}

std::optional<Finding> finding_of(const SandboxVerdict& said) {
  if (said.verdict == Verdict::clean) return std::nullopt;
  Finding finding;
  finding.scanner = Scanner::sandbox;
  finding.verdict = said.verdict;
  finding.reason = said.verdict == Verdict::uninspectable ? said.reason : Reason::none;
  finding.name = said.title.empty() ? "sandbox" : said.title;
  finding.where = said.where;
  if (!said.engine.empty()) {
    finding.detail = "engine " + said.engine + ", score " + std::to_string(said.score);
  }
  return finding;
}

Decision rule_with_sandbox(const Policy& policy, TransactionFacts& facts, Assessment& found,
                           const std::string& sha256, const HeldFor& held,
                           const SandboxVerdict& said) {
  const bool told = said.verdict != Verdict::uninspectable;
  facts.facts.sandbox = verdict_name(said.verdict);
  Decision ruling = held.before;
  if (!told) {
    if (held.asked.action == Action::release) return ruling;
    if (otherwise_for(policy.holding(), said.reason) == Otherwise::release) {
      ruling.action = Action::alert;
      return ruling;
    }
  }
  if (auto finding = finding_of(said)) found.add(std::move(*finding));
  facts.set_verdict(found, sha256);
  ruling = policy.decide(Stage::verdict, facts.facts);
  if (told || !releases(ruling.action)) return ruling;
  ruling.action = Action::block;
  ruling.rule = held.asked.rule;
  ruling.reason = held.asked.reason;
  return ruling;
}

// Fetch Metadata (Sec-Fetch-Mode, Sec-Fetch-Dest); browsers send it to https and local origins
// only.
bool is_navigation(const RequestHead& request) {
  const std::string_view mode = request.fields.get("sec-fetch-mode");
  if (!mode.empty()) {
    return mode == "navigate" && request.fields.get("sec-fetch-dest") == "document";
  }
  return request.method == "GET" && request.fields.get("user-agent").starts_with("Mozilla/") &&
         request.fields.has_token("upgrade-insecure-requests", "1") &&
         request.fields.joined("accept").find("text/html") != std::string::npos;
}

bool understands_processing(const RequestHead& request) {
  constexpr auto kPrograms = std::to_array<std::string_view>({"curl/", "Wget/", "Mozilla/"});
  const std::string_view agent = request.fields.get("user-agent");
  return std::ranges::any_of(kPrograms, [&](auto name) { return agent.starts_with(name); });
}

void note_sandbox(SandboxNote& note, const SandboxVerdict& said) {
  note.verdict = verdict_name(said.verdict);
  note.reason = said.reason == Reason::none ? "" : reason_name(said.reason);
  note.engine = said.engine;
  note.title = said.title;
  note.score = said.score;
}

}  // namespace weir
