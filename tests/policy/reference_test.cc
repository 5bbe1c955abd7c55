#include "policy/reference.h"

#include <gtest/gtest.h>

#include "policy/compiled_policy.h"
#include "tests/support/generated.h"

namespace weir {
namespace {

TEST(PolicyReference, SchemaIsCommitted) {
  expect_generated("docs/policy.schema.json", policy_schema());
}

TEST(PolicyReference, ConditionsAreCommitted) {
  expect_generated_part("docs/policy.md", "<!-- made from policy/conditions.cc -->\n",
                        "\n<!-- end -->", conditions_reference());
}

// What is no condition is written by hand, so its words are looked for.
TEST(PolicyReference, PageNamesEveryKeyAndAction) {
  const std::string page = file_text(std::string(WEIR_SOURCE_DIR) + "/docs/policy.md");
  const auto expect_named = [&](auto words) {
    for (const std::string_view word : words) {
      EXPECT_NE(page.find("`" + std::string(word)), std::string::npos) << word;
    }
  };
  expect_named(policy_keys::kTop);
  expect_named(policy_keys::kNetwork);
  expect_named(policy_keys::kProfile);
  expect_named(policy_keys::kUnlock);
  expect_named(policy_keys::kRule);
  expect_named(policy_keys::kTest);
  expect_named(policy_keys::kDeliveries);
  expect_named(actions_of(Stage::connect));
  expect_named(actions_of(Stage::request));
  expect_named(actions_of(Stage::verdict));
}

}  // namespace
}  // namespace weir
