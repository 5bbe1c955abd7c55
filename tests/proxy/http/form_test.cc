#include "proxy/http/form.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Form, IsReadAsBrowsersWriteIt) {
  struct Row {
    std::string body;
    std::vector<std::pair<std::string, std::string>> want;
  };
  const Row rows[] = {
      {"", {}},
      {"form=ab&password=a+b%2B%26%3D", {{"form", "ab"}, {"password", "a b+&="}}},
      {"password=%E7%A7%98", {{"password", "秘"}}},
      {"a", {{"a", ""}}},
      {"=b", {{"", "b"}}},
      {"a=b=c&&d=%zz", {{"a", "b=c"}, {"d", "%zz"}}},
  };
  for (const Row& row : rows) {
    std::vector<std::pair<std::string, std::string>> got;
    for (const FormField& field : parse_form(row.body)) got.emplace_back(field.name, field.value);
    EXPECT_EQ(got, row.want) << row.body;
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a=b&";
  EXPECT_EQ(parse_form(many).size(), 16U);
}

}  // namespace
}  // namespace weir
