#include "policy/explain_text.h"

#include "core/escape.h"
#include "core/json_writer.h"

namespace weir {
namespace {

std::string rule_text(const RuleTrace& trace) {
  std::string out = trace.matched ? "  + " : "  - ";
  out += trace.rule;
  if (trace.conditions.empty()) out += ": always";
  for (std::size_t i = 0; i < trace.conditions.size(); ++i) {
    const RuleTrace::Condition& condition = trace.conditions[i];
    out += i == 0 ? ": " : "; ";
    out += std::string(condition.name) + " [" + escape_for_log(condition.wanted) + "] ";
    out += condition.matched ? "matches " : "does not match ";
    out += condition.actual;
  }
  return out + "\n";
}

std::string decision_text(const Decision& decision) {
  std::string out(action_name(decision.action));
  out += " by rule '" + std::string(decision.rule) + "'";
  if (decision.profile != nullptr && decision.action != Action::block) {
    out += ", profile '" + decision.profile->name + "'";
  }
  if (!decision.reason.empty()) out += " (" + escape_for_log(decision.reason) + ")";
  return out;
}

void rule_json(JsonWriter& json, const RuleTrace& trace) {
  json.begin_object();
  json.member("rule", trace.rule);
  json.member("matched", trace.matched);
  json.begin_array("conditions");
  for (const RuleTrace::Condition& condition : trace.conditions) {
    json.begin_object();
    json.member("condition", condition.name);
    json.member("wanted", condition.wanted);
    json.member("actual", condition.actual);
    json.member("matched", condition.matched);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void decision_json(JsonWriter& json, const WalkStep& step) {
  const Decision& decision = step.decision;
  json.member("stage", step.name);
  json.member("action", action_name(decision.action));
  json.member("rule", decision.rule);
  json.member("reason", decision.reason);
  if (decision.profile != nullptr && decision.action != Action::block) {
    json.member("profile", decision.profile->name);
  }
}

}  // namespace

Explanation explain_all(const Policy& policy, const Facts& facts) {
  Explanation explanation{std::string(facts.method),
                          std::string(facts.url),
                          facts.client.text(),
                          std::string(facts.user),
                          {},
                          walk(policy, facts, Stage::sandbox)};
  // No sandbox is no decision of its own.
  if (explanation.steps.back().decision.action == Action::off) explanation.steps.pop_back();
  for (const std::string_view name : facts.categories) explanation.categories.emplace_back(name);
  return explanation;
}

std::string explanation_text(const Explanation& explanation) {
  std::string out = escape_for_log(explanation.method) + " " + explanation.url + "\n";
  out += "client " + explanation.client;
  if (!explanation.user.empty()) out += ", user " + escape_for_log(explanation.user);
  for (const std::string& category : explanation.categories) out += ", category " + category;
  out += "\n\n";
  for (const WalkStep& step : explanation.steps) {
    out += std::string(step.name) + ": " + decision_text(step.decision) + "\n";
    for (const RuleTrace& trace : step.trace) out += rule_text(trace);
  }
  const WalkStep& last = explanation.steps.back();
  return out + "\n=> " + std::string(last.name) + ": " + decision_text(last.decision) + "\n";
}

std::string explanation_json(const Explanation& explanation) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("method", explanation.method);
  json.member("url", explanation.url);
  json.member("client", explanation.client);
  json.member("user", explanation.user);
  json.begin_array("categories");
  for (const std::string& category : explanation.categories) json.string(category);
  json.end_array();
  decision_json(json, explanation.steps.back());
  json.begin_array("stages");
  for (const WalkStep& step : explanation.steps) {
    json.begin_object();
    decision_json(json, step);
    json.begin_array("rules");
    for (const RuleTrace& trace : step.trace) rule_json(json, trace);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weir
