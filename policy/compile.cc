// From the text of a policy file to a CompiledPolicy: everything is checked here, nothing later.
#include <algorithm>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "conf/yaml.h"
#include "core/digest.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

constexpr std::size_t kLongestReason = 500;
constexpr Stage kStages[] = {Stage::connect, Stage::request, Stage::response, Stage::verdict,
                             Stage::sandbox};
constexpr Action kActions[] = {Action::allow,   Action::alert,     Action::block,  Action::unlock,
                               Action::coach,   Action::intercept, Action::bypass, Action::hold,
                               Action::release, Action::off};

class PolicyCompiler {
 public:
  PolicyCompiler(const std::string& file, std::vector<Diagnostic>& out)
      : problems_(file, out), lists_(problems_, out) {}

  std::unique_ptr<CompiledPolicy> compile(std::string_view text) {
    const auto root = parse_yaml(text, problems_);
    if (!root) return nullptr;
    if (!check_map(*root, "the policy", policy_keys::kTop, problems_)) return nullptr;
    compiled_->file = problems_.file();
    compile_version(*root);
    if (const YamlNode* node = root->find("network")) compile_network(*node);
    if (const YamlNode* node = root->find("categories")) compile_categories(*node);
    if (const YamlNode* node = root->find("groups")) compile_groups(*node);
    compiled_->profiles = compile_profiles(root->find("profiles"), problems_);
    if (const YamlNode* node = root->find("unlock")) {
      compiled_->unlock = compile_unlock(*node, problems_, lists_);
    }
    if (const YamlNode* node = root->find("coach")) {
      compiled_->coach = compile_coach(*node, problems_);
    }
    if (const YamlNode* node = root->find("holding")) {
      compiled_->holding = compile_holding(*node, problems_);
    }
    for (const Stage stage : kStages) compile_stage(*root, stage);
    if (const YamlNode* node = root->find("tests")) {
      compiled_->tests = compile_tests(*node, problems_);
    }
    compiled_->version = version_of(text);
    return problems_.errors() > 0 ? nullptr : std::move(compiled_);
  }

 private:
  using Kind = YamlNode::Kind;

  std::vector<std::string_view> known_categories() const {
    auto names = views(compiled_->category_names);
    names.push_back(kUncategorised);
    return names;
  }

  void compile_version(const YamlNode& root) {
    const YamlNode* version = root.find("version");
    if (version == nullptr) return problems_.error(root.place, "'version: 1' is missing");
    read_count(*version, "version", 1, 1, problems_);
  }

  // ---- network, categories, groups

  void compile_network(const YamlNode& node) {
    if (node.kind == Kind::null || !check_map(node, "network", policy_keys::kNetwork, problems_)) {
      return;
    }
    read_ports(node, "connect_ports", compiled_->network.connect_ports);
    read_ports(node, "http_ports", compiled_->network.http_ports);
    const YamlNode* open = node.find("open_addresses");
    if (open == nullptr) return;
    for (const YamlNode* item : read_list(*open, "open_addresses", problems_)) {
      if (const auto range = Cidr::parse(item->text)) {
        compiled_->network.open_addresses.push_back(*range);
      } else {
        problems_.error(item->place,
                        quoted(item->text) + " is no address or range, like 10.0.0.0/8");
      }
    }
  }

  void read_ports(const YamlNode& network, std::string_view key, std::vector<std::uint16_t>& into) {
    const YamlNode* node = network.find(key);
    if (node == nullptr) return;
    into.clear();
    for (const YamlNode* item : read_list(*node, key, problems_)) {
      if (const auto port = read_count(*item, key, 1, 65535, problems_)) {
        into.push_back(static_cast<std::uint16_t>(*port));
      }
    }
  }

  // A map of names to lists; visit(entry, items) for each.
  template <class Visit>
  void for_each_named_list(const YamlNode& node, std::string_view what, Visit visit) {
    if (node.kind == Kind::null) return;
    if (node.kind != Kind::map) {
      return problems_.error(node.place, std::string(what) + " must map names to lists");
    }
    for (const YamlEntry& entry : node.entries) {
      if (!is_policy_name(entry.key) || entry.key == "any") {
        problems_.error(entry.place, quoted(entry.key) + " cannot be a name in " +
                                         std::string(what) + " (letters, digits, - _ .)");
      }
      visit(entry, read_list(entry.value, entry.key, problems_));
    }
  }

  void compile_categories(const YamlNode& node) {
    for_each_named_list(node, "categories", [this](const YamlEntry& entry, const auto& items) {
      const auto label = static_cast<std::uint32_t>(compiled_->category_names.size());
      compiled_->category_names.push_back(entry.key);
      for (const YamlNode* item : items) add_category(*item, label);
    });
  }

  void add_category(const YamlNode& item, std::uint32_t label) {
    const std::string_view text = item.text;
    if (text.starts_with('@')) {
      return lists_.add_hosts(text.substr(1), item.place, compiled_->categories, label);
    }
    if (const auto pattern = parse_host_pattern(text)) {
      compiled_->categories.add(*pattern, label);
    } else {
      problems_.error(item.place, quoted(text) + " is no host: " + pattern.error().what);
    }
  }

  void compile_groups(const YamlNode& node) {
    for_each_named_list(node, "groups", [this](const YamlEntry& entry, const auto& items) {
      const auto label = static_cast<std::uint32_t>(compiled_->group_names.size());
      compiled_->group_names.push_back(entry.key);
      for (const YamlNode* item : items) {
        auto& groups = compiled_->users[item->text];
        if (std::ranges::find(groups, label) == groups.end()) groups.push_back(label);
      }
    });
  }

  // ---- rules

  void compile_stage(const YamlNode& root, Stage stage) {
    const std::string name(stage_name(stage));
    const YamlNode* node = root.find(name);
    if (node == nullptr && stage == Stage::sandbox) return no_sandbox(root);
    if (node == nullptr) {
      return problems_.error(root.place, "the " + name + " stage is missing: it needs a list of " +
                                             "rules, the last one without conditions");
    }
    if (node->kind != Kind::list || node->items.empty()) {
      return problems_.error(node->place, name + " must be a list of rules");
    }
    auto& rules = compiled_->stages[static_cast<std::size_t>(stage)];
    for (const YamlNode& item : node->items) {
      Rule rule = compile_rule(item, stage);
      check_name(rule, rules, name);
      rules.push_back(std::move(rule));
    }
    check_reachable(rules, problems_);
    const Rule& last = rules.back();
    if (last.whole && !last.when.empty()) {
      problems_.error(last.place, "the last rule of " + name +
                                      " must be without conditions, so that every case is decided");
    }
  }

  // A policy that says nothing of sandboxes uses none.
  void no_sandbox(const YamlNode& root) {
    Rule rule;
    rule.name = "no-sandbox";
    rule.place = root.place;
    rule.action = Action::off;
    compiled_->stages[static_cast<std::size_t>(Stage::sandbox)].push_back(std::move(rule));
  }

  void check_name(const Rule& rule, const std::vector<Rule>& earlier, const std::string& stage) {
    if (rule.name.empty()) return;
    const auto same = std::ranges::find(earlier, rule.name, &Rule::name);
    if (same == earlier.end()) return;
    problems_.error(rule.place, "duplicate rule name '" + rule.name + "' in " + stage +
                                    " (first on line " + std::to_string(same->place.line) + ")");
  }

  Rule compile_rule(const YamlNode& node, Stage stage) {
    Rule rule;
    rule.place = node.place;
    const int before = problems_.errors();
    if (check_map(node, "a rule", policy_keys::kRule, problems_)) {
      read_name(node, rule);
      read_action(node, stage, rule);
      read_profile(node, stage, rule);
      read_reason(node, rule);
      if (const YamlNode* when = node.find("when")) read_when(*when, stage, rule);
      warn_about(rule, stage);
    }
    rule.whole = problems_.errors() == before;
    return rule;
  }

  void read_name(const YamlNode& node, Rule& rule) {
    const YamlNode* name = node.find("name");
    if (name == nullptr) return problems_.error(node.place, "a rule needs a name");
    rule.name = read_text(*name, "name", problems_).value_or("");
    if (name->kind == Kind::scalar && !is_policy_name(rule.name)) {
      problems_.error(name->place, quoted(rule.name) + " is no rule name (letters, digits, - _ .)");
    }
  }

  void read_action(const YamlNode& node, Stage stage, Rule& rule) {
    const YamlNode* value = node.find("action");
    const auto allowed = actions_of(stage);
    if (value == nullptr) {
      return problems_.error(node.place, "a rule needs an action: " + joined(allowed));
    }
    for (const Action action : kActions) {
      if (value->kind != Kind::scalar || value->text != action_name(action)) continue;
      rule.action = action;
      if (std::ranges::find(allowed, action_name(action)) != allowed.end()) return;
      return problems_.error(value->place, "action '" + value->text + "' is not for the " +
                                               std::string(stage_name(stage)) +
                                               " stage, which has " + joined(allowed));
    }
    read_word(*value, "action", allowed, problems_);
  }

  void read_profile(const YamlNode& node, Stage stage, Rule& rule) {
    if (stage == Stage::response) rule.profile = &compiled_->profiles.front();
    const YamlNode* value = node.find("profile");
    if (value == nullptr) return;
    if (stage != Stage::response || rule.action == Action::block) {
      return problems_.error(value->place, "a profile is for response rules that do not block");
    }
    std::vector<std::string_view> names;
    for (const Profile& profile : compiled_->profiles) {
      names.push_back(profile.name);
      if (value->kind == Kind::scalar && profile.name == value->text) rule.profile = &profile;
    }
    if (value->kind != Kind::scalar || rule.profile->name != value->text) {
      problems_.error(value->place,
                      "unknown profile " + quoted(value->text) + did_you_mean(value->text, names));
    }
  }

  void read_reason(const YamlNode& node, Rule& rule) {
    const YamlNode* value = node.find("reason");
    if (value == nullptr) return;
    rule.reason = read_text(*value, "reason", problems_).value_or("");
    if (rule.reason.size() > kLongestReason) {
      problems_.error(value->place, "the reason is longer than 500 bytes");
    }
  }

  void read_when(const YamlNode& node, Stage stage, Rule& rule) {
    if (node.kind == Kind::null) return;
    if (node.kind != Kind::map) {
      return problems_.error(node.place, "when must be a map of conditions");
    }
    ConditionScope scope{problems_, lists_, views(compiled_->group_names), known_categories()};
    for (const YamlEntry& entry : node.entries) {
      if (entry.key == "any") {
        check_any(entry, node);
      } else if (auto condition = compile_condition(entry, stage, scope)) {
        rule.when.push_back(std::move(*condition));
      }
    }
  }

  // `any: true` says "always" in words.
  void check_any(const YamlEntry& entry, const YamlNode& when) {
    if (entry.value.text != "true") problems_.error(entry.place, "any can only be true");
    if (when.entries.size() > 1) problems_.error(entry.place, "any: true goes without conditions");
  }

  void warn_about(const Rule& rule, Stage stage) {
    if (stage != Stage::request || !rule.names_certificate_error()) return;
    const bool narrow = std::ranges::any_of(rule.when, [](const Condition& condition) {
      return condition.row->name == "host" || condition.row->name == "category";
    });
    if (rule.action != Action::block && !narrow) {
      problems_.warn(rule.place, "rule '" + rule.name +
                                     "' accepts certificates that do not verify for every host");
    }
  }

  static std::vector<std::string_view> views(const std::deque<std::string>& names) {
    return {names.begin(), names.end()};
  }

  // Of the policy and its lists, each preceded by its length, so that no two sets are the same.
  std::string version_of(std::string_view text) const {
    Digests digests(false);
    const auto add = [&](std::string_view part) {
      const std::string size = std::to_string(part.size()) + "\n";
      digests.update(as_bytes(size));
      digests.update(as_bytes(part));
    };
    add(text);
    for (const auto& [name, list] : lists_.all()) {
      add(name);
      add(list.content);
    }
    return digests.finish().sha256.substr(0, 12);
  }

  Problems problems_;
  ListFiles lists_;
  std::unique_ptr<CompiledPolicy> compiled_ = std::make_unique<CompiledPolicy>();
};

}  // namespace

// Names go into header fields, events and tests.
bool is_policy_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fits);
}

bool Rule::names_certificate_error() const {
  return std::ranges::any_of(
      when, [](const Condition& condition) { return condition.row->name == "certificate_error"; });
}

std::vector<std::string_view> actions_of(Stage stage) {
  if (stage == Stage::connect) return {"intercept", "bypass", "block"};
  if (stage == Stage::verdict) return {"allow", "alert", "block", "unlock", "coach"};
  if (stage == Stage::request) return {"allow", "alert", "block", "coach"};
  if (stage == Stage::sandbox) return {"hold", "release", "off"};
  return {"allow", "alert", "block"};
}

std::unique_ptr<CompiledPolicy> compile_policy(std::string_view text, const std::string& file,
                                               std::vector<Diagnostic>& out) {
  return PolicyCompiler(file, out).compile(text);
}

}  // namespace weir
