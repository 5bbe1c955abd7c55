#include "conf/reference.h"

#include <gtest/gtest.h>

#include "tests/support/generated.h"

namespace weir {
namespace {

TEST(SettingsReference, SchemaIsCommitted) {
  expect_generated("docs/weir.schema.json", settings_schema());
}

TEST(SettingsReference, PageIsCommitted) {
  expect_generated_part("docs/configuration.md", "<!-- made from conf/settings_table.cc -->\n", "",
                        settings_reference());
}

TEST(SettingsReference, IndentsJson) {
  EXPECT_EQ(indented_json(R"({"a":[1,{"b":"x,{\"\\"}],"c":{},"d":[]})"), R"({
  "a": [
    1,
    {
      "b": "x,{\"\\"
    }
  ],
  "c": {},
  "d": []
}
)");
}

}  // namespace
}  // namespace weir
