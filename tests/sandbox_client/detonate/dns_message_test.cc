#include "sandbox_client/detonate/dns_message.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::string_literals;

const std::string kHead = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;
const std::string kName = "\x02"s + "C2" + "\x07"s + "example" + "\x00"s;
const std::string kA = "\x00\x01\x00\x01"s;

TEST(DnsMessage, ReadsTheQuestion) {
  const auto question = read_dns_question(as_bytes(kHead + kName + kA));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "c2.example");
  EXPECT_EQ(question->type, 1);
}

TEST(DnsMessage, AnswersWithTheAddress) {
  const std::string query = kHead + kName + kA + "additional";
  const auto question = read_dns_question(as_bytes(query));
  ASSERT_TRUE(question);
  const auto answer = answer_dns(as_bytes(query), *question, {198, 18, 0, 7});
  const std::string want = "\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00"s + kName + kA +
                           "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x12\x00\x07"s;
  EXPECT_EQ(as_text(answer), want);
}

TEST(DnsMessage, OtherTypesHaveNoRecord) {
  const std::string query = kHead + kName + "\x00\x1c\x00\x01"s;
  const auto question = read_dns_question(as_bytes(query));
  ASSERT_TRUE(question);
  const auto answer = answer_dns(as_bytes(query), *question, {198, 18, 0, 7});
  EXPECT_EQ(answer.size(), query.size());
  EXPECT_EQ(answer[7], 0);
}

TEST(DnsMessage, RefusesAllElse) {
  const struct {
    const char* name;
    std::string message;
  } cases[] = {
      {"nothing", ""},
      {"a head only", kHead},
      {"an answer", "\x12\x34\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00"s + kName + kA},
      {"two questions", "\x12\x34\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00"s + kName + kA},
      {"a name without end", kHead + "\x02"s + "c2"},
      {"a label longer than the message", kHead + "\x3f"s + "c2"},
      {"a pointer", kHead + "\xc0\x0c"s + kA},
      {"no type", kHead + kName + "\x00"s},
  };
  for (const auto& one : cases) EXPECT_FALSE(read_dns_question(as_bytes(one.message))) << one.name;
}

TEST(DnsMessage, OddBytesOfANameAreHidden) {
  const auto question = read_dns_question(as_bytes(kHead + "\x03"s + "a\n." + "\x00"s + kA));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "a??");
}

}  // namespace
}  // namespace weir
