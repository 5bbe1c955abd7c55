#include "sandbox_client/cape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "sandbox_client/judgement.h"
#include "sandbox_client/service.h"
#include "tests/sandbox_client/manual_sleeper.h"
#include "tests/sandbox_client/samples.h"
#include "tests/sandbox_client/scripted_server.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

const std::string kSha = sha256_hex(as_bytes("sample"));
constexpr const char* kReport =
    R"({"error":false,"data":{"malscore":8.4,"detections":null,"signatures":[],"info":{"version":"2.4"}}})";

// A CAPE whose answers are set by path; what is not set is 404.
class Cape : public testing::Test {
 protected:
  Cape() {
    options_.rest.base_url = server_.url();
    options_.rest.http.timeout = 2s;
    options_.rest.http.max_body = 100'000;
    work_.submission.sha256 = kSha;
    work_.submission.name = "setup.exe";
    work_.key = "0123456789abcdef";
    set("/apiv2/tasks/search/sha256/" + kSha + "/", R"({"error":false,"data":[]})");
  }

  void set(const std::string& path, const std::string& json) { set_raw(path, http_answer(json)); }
  void set_raw(const std::string& path, const std::string& answer) {
    const std::scoped_lock lock(mutex_);
    answers_[path] = answer;
  }
  std::string answer(const SeenRequest& request) {
    const std::scoped_lock lock(mutex_);
    const auto found = answers_.find(request.path);
    return found == answers_.end() ? http_answer("{}", "404 Not Found") : found->second;
  }
  CapeEngine engine() { return CapeEngine(options_, clock_, sleeper_, stop_); }
  Result<std::string> submit() { return engine().submit(work_, memory_file("sample")); }
  std::string find() {
    const auto found = engine().find(work_);
    if (!found) return "error: " + found.error().what;
    if (!found->ticket.empty()) return "ticket " + found->ticket;
    return found->judgement ? "report " + std::to_string(found->judgement->verdict.score) : "none";
  }

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  ScriptedServer server_{[this](const SeenRequest& request) { return answer(request); }};
  TempFolder folder_;
  ManualClock clock_;
  ManualSleeper sleeper_{clock_};
  std::atomic<bool> stop_ = false;
  CapeOptions options_;
  Work work_;
};

TEST_F(Cape, SubmitsWithTheMarkThePasswordAndTheToken) {
  std::ofstream(folder_ / "token") << "s3cret\n";
  options_.rest.token_file = folder_ / "token";
  options_.fields = {{"package", "exe"}, {"timeout", "120"}};
  work_.submission.password = "infected";
  set("/apiv2/tasks/create/file/",
      R"({"error":[],"data":{"task_ids":[7],"message":"Task ID 7 has been submitted"},"errors":[],"url":["x"]})");
  const auto ticket = submit();
  ASSERT_TRUE(ticket) << ticket.error().what;
  EXPECT_EQ(*ticket, "7");
  const auto seen = server_.seen().back();
  EXPECT_TRUE(seen.head.contains("Authorization: Token s3cret\r\n"));
  for (const char* part : {"name=\"package\"\r\n\r\nexe\r\n", "name=\"timeout\"\r\n\r\n120\r\n",
                           "name=\"custom\"\r\n\r\nweir-0123456789abcdef\r\n",
                           "name=\"options\"\r\n\r\npassword=infected\r\n",
                           "filename=\"setup.exe\"", "\r\n\r\nsample\r\n"}) {
    EXPECT_TRUE(seen.body.contains(part)) << part;
  }
  work_.submission.password = "a,timeout=1";  // would be another option
  ASSERT_TRUE(submit());
  EXPECT_FALSE(server_.seen().back().body.contains("name=\"options\""));
}

TEST_F(Cape, WhatASubmissionCanBeAnsweredWith) {
  const struct {
    const char* name;
    std::string answer;
    std::string ticket;  // or an error
    Errc code = Errc::internal;
    bool retryable = false;
  } cases[] = {
      {"several tasks", http_answer(R"({"error":[],"data":{"task_ids":[7,8,8,9]}})"), "7,8,9"},
      {"error with 200", http_answer(R"({"error":true,"error_value":"Error adding task"})"), "",
       Errc::io, true},
      {"errors in a list",
       http_answer(R"({"error":[],"data":{"task_ids":[]},"errors":[{"a.exe":"Failed to store"}]})"),
       "", Errc::io, true},
      {"errors as texts",
       http_answer(R"({"error":[],"data":{"task_ids":null},"errors":["no space"]})"), "", Errc::io,
       true},
      {"too big", http_answer(R"({"error":true,"error_value":"File size exceeded: too big"})"), "",
       Errc::unsupported, true},
      {"no ids", http_answer(R"({"error":false,"data":{}})"), "", Errc::malformed, false},
      {"ids that are none", http_answer(R"({"error":[],"data":{"task_ids":["7"]}})"), "",
       Errc::malformed, false},
      {"negative", http_answer(R"({"error":[],"data":{"task_ids":[-7]}})"), "", Errc::malformed,
       false},
      {"huge", http_answer(R"({"error":[],"data":{"task_ids":[1e18]}})"), "", Errc::malformed,
       false},
      {"not JSON", http_answer("<html>Login</html>"), "", Errc::malformed, false},
      {"a list", http_answer("[1,2]"), "", Errc::malformed, false},
      {"deep", http_answer(std::string(5000, '[')), "", Errc::too_large, false},
      {"too long", http_answer(std::string(200'000, ' ')), "", Errc::too_large, false},
      {"unauthorized", http_answer("{}", "401 Unauthorized"), "", Errc::denied, true},
      {"throttled", http_answer("{}", "429 Too Many", "Retry-After: 40\r\n"), "", Errc::busy, true},
      {"proxy error", http_answer("{}", "502 Bad Gateway"), "", Errc::io, false},
      {"redirect", http_answer("", "302 Found", "Location: http://evil.test/\r\n"), "",
       Errc::denied, true},
      {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"error\":[],", "",
       Errc::truncated, false},
      {"silence", "", "", Errc::truncated, false},
  };
  for (const auto& one : cases) {
    set_raw("/apiv2/tasks/create/file/", one.answer);
    const auto ticket = submit();
    EXPECT_EQ(ticket.value_or(""), one.ticket) << one.name;
    if (!one.ticket.empty() || ticket) continue;
    EXPECT_EQ(errc_name(ticket.error().code), errc_name(one.code))
        << one.name << ": " << ticket.error().what;
    EXPECT_EQ(ticket.error().retryable, one.retryable) << one.name;
  }
  std::string many = R"({"error":[],"data":{"task_ids":[1)";
  for (int i = 2; i < 70; ++i) many += "," + std::to_string(i);
  set("/apiv2/tasks/create/file/", many + "]}}");
  EXPECT_EQ(submit().error().code, Errc::malformed);
}

TEST_F(Cape, EveryStateOfATask) {
  const struct {
    std::string status;
    std::string iocs;
    std::string want;
  } cases[] = {
      {R"({"error":false,"data":"pending"})", "", "not yet"},
      {R"({"error":false,"data":"running"})", "", "not yet"},
      {R"({"error":false,"data":"distributed"})", "", "not yet"},
      {R"({"error":false,"data":"completed"})", kReport, "not yet"},
      {R"({"error":false,"data":"recovered"})", "", "not yet"},
      {R"({"error":false,"data":"distributed_completed"})", "", "not yet"},
      {R"({"error":false,"data":"a state of next year"})", "", "not yet"},
      {R"({"error":false,"data":"reported"})", kReport, "malicious 84"},
      {R"({"error":false,"data":"reported"})",
       R"({"error":true,"error_value":"Sample not found in database"})", "not yet"},
      {R"({"error":false,"data":"reported"})", "", "not_found"},
      {R"({"error":false,"data":"failed_analysis"})", "", "crashed"},
      {R"({"error":false,"data":"failed_processing"})", "", "crashed"},
      {R"({"error":false,"data":"failed_reporting"})", "", "crashed"},
      {R"({"error":false,"data":"banned"})", "", "crashed"},
      {R"({"error":true,"error_value":"Task does not exist"})", "", "not_found"},
      {R"({"error":true,"error_value":"Task status API is disabled"})", "", "io"},
      {R"({"error":false,"data":7})", "", "malformed"},
      {R"({"error":false})", "", "malformed"},
      {R"("reported")", "", "malformed"},
  };
  for (const auto& one : cases) {
    answers_.clear();
    set("/apiv2/tasks/status/7/", one.status);
    if (!one.iocs.empty()) set("/apiv2/tasks/get/iocs/7/", one.iocs);
    work_.ticket = "7";
    const auto answer = engine().poll(work_);
    std::string got;
    if (!answer) {
      got = errc_name(answer.error().code);
    } else if (!*answer) {
      got = "not yet";
    } else {
      got = std::string(verdict_name((*answer)->verdict.verdict)) + " " +
            std::to_string((*answer)->verdict.score);
    }
    std::replace(got.begin(), got.end(), '-', '_');
    EXPECT_EQ(got, one.want) << one.status << (answer ? "" : ": " + answer.error().what);
  }
}

TEST_F(Cape, WhatAReportCanSay) {
  const struct {
    std::string report;
    std::string want;
  } cases[] = {
      {R"({"data":{"malscore":0}})", "clean 0 "},
      {R"({"data":{"malscore":3.94}})", "clean 39 "},
      {R"({"data":{"malscore":4}})", "suspicious 40 "},
      {R"({"data":{"malscore":10}})", "malicious 100 "},
      {R"({"data":{"malscore":1e300}})", "malicious 100 "},
      {R"({"data":{"malscore":-5}})", "clean 0 "},
      {R"({"data":{"malscore":0,"detections":"Emotet"}})", "malicious 0 Emotet"},
      {R"({"data":{"malscore":1,"detections":[{"family":"Qakbot","details":[]}]}})",
       "malicious 10 Qakbot"},
      {R"({"data":{"malscore":1,"detections":[]}})", "clean 10 "},
      {R"({"malscore":5,"signatures":[{"name":"a","severity":1},{"name":"b","severity":3},{"name":"c"}]})",
       "suspicious 50 b"},
      {R"({"data":{"malscore":1,"detections":"a\u001b[2J\nb"}})", "malicious 10 a\\x1b[2J\\nb"},
      {R"({"data":{"malscore":"9"}})", "malformed"},
      {R"({"data":{"malscore":null}})", "malformed"},
      {R"({"data":[]})", "malformed"},
      {R"([])", "malformed"},
      {R"({"error":true,"error_value":"Task has a TLP of RED"})", "io"},
  };
  for (const auto& one : cases) {
    const auto report = cape_report(*read_json(one.report), kSha, {});
    const auto judgement =
        report ? judge(*report, "") : Result<Judgement>(std::unexpected(report.error()));
    std::string got(judgement ? "" : errc_name(judgement.error().code));
    if (judgement) {
      const SandboxVerdict& verdict = judgement->verdict;
      got = std::string(verdict_name(verdict.verdict)) + " " + std::to_string(verdict.score) + " " +
            verdict.title;
      const auto again = parse_report(judgement->report_json);
      ASSERT_TRUE(again) << again.error().what;
      EXPECT_TRUE(*again == *report) << one.report;
    }
    EXPECT_EQ(got, one.want) << one.report;
  }
}

TEST_F(Cape, AllTasksOfAnArchiveCountAndTheWorstWins) {
  auto cape = engine();
  work_.ticket = "7,8,9";
  const auto status = [this](int id, const std::string& state) {
    set("/apiv2/tasks/status/" + std::to_string(id) + "/",
        R"({"error":false,"data":")" + state + "\"}");
  };
  const auto report = [this](int id, const std::string& score) {
    set("/apiv2/tasks/get/iocs/" + std::to_string(id) + "/",
        R"({"error":false,"data":{"malscore":)" + score + "}}");
  };
  status(7, "reported"), report(7, "1");
  status(8, "running");
  status(9, "reported"), report(9, "9");
  EXPECT_FALSE(*cape.poll(work_));
  status(8, "reported"), report(8, "5");
  const auto asked = server_.count("GET", "/apiv2/tasks/status/7/");
  auto done = cape.poll(work_);
  ASSERT_TRUE(done && *done);
  EXPECT_EQ((*done)->verdict.score, 90);
  EXPECT_EQ((*done)->verdict.verdict, Verdict::malicious);
  EXPECT_EQ(server_.count("GET", "/apiv2/tasks/status/7/"), asked);  // known already

  report(9, "0"), report(8, "0");
  status(7, "failed_analysis");
  done = cape.poll(work_);
  ASSERT_TRUE(done && *done);
  EXPECT_EQ((*done)->verdict.verdict, Verdict::uninspectable);
  EXPECT_EQ((*done)->verdict.reason, Reason::crashed);
  report(9, "10");
  EXPECT_EQ((*cape.poll(work_))->verdict.verdict, Verdict::malicious);
}

TEST_F(Cape, LooksForWhatItHas) {
  const std::string path = "/apiv2/tasks/search/sha256/" + kSha + "/";
  // The test's clock stands at 2027-01-15 08:00.
  const std::string fresh = R"("completed_on":"2027-01-14 10:00:00")";
  const std::string stale = R"("completed_on":"2026-12-01 10:00:00")";
  set("/apiv2/tasks/get/iocs/5/", R"({"error":false,"data":{"malscore":5}})");
  set("/apiv2/tasks/get/iocs/6/", R"({"error":true,"error_value":"Task has a TLP of RED"})");
  const struct {
    std::string list;
    std::string want, want_uncertain;
  } cases[] = {
      {"[]", "none", "none"},
      {R"([{"id":4,"status":"running","custom":"weir-0123456789abcdef"},)"
       R"({"id":3,"status":"reported","custom":"weir-0123456789abcdef"}])",
       "ticket 4,3", "ticket 4,3"},
      {R"([{"id":5,"status":"reported","custom":null,)" + fresh + "}]", "report 50", "none"},
      {R"([{"id":5,"status":"reported",)" + stale + "}]", "none", "none"},
      {R"([{"id":5,"status":"reported","completed_on":"soon"}])", "none", "none"},
      {R"([{"id":5,"status":"reported","completed_on":"4054-01-14 10:00:00"}])", "none", "none"},
      {R"([{"id":5,"status":"running",)" + fresh + "}]", "none", "none"},
      {R"([{"id":6,"status":"reported",)" + fresh + "}]", "none", "none"},
      {R"([{"id":"x"},7,null,[],{"id":-1}])", "none", "none"},
  };
  for (const auto& one : cases) {
    set(path, R"({"error":false,"data":)" + one.list + "}");
    work_.uncertain = false;
    EXPECT_EQ(find(), one.want) << one.list;
    work_.uncertain = true;
    EXPECT_EQ(find(), one.want_uncertain) << one.list;
  }
  // Where searching is off: what was never sent is sent, what may have been waits.
  set(path, R"({"error":true,"error_value":"Task search API is Disabled"})");
  work_.uncertain = false;
  EXPECT_EQ(find(), "none");
  work_.uncertain = true;
  EXPECT_EQ(find(), "error: CAPE says: Task search API is Disabled");
}

TEST_F(Cape, KeepsToFiveRequestsAMinute) {
  set("/apiv2/tasks/status/7/", R"({"error":false,"data":"pending"})");
  work_.ticket = "7";
  auto cape = engine();
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(cape.poll(work_));
  EXPECT_EQ(sleeper_.slept(), 120s);
  set_raw("/apiv2/tasks/status/7/", http_answer("{}", "429 Too Many", "Retry-After: 300\r\n"));
  EXPECT_EQ(cape.poll(work_).error().code, Errc::busy);
  EXPECT_EQ(cape.poll(work_).error().code, Errc::busy);
  EXPECT_GE(sleeper_.slept(), 420s);
}

TEST_F(Cape, ATicketThatIsNone) {
  for (const char* ticket : {"", "x", "7,", ",7", "7 8", "-7", "99999999999999999999"}) {
    work_.ticket = ticket;
    EXPECT_EQ(engine().poll(work_).error().code, Errc::not_found) << ticket;
  }
}

TEST_F(Cape, ThroughTheServiceFromStartToEnd) {
  CountingRandom random;
  Log log(-1, LogLevel::error, clock_);
  const auto queue = *SubmissionQueue::open(folder_ / "sandbox", {}, clock_, random);
  const auto memory = *VerdictMemory::open(folder_ / "verdicts.sqlite", {}, clock_);
  SandboxService service(*queue, *memory, clock_, random, log);
  service.add_engine(std::make_unique<CapeEngine>(options_, clock_, sleeper_, stop_), {});
  std::vector<Outcome> told;
  service.add_listener([&](const Outcome& one) { told.push_back(one); });
  ASSERT_TRUE(queue->use_engines({"cape"}));
  Submission one;
  one.sha256 = kSha;
  ASSERT_TRUE(service.hand_in(one, memory_file("sample").get()));
  set("/apiv2/tasks/create/file/", R"({"error":[],"data":{"task_ids":[7]}})");
  set("/apiv2/tasks/status/7/", R"({"error":false,"data":"running"})");
  for (int i = 0; i < 5; ++i) clock_.advance(std::max<Duration>(service.step(), 10ms));
  EXPECT_TRUE(told.empty());
  set("/apiv2/tasks/status/7/", R"({"error":false,"data":"reported"})");
  set("/apiv2/tasks/get/iocs/7/", kReport);
  for (int i = 0; i < 50 && told.empty(); ++i)
    clock_.advance(std::max<Duration>(service.step(), 10ms));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].verdict.verdict, Verdict::malicious);
  EXPECT_EQ(memory->raw_report(kSha, "cape"), kReport);
  const auto report = parse_report(memory->report(kSha, "cape").value_or(""));
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->score, 84);
  EXPECT_EQ(report->sha256, kSha);
  EXPECT_EQ(server_.count("POST", "/apiv2/tasks/create/file/"), 1u);
}

}  // namespace
}  // namespace weir
