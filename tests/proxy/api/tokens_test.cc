#include "proxy/api/tokens.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir {
namespace {

const std::string kDigest(64, 'a');

class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

TEST(ApiTokensTest, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* name;
    std::string text;
    const char* want;  // part of what is said; "" = it is fine
  } cases[] = {
      {"empty", "", ""},
      {"one", "- {name: alice, role: reader, sha256: " + kDigest + "}\n", ""},
      {"upper case", "- {name: Al.i-c_e, role: operator, sha256: " + std::string(64, 'A') + "}\n",
       ""},
      {"no list", "name: alice\n", "t:1:1: expected a list"},
      {"no map", "- alice\n", "t:1:3:"},
      {"no name", "- {role: reader, sha256: " + kDigest + "}\n", "'name' has"},
      {"bad name", "- {name: 'a b', role: reader, sha256: " + kDigest + "}\n",
       "t:1:10: 'name' has"},
      {"no role", "- {name: a, sha256: " + kDigest + "}\n", "'role' is missing"},
      {"bad role", "- {name: a, role: admin, sha256: " + kDigest + "}\n", "t:1:19:"},
      {"short digest", "- {name: a, role: reader, sha256: abcd}\n", "'sha256' has the 64"},
      {"a token, no digest", "- {name: a, role: reader, sha256: weir_1}\n", "'sha256' has the 64"},
      {"unknown key", "- {name: a, role: reader, sha256: " + kDigest + ", rol: x}\n", "rol"},
      {"name twice",
       "- {name: a, role: reader, sha256: " + kDigest +
           "}\n- {name: a, role: reader, sha256: " + std::string(64, 'b') + "}\n",
       "t:2:3: the name or the token"},
      {"token twice",
       "- {name: a, role: reader, sha256: " + kDigest +
           "}\n- {name: b, role: operator, sha256: " + kDigest + "}\n",
       "t:2:3: the name or the token"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    std::vector<Diagnostic> found;
    Problems problems("t", found);
    const auto tokens = ApiTokens::parse(one.text, problems);
    const std::string want = one.want;
    EXPECT_EQ(tokens.has_value(), want.empty()) << text_of(found);
    EXPECT_NE(text_of(found).find(want), std::string::npos) << text_of(found);
  }
}

TEST(ApiTokensTest, FindsWhoseTokenItIs) {
  CountingRandom random;
  const std::string alice = new_api_token(random), bob = new_api_token(random);
  EXPECT_NE(alice, bob);
  EXPECT_EQ(alice.size(), 5U + 64U);
  const std::string text = api_token_line("alice", ApiRole::reader, alice) +
                           api_token_line("bob", ApiRole::operate, bob);
  EXPECT_EQ(text.find(alice), std::string::npos);
  std::vector<Diagnostic> found;
  Problems problems("t", found);
  const auto tokens = ApiTokens::parse(text, problems);
  ASSERT_TRUE(tokens) << text_of(found);
  ASSERT_NE(tokens->find(alice), nullptr);
  EXPECT_EQ(tokens->find(alice)->name, "alice");
  EXPECT_EQ(tokens->find(alice)->role, ApiRole::reader);
  ASSERT_NE(tokens->find(bob), nullptr);
  EXPECT_EQ(tokens->find(bob)->role, ApiRole::operate);
  for (const std::string& wrong :
       {std::string(), alice + "0", alice.substr(1), std::string(100'000, 'x')}) {
    EXPECT_EQ(tokens->find(wrong), nullptr);
  }
}

TEST(ApiTokensTest, MoreThanAThousandAreRefused) {
  std::string text;
  for (std::size_t i = 0; i <= ApiTokens::kMost; ++i) text += "- {}\n";
  std::vector<Diagnostic> found;
  Problems problems("t", found);
  EXPECT_FALSE(ApiTokens::parse(text, problems));
  EXPECT_EQ(found.size(), 1U);
}

}  // namespace
}  // namespace weir
