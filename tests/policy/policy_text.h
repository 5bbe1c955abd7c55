// Policies from a few lines, for tests: what is not said is the least that is allowed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/policy.h"

namespace weir {

inline std::string all_text(const std::vector<Diagnostic>& problems) {
  std::string text;
  for (const Diagnostic& problem : problems) text += problem.text() + "\n";
  return text;
}

// `extra` sections replace the defaults of the same name.
inline std::string policy_text(const std::string& extra) {
  std::string text = "version: 1\n" + extra;
  const struct {
    std::string name, rules;
  } stages[] = {{"connect", "[{name: open, action: intercept}]"},
                {"request", "[{name: all, action: allow}]"},
                {"response", "[{name: all, action: allow}]"},
                {"verdict", "[{name: all, action: allow}]"}};
  for (const auto& [name, rules] : stages) {
    if (("\n" + text).find("\n" + name + ":") == std::string::npos) {
      text += name + ": " + rules + "\n";
    }
  }
  return text;
}

inline std::shared_ptr<const Policy> policy_of(const std::string& extra,
                                               const std::string& file = "policy.yaml") {
  std::vector<Diagnostic> problems;
  auto policy = Policy::parse(policy_text(extra), file, problems);
  EXPECT_TRUE(policy) << all_text(problems) << policy_text(extra);
  return policy;
}

// What is wrong with it, as text; "" when nothing is.
inline std::string problems_of(const std::string& extra) {
  std::vector<Diagnostic> problems;
  const auto policy = Policy::parse(policy_text(extra), "policy.yaml", problems);
  const bool errors = std::ranges::any_of(problems, [](const auto& p) { return !p.warning; });
  EXPECT_EQ(policy == nullptr, errors) << all_text(problems);
  return all_text(problems);
}

}  // namespace weir
