#include "proxy/authenticator.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base64.h"
#include "proxy/net/loop.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() : loop_(clock_) {
    char name[] = "/tmp/weir-users-XXXXXX";
    folder_ = ::mkdtemp(name);
    file_ = folder_ + "/users";
  }
  ~AuthenticatorTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) { std::ofstream(file_) << text; }
  static std::string basic(const std::string& pair) {
    return "Basic " + base64_encode(as_bytes(pair));
  }
  Result<std::string> check(Authenticator& authenticator, const std::string& value) {
    return test::run(loop_, authenticator.check(&value));
  }

  ManualClock clock_;
  Loop loop_;
  std::string folder_, file_;
};

TEST_F(AuthenticatorTest, KnowsItsUsers) {
  write("# people\n\n" + *password_line("alice", "s3:cret") + "\n");
  auto made = Authenticator::load(file_, clock_);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(check(**made, basic("alice:s3:cret")), "alice");
  EXPECT_EQ(check(**made, basic("alice:s3:cret")), "alice");  // from memory
  EXPECT_FALSE(check(**made, basic("alice:wrong")));
  EXPECT_FALSE(check(**made, basic("bob:s3:cret")));
  EXPECT_FALSE(check(**made, basic("alice")));
  EXPECT_FALSE(check(**made, "Bearer x"));
  EXPECT_FALSE(check(**made, "Basic !!!"));
  EXPECT_FALSE(check(**made, basic(std::string("alice:s3:cret\0x", 15))));
  EXPECT_FALSE(check(**made, "Basic " + std::string(5000, 'A')));
  EXPECT_FALSE(test::run(loop_, (*made)->check(nullptr)));
}

TEST_F(AuthenticatorTest, AReloadForgetsWhoIsGone) {
  write(*password_line("alice", "one") + "\n");
  auto made = Authenticator::load(file_, clock_);
  ASSERT_TRUE(made);
  EXPECT_TRUE(check(**made, basic("alice:one")));
  write(*password_line("carol", "two") + "\n");
  ASSERT_TRUE((*made)->reload());
  EXPECT_FALSE(check(**made, basic("alice:one")));
  EXPECT_TRUE(check(**made, basic("carol:two")));
  write("broken\n");
  EXPECT_FALSE((*made)->reload());
  EXPECT_TRUE(check(**made, basic("carol:two")));  // the old file stays in force
}

TEST_F(AuthenticatorTest, BadFilesAreNamedByLine) {
  const struct {
    const char* text;
    const char* want;
  } cases[] = {{"alice\n", "users:1: "},
               {"\n:x\n", "users:2: "},
               {"alice:plaintext\n", "not a modern hash"},
               {"alice:$1$abc$def\n", "not a modern hash"}};
  for (const auto& row : cases) {
    write(row.text);
    const auto made = Authenticator::load(file_, clock_);
    ASSERT_FALSE(made) << row.text;
    EXPECT_NE(made.error().what.find(row.want), std::string::npos) << made.error().what;
  }
  EXPECT_FALSE(Authenticator::load(folder_ + "/none", clock_));
}

TEST(PasswordLine, RefusesWhatCannotBeOne) {
  EXPECT_FALSE(password_line("", "x"));
  EXPECT_FALSE(password_line("a:b", "x"));
  EXPECT_FALSE(password_line("a", ""));
  EXPECT_TRUE(password_line("a", "x")->starts_with("a:$y$"));
}

}  // namespace
}  // namespace weir
