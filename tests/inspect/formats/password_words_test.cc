#include "inspect/formats/password_words.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Row {
  const char* name;
  std::string page;
  bool html;
  std::vector<std::string> want;
};

class PasswordWords : public testing::TestWithParam<Row> {};

TEST_P(PasswordWords, AreFound) {
  const Row& row = GetParam();
  EXPECT_EQ(password_words(as_bytes(row.page), row.html, 16), row.want);
}

const Row kRows[] = {
    {"colon", "The password: infected\nThanks", false, {"infected"}},
    {"equals", "password=1234", false, {"1234"}},
    {"is", "The password is abc123.", false, {"abc123.", "abc123"}},
    {"quotes", "Password: \"two words\" please", false, {"two words", "\"two"}},
    {"japanese", "解凍パスワード：1234", false, {"1234"}},
    {"japanese_particle", "パスワードは「ひみつ7」です。", false, {"ひみつ7", "「ひみつ7"}},
    {"full_width", "パスワード：７７ab", false, {"７７ab", "77ab"}},
    {"chinese", "解压密码：infected", false, {"infected"}},
    {"german", "Passwort: geheim", false, {"geheim"}},
    {"russian", "пароль: tajna", false, {"tajna"}},
    {"beside_japanese", "zipのpassword: x9", false, {"x9"}},
    {"short_keyword", "PW: 4711", false, {"4711"}},
    {"not_a_keyword", "pwd2: 4711, passwords: none", false, {}},
    {"certain_first", "password infected, password: 77", false, {"77", "infected,", "infected"}},
    {"tags", "<p>解凍<b>パスワード</b>：<span>1234</span></p>", true, {"1234"}},
    {"references", "<td>Password&#58;&nbsp;</td><td>a&amp;b&lt;</td>", true, {"a&b<"}},
    {"unseen",
     "<script>var password='s3cret'</script><!-- password: x --><style>password: y</style>",
     true,
     {}},
    {"cut_tag", "password: <b", true, {}},
    {"cut_script", "password: 1 <script> password: 2", true, {"1"}},
    {"nothing_behind", "password:", false, {}},
    {"too_long", "password: " + std::string(65, 'a'), false, {}},
};

INSTANTIATE_TEST_SUITE_P(Table, PasswordWords, testing::ValuesIn(kRows),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(PasswordWordsBounds, StopAtTheNumberAskedFor) {
  std::string page;
  for (int i = 0; i < 100'000; ++i) page += "password: word" + std::to_string(i) + "\n";
  const auto words = password_words(as_bytes(page), false, 16);
  ASSERT_EQ(words.size(), 16U);
  EXPECT_EQ(words.front(), "word0");
}

}  // namespace
}  // namespace weir
