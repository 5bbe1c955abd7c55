// What a policy file becomes: everything checked, ready to be asked. Immutable once compiled; the
// Policy that owns it hands it to all loops.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/conditions.h"
#include "policy/host_table.h"
#include "policy/list_file.h"
#include "policy/policy.h"

namespace weir {

inline constexpr int kStageCount = 5;

struct Rule {
  std::string name;
  Place place;
  Action action = Action::block;
  std::string reason;
  const Profile* profile = nullptr;  // of the response stage, never null there
  std::vector<Condition> when;       // all of them
  bool whole = true;                 // read without an error
  bool names_certificate_error() const;
};

// One of the policy's own tests, with the strings that its facts point into.
struct PolicyTest {
  Place place;
  std::string url, host, scheme, path, user, method = "GET", content_type, file_type, file_name;
  std::string reputation;  // one word, "" = not listed
  std::string lookalike, site, sandbox, contains;
  std::string certificate_error, sni, user_agent, first_bytes, threat, sha256, publisher;
  Facts rest;                         // the facts that are no text
  Stage last = Stage::request;        // how far the facts reach
  std::string expect, rule, profile;  // "" = not asked
  bool stage_given = false;           // the decision of `last` is meant, whatever came before
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

struct CompiledPolicy {
  std::string file;
  NetworkRules network;
  UnlockRules unlock;
  CoachRules coach;
  HoldingRules holding;
  std::deque<Profile> profiles;  // the first is the default
  std::array<std::vector<Rule>, kStageCount> stages;
  std::deque<std::string> category_names;  // by label in categories
  HostTable categories;
  std::deque<std::string> group_names;
  std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> users;
  std::vector<PolicyTest> tests;
  std::string version;

  const std::vector<Rule>& rules(Stage stage) const {
    return stages[static_cast<std::size_t>(stage)];
  }
};

// Null exactly when there is an error in `out`.
std::unique_ptr<CompiledPolicy> compile_policy(std::string_view text, const std::string& file,
                                               std::vector<Diagnostic>& out);

// The profiles: section; the first is the default, which requires every scanner and holds.
std::deque<Profile> compile_profiles(const YamlNode* node, Problems& problems);

// The unlock: section.
UnlockRules compile_unlock(const YamlNode& node, Problems& problems, ListFiles& lists);

// The coach: section.
CoachRules compile_coach(const YamlNode& node, Problems& problems);

// The holding: section.
HoldingRules compile_holding(const YamlNode& node, Problems& problems);

// Letters, digits, - _ and dots: names go into header fields, events and tests.
bool is_policy_name(std::string_view text);

// Reports rules that can never decide, because an earlier one always does.
void check_reachable(const std::vector<Rule>& rules, Problems& problems);

// The tests: section, and running it.
std::vector<PolicyTest> compile_tests(const YamlNode& node, Problems& problems);
std::vector<Diagnostic> run_tests(const Policy& policy, const CompiledPolicy& compiled,
                                  int& passed);

// The known keys of the maps in a policy file, for loading and the schema.
namespace policy_keys {
inline constexpr std::array<std::string_view, 14> kTop = {
    "version", "network", "categories", "groups",   "profiles", "unlock",  "coach",
    "holding", "connect", "request",    "response", "verdict",  "sandbox", "tests"};
inline constexpr std::array<std::string_view, 2> kCoach = {"justification", "remember"};
inline constexpr std::array<std::string_view, 9> kHolding = {
    "hold_timeout", "on_timeout",   "on_unavailable", "on_unsupported", "archives",
    "inside_files", "inside_bytes", "keep",           "sign_of_life"};
inline constexpr std::array<std::string_view, 3> kNetwork = {"connect_ports", "http_ports",
                                                             "open_addresses"};
inline constexpr std::array<std::string_view, 6> kProfile = {
    "delivery", "scanners", "max_bytes", "scan_timeout", "suspicious_score", "prove_media"};
inline constexpr std::array<std::string_view, 5> kUnlock = {"passwords", "page_words", "tries",
                                                            "try_time", "keep"};
inline constexpr std::array<std::string_view, 5> kRule = {"name", "when", "action", "profile",
                                                          "reason"};
inline constexpr std::array<std::string_view, 34> kTest = {"get",
                                                           "client",
                                                           "user",
                                                           "method",
                                                           "sni",
                                                           "ech",
                                                           "user_agent",
                                                           "status",
                                                           "content_type",
                                                           "size",
                                                           "file_type",
                                                           "file_name",
                                                           "endless",
                                                           "verdict",
                                                           "reason",
                                                           "threat",
                                                           "publisher",
                                                           "sha256",
                                                           "certificate_error",
                                                           "at",
                                                           "expect",
                                                           "rule",
                                                           "stage",
                                                           "profile",
                                                           "first_bytes",
                                                           "reputation",
                                                           "confidence",
                                                           "lookalike",
                                                           "machine_made",
                                                           "first_seen_here",
                                                           "domain_age",
                                                           "site",
                                                           "contains",
                                                           "sandbox"};
inline constexpr std::array<std::string_view, 4> kDeliveries = {"hold", "trickle", "stream",
                                                                "direct"};
}  // namespace policy_keys

// What rules of a stage may do.
std::vector<std::string_view> actions_of(Stage stage);

}  // namespace weir
