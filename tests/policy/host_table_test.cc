#include "policy/host_table.h"

#include <gtest/gtest.h>

#include <set>

namespace weir {
namespace {

TEST(HostPattern, Parses) {
  const struct {
    std::string_view text, want;  // "" = refused
  } cases[] = {
      {"WWW.Example.COM.", "www.example.com"},
      {"*.example.com", "*.example.com"},
      {".example.com", ".example.com"},
      {"192.0.2.1", "192.0.2.1"},
      {"0xC0000201", "192.0.2.1"},
      {"[2001:DB8::1]", "2001:db8::1"},
      {"a.test/", "a.test"},
      {"a.test/x/../y/", "a.test/y"},
      {"a.test/%7Eeve", "a.test/%7Eeve"},
      {"", ""},
      {"*", ""},
      {"*.", ""},
      {"a.*.test", ""},
      {"a b.test", ""},
      {".a.test/x", ""},
      {"http://a.test/", ""},
  };
  for (const auto& test : cases) {
    const auto pattern = parse_host_pattern(test.text);
    EXPECT_EQ(pattern ? pattern->text() : "", test.want) << test.text;
  }
}

TEST(HostTable, FindsNamesAndSuffixes) {
  HostTable table;
  std::uint32_t label = 0;
  for (const char* text : {"a.test", "*.b.test", ".c.test", "a.test", "test"}) {
    table.add(*parse_host_pattern(text), label++);
  }
  const auto labels = [&](std::string_view host) {
    std::set<std::uint32_t> found;
    table.visit_host(host, [&](std::uint32_t one) {
      found.insert(one);
      return false;
    });
    return found;
  };
  using Labels = std::set<std::uint32_t>;
  EXPECT_EQ(labels("a.test"), (Labels{0, 3}));
  EXPECT_EQ(labels("x.a.test"), Labels{});
  EXPECT_EQ(labels("b.test"), Labels{});
  EXPECT_EQ(labels("x.y.b.test"), Labels{1});
  EXPECT_EQ(labels("c.test"), Labels{2});
  EXPECT_EQ(labels("x.c.test"), Labels{2});
  EXPECT_EQ(labels("xc.test"), Labels{});
  EXPECT_EQ(labels("test"), Labels{4});
  EXPECT_EQ(labels(""), Labels{});
  EXPECT_EQ(labels("."), Labels{});
}

TEST(HostTable, EmptyFindsNothing) {
  const HostTable table;
  EXPECT_FALSE(table.contains("a.test"));
  EXPECT_FALSE(table.visit_url("a.test", "https://a.test/x", [](std::uint32_t) { return true; }));
}

// Against the obvious answer, over many names that share suffixes.
TEST(HostTable, AgreesWithAListOfManyNames) {
  HostTable table;
  std::set<std::string> exact, below;
  for (int i = 0; i < 20000; ++i) {
    const std::string name =
        "n" + std::to_string(i * 7919 % 65536) + ".d" + std::to_string(i % 97) + ".test";
    table.add(*parse_host_pattern((i % 2 == 0 ? "" : "*.") + name), 0);
    (i % 2 == 0 ? exact : below).insert(name);
  }
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "n" + std::to_string(i) + ".d" + std::to_string(i % 97) + ".test";
    EXPECT_EQ(table.contains(name), exact.contains(name)) << name;
    EXPECT_EQ(table.contains("x." + name), below.contains(name)) << name;
  }
}

}  // namespace
}  // namespace weir
