#include "sandbox_client/local.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "sandbox_client/json_reader.h"
#include "sandbox_client/service.h"
#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

const std::string kSha = sha256_hex(as_bytes("sample"));

std::string framed(const std::string& json) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(json.size() >> shift);
  return out + json;
}

std::string report_json(DetonationVerdict verdict, int score, const std::string& sha256 = kSha) {
  SandboxReport report;
  report.engine = "local";
  report.sha256 = sha256;
  report.kind = "shell";
  report.outcome = DetonationOutcome::finished;
  report.verdict = verdict;
  report.score = score;
  report.signatures = {{"small", 2, "", ""}, {"reverse-shell", 9, "why", "T1059"}};
  return write_report(report);
}

// The worker's end of the socket, in the same thread: what a test does between two calls.
class Local : public testing::Test {
 protected:
  Local() {
    options_.socket = folder_ / "detonate.sock";
    listen();
    work_.submission.sha256 = kSha;
    work_.submission.name = "a \"name\".sh";
    work_.submission.password = "infected";
  }
  void listen() {
    ::unlink(options_.socket.c_str());
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, options_.socket.c_str());
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_.get(), 8), 0);
  }
  void accept() {
    peer_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(peer_);
  }
  // The head, and what the descriptor beside it holds.
  std::pair<std::string, std::string> request() {
    std::string bytes(4096, '\0'), content(64, '\0');
    alignas(cmsghdr) char control[256] = {};
    iovec piece{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece, message.msg_iovlen = 1;
    message.msg_control = control, message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(peer_.get(), &message, MSG_CMSG_CLOEXEC);
    EXPECT_GT(got, 4);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (got < 4 || header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
    int file = -1;
    std::memcpy(&file, CMSG_DATA(header), sizeof file);
    const UniqueFd owned(file);
    content.resize(static_cast<std::size_t>(::pread(file, content.data(), content.size(), 0)));
    return {bytes.substr(4, static_cast<std::size_t>(got) - 4), content};
  }
  void say(const std::string& bytes) {
    ASSERT_EQ(::send(peer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string begin(LocalEngine& engine) {
    auto ticket = engine.submit(work_, memory_file("sample"));
    EXPECT_TRUE(ticket) << ticket.error().what;
    accept();
    return work_.ticket = ticket.value_or("");
  }
  std::string outcome(LocalEngine& engine) {
    auto answer = engine.poll(work_);
    if (!answer) return std::string(errc_name(answer.error().code));
    if (!*answer) return "not yet";
    return std::string(verdict_name((*answer)->verdict.verdict)) + " " +
           std::to_string((*answer)->verdict.score) + " " + (*answer)->verdict.title;
  }

  TempFolder folder_;
  ManualClock clock_;
  CountingRandom random_;
  LocalOptions options_;
  UniqueFd listener_, peer_;
  Work work_;
};

TEST_F(Local, HandsOverTheFileAndReadsTheReport) {
  LocalEngine engine(options_, clock_, random_);
  begin(engine);
  const auto [head, content] = request();
  EXPECT_EQ(content, "sample");
  const auto json = read_json(head);
  ASSERT_TRUE(json) << head;
  EXPECT_EQ((*json)["sha256"].text(), kSha);
  EXPECT_EQ((*json)["name"].text(), "a \"name\".sh");
  EXPECT_EQ((*json)["seconds"].integer(), 30);
  EXPECT_EQ(json->items().size(), 3u);  // the worker takes no others
  // The answer comes in pieces.
  const std::string answer = framed(report_json(DetonationVerdict::malicious, 90));
  for (const std::size_t at : {std::size_t{0}, std::size_t{2}, std::size_t{4}, answer.size() - 1}) {
    EXPECT_EQ(outcome(engine), "not yet") << at;
    say(answer.substr(at, at == answer.size() - 1 ? 1 : at == 4 ? answer.size() - 5 : 2));
  }
  EXPECT_EQ(outcome(engine), "malicious 90 reverse-shell");
  EXPECT_EQ(outcome(engine), "not-found");  // it is over
}

TEST_F(Local, WhatAWorkerCanAnswer) {
  SandboxReport unsupported;
  unsupported.sha256 = kSha, unsupported.outcome = DetonationOutcome::unsupported;
  SandboxReport failed;
  failed.sha256 = kSha, failed.outcome = DetonationOutcome::failed;
  SandboxReport nothing;
  nothing.sha256 = kSha, nothing.outcome = DetonationOutcome::timed_out;
  SandboxReport in_time = nothing;
  in_time.verdict = DetonationVerdict::clean;
  const std::string good = report_json(DetonationVerdict::clean, 0);
  const struct {
    const char* name;
    std::string bytes;
    std::string want;
  } cases[] = {
      {"clean", framed(good), "clean 0 reverse-shell"},
      {"unsupported", framed(write_report(unsupported)), "unsupported"},
      {"failed", framed(write_report(failed)), "crashed"},
      {"out of time without a verdict", framed(write_report(nothing)), "crashed"},
      {"out of time, and harmless so far", framed(write_report(in_time)), "clean 0 "},
      {"another file", framed(report_json(DetonationVerdict::clean, 0, std::string(64, 'b'))),
       "crashed"},
      {"not JSON", framed("hello"), "crashed"},
      {"not a report", framed("[]"), "crashed"},
      {"more than the report", framed(good) + "x", "crashed"},
      {"a length beyond all", std::string("\xff\xff\xff\xff", 4), "crashed"},
      {"half", framed(good).substr(0, 50), "not-found"},
      {"nothing", "", "not-found"},
      {"half a length", "\x01", "not-found"},
  };
  for (const auto& one : cases) {
    LocalEngine engine(options_, clock_, random_);
    begin(engine);
    if (!one.bytes.empty()) say(one.bytes);
    peer_.reset();
    EXPECT_EQ(outcome(engine), one.want) << one.name;
  }
}

TEST_F(Local, AFileThatKillsTheWorkerHasFailedInTheEnd) {
  LocalEngine engine(options_, clock_, random_);
  for (const char* want : {"not-found", "crashed"}) {
    begin(engine);
    peer_.reset();
    EXPECT_EQ(outcome(engine), want);
  }
}

TEST_F(Local, AWorkerThatHangsIsLeft) {
  LocalEngine engine(options_, clock_, random_);
  begin(engine);
  clock_.advance(options_.longest - 1s);
  EXPECT_EQ(outcome(engine), "not yet");
  clock_.advance(1s);
  EXPECT_EQ(outcome(engine), "not-found");
  (void)request();
  char byte = 0;
  EXPECT_EQ(::recv(peer_.get(), &byte, 1, MSG_DONTWAIT), 0);  // and sees it
}

TEST_F(Local, NobodyThere) {
  LocalEngine engine(options_, clock_, random_);
  listener_.reset();
  auto answer = engine.submit(work_, memory_file("sample"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().retryable);
  EXPECT_EQ(answer.error().code, Errc::refused);
  options_.socket = std::string(200, 'x');
  EXPECT_EQ(LocalEngine(options_, clock_, random_).submit(work_, memory_file("s")).error().code,
            Errc::invalid);
}

TEST_F(Local, ATicketOfAnEarlierProcessIsHandedOverAgain) {
  const auto queue = *SubmissionQueue::open(folder_ / "sandbox", {}, clock_, random_);
  const auto memory = *VerdictMemory::open(folder_ / "verdicts.sqlite", {}, clock_);
  Log log(-1, LogLevel::error, clock_);
  ASSERT_TRUE(queue->use_engines({"local"}));
  std::vector<Outcome> told;
  Submission one;
  one.sha256 = kSha;
  ASSERT_TRUE(queue->add(one, memory_file("sample").get()));
  for (int life = 0; life < 2; ++life) {
    SandboxService service(*queue, *memory, clock_, random_, log);
    service.add_engine(std::make_unique<LocalEngine>(options_, clock_, random_), {});
    service.add_listener([&](const Outcome& outcome) { told.push_back(outcome); });
    UniqueFd first;
    for (int i = 0; i < 100 && told.empty(); ++i) {
      clock_.advance(std::max<Duration>(service.step(), 10ms));
      pollfd ready{listener_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 0) <= 0) continue;
      accept();
      EXPECT_EQ(request().second, "sample");
      if (life == 0) break;
      say(framed(report_json(DetonationVerdict::suspicious, 50)));
    }
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].verdict.verdict, Verdict::suspicious);
}

}  // namespace
}  // namespace weir
