#include "conf/yaml.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Kind = YamlNode::Kind;

std::optional<YamlNode> parse(std::string_view text, std::string* said = nullptr) {
  std::vector<Diagnostic> out;
  Problems problems("f.yaml", out);
  auto node = parse_yaml(text, problems);
  EXPECT_EQ(node.has_value(), out.empty());
  if (said != nullptr && !out.empty()) *said = out.front().text();
  return node;
}

TEST(Yaml, KeepsThePlaceOfKeysAndValues) {
  const auto root = parse("a: 1\nb:\n  - x\n  - {c: 'd e'}\n");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, Kind::map);
  const YamlNode* b = root->find("b");
  ASSERT_NE(b, nullptr);
  ASSERT_EQ(b->items.size(), 2U);
  EXPECT_EQ(b->items[0].text, "x");
  EXPECT_EQ(b->items[0].place.line, 3);
  EXPECT_EQ(b->items[0].place.column, 5);
  const YamlEntry& c = b->items[1].entries.at(0);
  EXPECT_EQ(c.key, "c");
  EXPECT_EQ(c.place.line, 4);
  EXPECT_EQ(c.place.column, 6);
  EXPECT_EQ(c.value.text, "d e");
  EXPECT_EQ(c.value.place.column, 9);
  EXPECT_EQ(root->find("nope"), nullptr);
}

TEST(Yaml, NullIsWhatIsNotThere) {
  const auto root = parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->kind, Kind::null);
  EXPECT_EQ(root->find("b")->kind, Kind::null);
  EXPECT_EQ(root->find("c")->kind, Kind::null);
  EXPECT_EQ(root->find("d")->kind, Kind::scalar);
  EXPECT_EQ(root->find("e")->kind, Kind::scalar);
  EXPECT_EQ(parse("")->kind, Kind::null);
  EXPECT_EQ(parse("# only a comment\n")->kind, Kind::null);
}

TEST(Yaml, AliasesAreCopies) {
  const auto root = parse("a: &x [1, 2]\nb: *x\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("b")->items.size(), 2U);
}

TEST(Yaml, Refuses) {
  std::string billion = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    billion += std::string(1, c) + ": &" + c + " [" + before;
    for (int i = 0; i < 9; ++i) billion += ", " + before;
    billion += "]\n";
  }
  const struct {
    std::string input, want;
  } cases[] = {
      {billion, "too many values"},
      {std::string(40, '['), "nested too deep"},
      {"a: &x [*x]\n", "an alias inside of what it names"},
      {"a: *x\n", "f.yaml:1"},
      {"a: 1\nb: {c: 1, c: 2}\n", "f.yaml:2:11: duplicate key 'c'"},
      {std::string("a: \0b\n", 6), "f.yaml:1:4: not UTF-8 text"},
      {"a: 1\nb: \xff\n", "f.yaml:2:4: not UTF-8 text"},
      {"a: \"\\0\"\n", "a NUL byte"},
      {"a: b: c\n", "f.yaml:1"},
      {"a: !include x\n", "tags are not used"},
      {std::string(300, 'k') + ": 1\n", "a key is too long"},
      {std::string(kMostYamlBytes + 1, '#'), "larger than 4 MiB"},
      {"\tx: 1\n", "f.yaml:1"},
  };
  for (const auto& test : cases) {
    std::string said;
    EXPECT_FALSE(parse(test.input, &said)) << test.input.substr(0, 80);
    EXPECT_NE(said.find(test.want), std::string::npos) << test.input.substr(0, 80) << said;
  }
}

TEST(Yaml, RegularFilesOnly) {
  std::vector<Diagnostic> out;
  Problems problems("/dev/zero", out);
  EXPECT_FALSE(load_yaml("/dev/zero", problems));
  EXPECT_FALSE(load_yaml("/", problems));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_NE(out[0].message.find("not a regular file"), std::string::npos);
}

TEST(Diagnostic, Text) {
  EXPECT_EQ((Diagnostic{"f", 0, 0, "m", false}.text()), "f: m");
  EXPECT_EQ((Diagnostic{"f", 3, 7, "m", false}.text()), "f:3:7: m");
  EXPECT_EQ((Diagnostic{"f", 3, 7, "m", true}.text()), "f:3:7: warning: m");
}

}  // namespace
}  // namespace weir
