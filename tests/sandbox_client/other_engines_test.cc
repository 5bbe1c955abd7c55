// Cuckoo 3 and the webhook against a server that answers as the case says.
#include <gtest/gtest.h>

#include "sandbox_client/cuckoo3.h"
#include "sandbox_client/webhook.h"
#include "tests/sandbox_client/manual_sleeper.h"
#include "tests/sandbox_client/samples.h"
#include "tests/sandbox_client/scripted_server.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

const std::string kSha = sha256_hex(as_bytes("sample"));

class OtherEngines : public testing::Test {
 protected:
  OtherEngines() {
    work_.submission.sha256 = kSha;
    work_.submission.name = "a.exe";
    work_.submission.password = "infected";
    work_.key = "00ff";
  }
  Cuckoo3Engine cuckoo() {
    Cuckoo3Options options;
    options.rest.base_url = server_.url();
    options.settings_json = R"("timeout":120)";
    return Cuckoo3Engine(options, clock_, sleeper_, stop_);
  }
  WebhookEngine webhook() {
    WebhookOptions options;
    options.rest.base_url = server_.url() + "/analyse";
    return WebhookEngine(options, clock_, sleeper_, stop_);
  }
  static std::string told(const Result<std::optional<Judgement>>& answer) {
    if (!answer) return std::string(errc_name(answer.error().code));
    if (!*answer) return "not yet";
    return std::string(verdict_name((*answer)->verdict.verdict)) + " " +
           std::to_string((*answer)->verdict.score);
  }

  std::string answer_;
  ScriptedServer server_{[this](const SeenRequest&) { return answer_; }};
  ManualClock clock_;
  ManualSleeper sleeper_{clock_};
  std::atomic<bool> stop_ = false;
  Work work_;
};

TEST_F(OtherEngines, CuckooSubmits) {
  answer_ = http_answer(R"({"analysis_id":"20260102-ABCDEF","settings":{}})");
  const auto ticket = cuckoo().submit(work_, memory_file("sample"));
  ASSERT_TRUE(ticket) << ticket.error().what;
  EXPECT_EQ(*ticket, "20260102-ABCDEF");
  const auto seen = server_.seen().back();
  EXPECT_EQ(seen.path, "/submit/file");
  EXPECT_TRUE(seen.body.contains(
      R"({"priority":1,"orig_filename":true,"password":"infected","timeout":120})"))
      << seen.body;
}

TEST_F(OtherEngines, CuckooRefusesOrLoses) {
  const struct {
    std::string answer;
    Errc code;
    bool retryable;
  } cases[] = {
      {http_answer(R"({"error":"no"})"), Errc::io, true},
      {http_answer(R"({"analysis_id":"../../x"})"), Errc::malformed, false},
      {http_answer("{}", "400 Bad Request"), Errc::denied, true},
      {http_answer("{}", "503 Unavailable"), Errc::io, false},  // it was made
      {http_answer("{}", "429 Too Many"), Errc::busy, true},
  };
  for (const auto& one : cases) {
    answer_ = one.answer;
    const auto ticket = cuckoo().submit(work_, memory_file("sample"));
    ASSERT_FALSE(ticket) << one.answer;
    EXPECT_EQ(errc_name(ticket.error().code), errc_name(one.code)) << ticket.error().what;
    EXPECT_EQ(ticket.error().retryable, one.retryable) << one.answer;
  }
  work_.uncertain = true;
  EXPECT_EQ(cuckoo().find(work_).error().code, Errc::unsupported);
}

TEST_F(OtherEngines, CuckooStates) {
  work_.ticket = "20260102-ABCDEF";
  const std::pair<const char*, const char*> cases[] = {
      {R"({"state":"pending_identification"})", "not yet"},
      {R"({"state":"pending_pre"})", "not yet"},
      {R"({"state":"tasks_pending"})", "not yet"},
      {R"({"state":"no_selected"})", "unsupported"},
      {R"({"state":"fatal_error"})", "crashed"},
      {R"({"state":"finished","score":7.2,"families":["x"]})", "malicious 72"},
      {R"({"state":"finished","score":0})", "clean 0"},
      {R"({"state":"finished"})", "malformed"},
      {R"({"score":5})", "malformed"},
      {R"([])", "malformed"},
  };
  for (const auto& [json, want] : cases) {
    answer_ = http_answer(json);
    EXPECT_EQ(told(cuckoo().poll(work_)), want) << json;
  }
  work_.ticket = "../admin";
  EXPECT_EQ(told(cuckoo().poll(work_)), "not-found");
}

TEST_F(OtherEngines, WebhookSubmitsAndKeepsToItsOrigin) {
  answer_ = http_answer(R"({"ticket":"/t/1"})", "202 Accepted");
  auto ticket = webhook().submit(work_, memory_file("sample"));
  ASSERT_TRUE(ticket) << ticket.error().what;
  EXPECT_EQ(*ticket, server_.url() + "/t/1");
  const auto seen = server_.seen().back();
  EXPECT_EQ(seen.method + " " + seen.path, "POST /analyse");
  for (const char* part : {"name=\"key\"\r\n\r\n00ff\r\n", "name=\"password\"\r\n\r\ninfected\r\n",
                           "\r\n\r\nsample\r\n"}) {
    EXPECT_TRUE(seen.body.contains(part)) << part;
  }
  for (const char* bad : {R"({"ticket":"http://127.0.0.1:1/t"})", R"({"ticket":"//evil.test/t"})",
                          R"({"ticket":""})", R"({"ticket":7})", "{}", "[]"}) {
    answer_ = http_answer(bad, "202 Accepted");
    ticket = webhook().submit(work_, memory_file("sample"));
    const bool elsewhere = ticket && !ticket->starts_with(server_.url() + "/");
    EXPECT_FALSE(elsewhere) << bad;
  }
}

TEST_F(OtherEngines, WebhookIsAskedByTheKeyWhenUnsure) {
  work_.uncertain = true;
  answer_ = http_answer(R"({"ticket":"/t/9"})");
  EXPECT_EQ(webhook().find(work_)->ticket, server_.url() + "/t/9");
  EXPECT_EQ(server_.seen().back().path, "/analyse?key=00ff");
  answer_ = http_answer("{}", "404 Not Found");
  EXPECT_EQ(webhook().find(work_)->ticket, "");
  answer_ = http_answer("{}", "500 Oh");
  EXPECT_FALSE(webhook().find(work_));
}

TEST_F(OtherEngines, WebhookStates) {
  work_.ticket = server_.url() + "/t/1";
  const auto report = [](const std::string& sha256) {
    return R"({"engine":"x","sha256":")" + sha256 +
           R"(","kind":"pe","outcome":"finished","score":90,"verdict":"malicious"})";
  };
  const std::pair<std::string, const char*> cases[] = {
      {http_answer(R"({"status":"pending"})", "202 Accepted"), "not yet"},
      {http_answer(R"({"status":"unknown"})"), "not-found"},
      {http_answer("{}", "404 Not Found"), "not-found"},
      {http_answer(report(kSha)), "malicious 90"},
      {http_answer(report(std::string(64, 'b'))), "malformed"},
      {http_answer(R"({"verdict":"nice"})"), "malformed"},
      {http_answer(R"({})"), "malformed"},
      {http_answer("", "302 Found", "Location: http://evil.test/\r\n"), "denied"},
  };
  for (const auto& [answer, want] : cases) {
    answer_ = answer;
    EXPECT_EQ(told(webhook().poll(work_)), want) << answer;
  }
  work_.ticket = "http://127.0.0.1:1/elsewhere";
  EXPECT_EQ(told(webhook().poll(work_)), "denied");
}

}  // namespace
}  // namespace weir
