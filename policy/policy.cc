#include "policy/policy.h"

#include "conf/text_file.h"
#include "conf/yaml.h"
#include "policy/compiled_policy.h"
#include "policy/walk.h"

namespace weir {

struct Policy::Compiled : CompiledPolicy {
  explicit Compiled(CompiledPolicy policy) : CompiledPolicy(std::move(policy)) {}
};

namespace {

bool matches(const Rule& rule, const Facts& facts) {
  for (const Condition& condition : rule.when) {
    if (!condition.matches(facts)) return false;
  }
  return true;
}

Decision decision_of(const Rule& rule, Stage stage) {
  return {rule.action, stage, rule.name, rule.reason, rule.profile};
}

// The last rule of a stage always matches, so this is only for what cannot be.
Decision no_rule(Stage stage, const CompiledPolicy& policy) {
  return {Action::block,
          stage,
          "default",
          {},
          stage == Stage::response ? &policy.profiles.front() : nullptr};
}

RuleTrace traced(const Rule& rule, const Facts& facts) {
  RuleTrace trace{.rule = rule.name, .matched = true, .conditions = {}};
  for (const Condition& condition : rule.when) {
    const bool matched = condition.matches(facts);
    trace.conditions.push_back(
        {condition.name, condition.wanted, fact_text(condition.row->fact, facts), matched});
    trace.matched = matched;
    if (!matched) break;
  }
  return trace;
}

Decision refused_certificate() {
  return {Action::block, Stage::request, "certificate", {}, nullptr};
}

}  // namespace

std::string_view action_name(Action action) {
  switch (action) {
    case Action::allow: return "allow";
    case Action::alert: return "alert";
    case Action::block: return "block";
    case Action::unlock: return "unlock";
    case Action::coach: return "coach";
    case Action::intercept: return "intercept";
    case Action::bypass: return "bypass";
    case Action::hold: return "hold";
    case Action::release: return "release";
    case Action::off: return "off";
  }
  return "unknown";
}

bool NetworkRules::may_dial(const IpAddress& address) const {
  if (classify(address) == AddressClass::global) return true;
  return std::ranges::any_of(open_addresses,
                             [&](const Cidr& range) { return range.contains(address); });
}

Policy::Policy(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Policy::~Policy() = default;

std::shared_ptr<const Policy> Policy::parse(std::string_view text, const std::string& file,
                                            std::vector<Diagnostic>& problems) {
  auto compiled = compile_policy(text, file, problems);
  if (!compiled) return nullptr;
  // The constructor is private; a local class may call it and make_shared may call that.
  struct Made : Policy {
    explicit Made(std::unique_ptr<Compiled> owned) : Policy(std::move(owned)) {}
  };
  return std::make_shared<const Made>(std::make_unique<Compiled>(std::move(*compiled)));
}

std::shared_ptr<const Policy> Policy::load(const std::string& file,
                                           std::vector<Diagnostic>& problems) {
  const auto text = read_text_file(file, kMostYamlBytes);
  if (text) return parse(*text, file, problems);
  Problems(file, problems).error({}, "cannot be read: " + text.error().what);
  return nullptr;
}

Decision Policy::decide(Stage stage, const Facts& facts) const {
  for (const Rule& rule : compiled_->rules(stage)) {
    if (matches(rule, facts)) return decision_of(rule, stage);
  }
  return no_rule(stage, *compiled_);
}

Decision Policy::on_certificate_error(const Facts& facts) const {
  for (const Rule& rule : compiled_->rules(Stage::request)) {
    if (rule.names_certificate_error() && matches(rule, facts)) {
      return decision_of(rule, Stage::request);
    }
  }
  return refused_certificate();
}

Decision Policy::explain(Stage stage, const Facts& facts, std::vector<RuleTrace>& trace) const {
  for (const Rule& rule : compiled_->rules(stage)) {
    trace.push_back(traced(rule, facts));
    if (trace.back().matched) return decision_of(rule, stage);
  }
  return no_rule(stage, *compiled_);
}

Decision Policy::explain_certificate_error(const Facts& facts,
                                           std::vector<RuleTrace>& trace) const {
  for (const Rule& rule : compiled_->rules(Stage::request)) {
    if (!rule.names_certificate_error()) continue;
    trace.push_back(traced(rule, facts));
    if (trace.back().matched) return decision_of(rule, Stage::request);
  }
  return refused_certificate();
}

const NetworkRules& Policy::network() const { return compiled_->network; }
const UnlockRules& Policy::unlock() const { return compiled_->unlock; }
const CoachRules& Policy::coach() const { return compiled_->coach; }
const HoldingRules& Policy::holding() const { return compiled_->holding; }

bool Policy::asks_sandboxes() const {
  return std::ranges::any_of(compiled_->rules(Stage::sandbox),
                             [](const Rule& rule) { return rule.action != Action::off; });
}

void Policy::categories_of(std::string_view host, std::string_view url,
                           std::vector<std::string_view>& out) const {
  const auto add = [&](std::uint32_t label) {
    const std::string_view name = compiled_->category_names[label];
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
    return false;
  };
  compiled_->categories.visit_host(host, add);
  if (!url.empty()) compiled_->categories.visit_url(host, url, add);
}

void Policy::groups_of(std::string_view user, std::vector<std::string_view>& out) const {
  const auto found = compiled_->users.find(user);
  if (found == compiled_->users.end()) return;
  for (const std::uint32_t label : found->second) out.emplace_back(compiled_->group_names[label]);
}

std::string_view Policy::version() const { return compiled_->version; }

std::vector<Diagnostic> Policy::self_test(int& passed) const {
  return run_tests(*this, *compiled_, passed);
}

}  // namespace weir
