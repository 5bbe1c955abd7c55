// The tests: section of a policy: read with everything else, run by `weir check`.
#include <algorithm>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "conf/units.h"
#include "core/file_type.h"
#include "core/http_message.h"
#include "core/url.h"
#include "policy/compiled_policy.h"
#include "policy/walk.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, kStageCount> kStageNames = {"connect", "request", "response",
                                                                   "verdict", "sandbox"};
constexpr std::array<std::string_view, 10> kActionNames = {
    "allow", "alert", "block", "unlock", "coach", "intercept", "bypass", "hold", "release", "off"};
constexpr std::string_view kWhen = "2026-01-05 12:00";  // a Monday, unless the test says `at:`

std::vector<std::string_view> words_of_condition(std::string_view name) {
  const auto row = std::ranges::find(condition_rows(), name, &ConditionRow::name);
  return row == condition_rows().end() ? std::vector<std::string_view>{} : words_of(*row);
}

class TestReader {
 public:
  TestReader(const YamlNode& node, Problems& problems) : node_(node), problems_(problems) {}

  PolicyTest read() {
    test_.place = node_.place;
    if (!check_map(node_, "a test", policy_keys::kTest, problems_)) return std::move(test_);
    read_url();
    read_client();
    read_response();
    read_verdict();
    read_expected();
    return std::move(test_);
  }

 private:
  void read_url() {
    test_.rest.client = IpAddress::v4(0x7f000001);
    test_.rest.status = 200;
    const YamlNode* get = node_.find("get");
    if (get == nullptr) return problems_.error(node_.place, "a test needs get: URL");
    const auto url = parse_url(get->text);
    if (!url) {
      return problems_.error(get->place, "get: " + quoted(get->text) + ": " + url.error().what);
    }
    test_.url = url->text();
    test_.host = url->host;
    test_.scheme = url->scheme;
    test_.path = url->path_and_query;
    test_.rest.port = url->port;
    test_.rest.tls = url->scheme == "https";
    if (test_.rest.tls && !url->is_ip) test_.sni = url->host;
  }

  void read_client() {
    text("user", test_.user);
    text("method", test_.method);
    text("sni", test_.sni);
    text("user_agent", test_.user_agent);
    word("first_bytes", test_.first_bytes);
    if (!test_.first_bytes.empty()) {
      test_.rest.tls = false;
      test_.scheme = "tunnel";
      test_.sni.clear();
    }
    flag("ech", test_.rest.ech);
    word("reputation", test_.reputation);
    if (!test_.reputation.empty()) test_.rest.confidence = 100;
    if (const YamlNode* node = node_.find("confidence")) {
      const auto value = read_count(*node, "confidence", 0, 100, problems_);
      test_.rest.confidence = static_cast<unsigned>(value.value_or(0));
    }
    word("lookalike", test_.lookalike);
    if (!test_.lookalike.empty()) test_.rest.lookalike_score = 100;
    word("site", test_.site);
    if (const YamlNode* node = node_.find("machine_made")) {
      const auto value = read_count(*node, "machine_made", 0, 100, problems_);
      test_.rest.machine_made = static_cast<unsigned>(value.value_or(0));
    }
    test_.rest.seen_since = age("first_seen_here");
    test_.rest.domain_age = age("domain_age");
    if (const YamlNode* node = node_.find("client")) {
      const auto address = IpAddress::parse(node->text);
      if (!address)
        problems_.error(node->place, "client: " + quoted(node->text) + " is no address");
      test_.rest.client = address.value_or(test_.rest.client);
    }
    const YamlNode* at = node_.find("at");
    const auto now = parse_local_time(at == nullptr ? kWhen : std::string_view(at->text));
    if (!now) problems_.error(at->place, "at: must be a local time like '2026-05-04 12:00'");
    test_.rest.now = now.value_or(WallTime{});
    word("certificate_error", test_.certificate_error);
  }

  void read_response() {
    text("content_type", test_.content_type);
    text("file_name", test_.file_name);
    word("file_type", test_.file_type);
    flag("endless", test_.rest.endless);
    if (const auto type = file_type_from_name(test_.file_type)) {
      test_.rest.file_family = family_name(family_of(*type));
    }
    const YamlNode* size = node_.find("size");
    if (size != nullptr) {
      test_.rest.size = read_bytes(*size, "size", 0, ~std::uint64_t{0}, problems_);
    }
    const YamlNode* status = node_.find("status");
    if (status != nullptr) {
      const auto value = read_count(*status, "status", 100, 599, problems_);
      test_.rest.status = static_cast<int>(value.value_or(200));
    }
    if (has({"content_type", "file_name", "file_type", "endless", "size", "status"})) {
      test_.last = Stage::response;
    }
  }

  void read_verdict() {
    std::string verdict;
    std::string reason;
    word("verdict", verdict);
    word("reason", reason);
    word("sandbox", test_.sandbox);
    word("contains", test_.contains);
    text("threat", test_.threat);
    text("publisher", test_.publisher);
    test_.publisher = to_lower(test_.publisher);
    text("sha256", test_.sha256);
    test_.rest.reason = reason_from_name(reason).value_or(Reason::none);
    const bool reasoned = test_.rest.reason != Reason::none;
    test_.rest.verdict =
        verdict_from_name(verdict).value_or(reasoned ? Verdict::uninspectable : Verdict::clean);
    if (reasoned && test_.rest.verdict != Verdict::uninspectable) {
      problems_.error(node_.place, "a reason goes with verdict uninspectable");
    }
    if (has({"verdict", "reason", "threat", "publisher", "sha256", "sandbox", "contains"})) {
      test_.last = Stage::verdict;
    }
  }

  void read_expected() {
    const YamlNode* expect = node_.find("expect");
    if (expect == nullptr) return problems_.error(node_.place, "a test needs expect: ACTION");
    test_.expect = read_word(*expect, "expect", kActionNames, problems_).value_or("");
    text("rule", test_.rule);
    text("profile", test_.profile);
    const YamlNode* stage = node_.find("stage");
    if (stage == nullptr) return;
    const auto name = read_word(*stage, "stage", kStageNames, problems_);
    if (!name) return;
    test_.stage_given = true;
    test_.last = static_cast<Stage>(std::ranges::find(kStageNames, *name) - kStageNames.begin());
  }

  std::optional<std::uint64_t> age(std::string_view key) {
    constexpr std::chrono::hours kLongest{24 * 36500};
    const YamlNode* node = node_.find(key);
    if (node == nullptr) return std::nullopt;
    const auto time = read_duration(*node, key, {}, kLongest, problems_);
    if (!time) return std::nullopt;
    return static_cast<std::uint64_t>(time->count() / 1000);
  }
  bool has(std::initializer_list<std::string_view> keys) const {
    return std::ranges::any_of(keys, [this](auto key) { return node_.find(key) != nullptr; });
  }
  void text(std::string_view key, std::string& into) {
    const YamlNode* node = node_.find(key);
    if (node != nullptr) into = read_text(*node, key, problems_).value_or("");
  }
  void word(std::string_view key, std::string& into) {
    const YamlNode* node = node_.find(key);
    if (node == nullptr) return;
    into = read_word(*node, key, words_of_condition(key), problems_).value_or("");
  }
  void flag(std::string_view key, bool& into) {
    const YamlNode* node = node_.find(key);
    if (node != nullptr) into = read_flag(*node, key, problems_).value_or(false);
  }

  const YamlNode& node_;
  Problems& problems_;
  PolicyTest test_;
};

Facts facts_of(const PolicyTest& test, const Policy& policy) {
  Facts facts = test.rest;
  facts.user = test.user;
  policy.groups_of(test.user, facts.groups);
  facts.host = test.host;
  facts.scheme = test.scheme;
  facts.sni = test.sni;
  facts.first_bytes = test.first_bytes;
  policy.categories_of(test.host, test.url, facts.categories);
  if (!test.reputation.empty()) facts.reputation.emplace_back(test.reputation);
  if (facts.categories.empty()) facts.categories.emplace_back(kUncategorised);
  if (!test.lookalike.empty()) facts.lookalike.emplace_back(test.lookalike);
  if (!test.site.empty()) facts.site.emplace_back(test.site);
  facts.method = test.method;
  facts.url = test.url;
  facts.path = test.path;
  facts.user_agent = test.user_agent;
  facts.certificate_error = test.certificate_error;
  facts.content_type = test.content_type;
  facts.file_type = test.file_type;
  facts.file_name = test.file_name;
  facts.sha256 = test.sha256;
  facts.threat = test.threat;
  facts.publisher = test.publisher;
  facts.sandbox = test.sandbox;
  if (!test.contains.empty()) facts.contains.emplace_back(test.contains);
  if (const auto type = file_type_from_name(test.contains)) {
    facts.contains.push_back(family_name(family_of(*type)));
  }
  return facts;
}

std::string wrong(const PolicyTest& test, const WalkStep& end) {
  const Decision& got = end.decision;
  const std::string profile(got.profile == nullptr ? "" : got.profile->name);
  const bool right = action_name(got.action) == test.expect &&
                     (test.rule.empty() || test.rule == got.rule) &&
                     (test.profile.empty() || test.profile == profile) &&
                     (!test.stage_given || got.stage == test.last);
  if (right) return {};
  std::string out = "test failed: " + test.url + ": expected " + test.expect;
  if (!test.rule.empty()) out += " by '" + test.rule + "'";
  if (!test.profile.empty()) out += " with profile '" + test.profile + "'";
  if (test.stage_given) out += " in " + std::string(stage_name(test.last));
  out += ", got " + std::string(action_name(got.action)) + " by '" + std::string(got.rule) +
         "' in " + std::string(end.name);
  return profile.empty() ? out : out + " with profile '" + profile + "'";
}

}  // namespace

std::vector<PolicyTest> compile_tests(const YamlNode& node, Problems& problems) {
  std::vector<PolicyTest> tests;
  if (node.kind == YamlNode::Kind::null) return tests;
  if (node.kind != YamlNode::Kind::list) {
    problems.error(node.place, "tests must be a list");
    return tests;
  }
  for (const YamlNode& item : node.items) tests.push_back(TestReader(item, problems).read());
  return tests;
}

std::vector<Diagnostic> run_tests(const Policy& policy, const CompiledPolicy& compiled,
                                  int& passed) {
  std::vector<Diagnostic> failures;
  Problems problems(compiled.file, failures);
  passed = 0;
  for (const PolicyTest& test : compiled.tests) {
    const auto steps = walk(policy, facts_of(test, policy), test.last);
    const std::string what = wrong(test, steps.back());
    if (what.empty()) {
      ++passed;
    } else {
      problems.error(test.place, what);
    }
  }
  return failures;
}

}  // namespace weir
