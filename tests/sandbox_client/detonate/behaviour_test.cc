#include "sandbox_client/detonate/behaviour.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

constexpr const char* kSample = "/no/such/sample";

bool has_act(const SandboxReport& report, const std::string& what) {
  return std::ranges::find(report.acts, what, &ActSeen::what) != report.acts.end();
}

TEST(Behaviour, TriflesDoNotPushOutWhatMatters) {
  Behaviour behaviour(kSample);
  for (int at = 0; at < 2000; ++at) {
    const std::string number = std::to_string(at);
    behaviour.file("/tmp/" + number, FileDeed::written, false);
    behaviour.act("made-executable", "/tmp/" + number);
    behaviour.network({"dns", "n" + number + ".example", "", 53, ""});
  }
  behaviour.file(expand_home("~/.bashrc"), FileDeed::written, false);
  behaviour.act("shell-on-socket", "/usr/bin/bash");
  behaviour.network({"tcp", "", "203.0.113.5", 4444, ""});
  const SandboxReport report = behaviour.finish();
  EXPECT_EQ(report.files.back().path, expand_home("~/.bashrc"));
  EXPECT_TRUE(has_act(report, "shell-on-socket"));
  EXPECT_EQ(report.network.back().port, 4444);
  EXPECT_EQ(report.truncated, (std::vector<std::string>{"network", "files"}));
}

TEST(Behaviour, SaysWhenWhatMattersIsTooMuch) {
  Behaviour behaviour(kSample);
  for (int at = 0; at < 2000; ++at) {
    behaviour.file("/etc/" + std::to_string(at), FileDeed::written, false);
    behaviour.network({"tcp", "", "192.0.2.1", at, ""});
  }
  const SandboxReport report = behaviour.finish();
  EXPECT_TRUE(has_act(report, "many-sensitive-files"));
  EXPECT_TRUE(has_act(report, "many-connections"));
}

TEST(Behaviour, NoNamesMakeTheReportTooLong) {
  Behaviour behaviour(kSample);
  const auto name = [](int at) {
    return "/etc/" + std::to_string(at) + std::string(4000, at % 2 == 0 ? '\x01' : '\xff');
  };
  for (int at = 0; at < 2000; ++at) {
    behaviour.started(at + 2, 1);
    behaviour.ran(at + 2, std::vector<std::string>(100, name(at)), "/bin/x", {});
    behaviour.file(name(at), FileDeed::written, true);
    behaviour.act(std::to_string(at % 30), name(at));
    behaviour.network({"tcp", name(at), "192.0.2.1", at, std::string(512, 'f')});
    behaviour.output(name(at));
  }
  const std::string json = write_report(behaviour.finish());
  EXPECT_LT(json.size(), ReportLimits::json_bytes);
  EXPECT_TRUE(parse_report(json));
}

TEST(Behaviour, ADroppedFileIsKnownWhenItRuns) {
  Behaviour behaviour(kSample);
  behaviour.file("/tmp/x", FileDeed::written, false);
  behaviour.file("/tmp/refused", FileDeed::written, true);
  behaviour.ran(5, {"sh", "/tmp/refused"}, "/bin/dash", {"/bin/dash", "/tmp/refused"});
  behaviour.ran(4, {"sh", "/tmp/x"}, "/bin/dash", {"/bin/dash", "/tmp/x"});
  const SandboxReport report = behaviour.finish();
  ASSERT_EQ(report.acts.size(), 2U);  // and the documents, which are not there
  EXPECT_EQ(report.acts[0], (ActSeen{"ran-dropped", "/tmp/x", 1}));
}

TEST(Behaviour, AChildKeepsItsNameWhateverComesFirst) {
  Behaviour behaviour(kSample);
  behaviour.ran(3, {"id"}, "/usr/bin/id", {});
  behaviour.started(3, 2);
  behaviour.ended(3, 0);
  const SandboxReport report = behaviour.finish();
  ASSERT_EQ(report.processes.size(), 1U);
  EXPECT_EQ(report.processes[0], (ProcessSeen{3, 2, {"id"}, 0}));
}

TEST(Behaviour, TheFirstReasonToStopStays) {
  Behaviour behaviour(kSample);
  behaviour.stop_reason(DetonationOutcome::timed_out, "one");
  behaviour.stop_reason(DetonationOutcome::failed, "two");
  const SandboxReport report = behaviour.finish();
  EXPECT_EQ(report.outcome, DetonationOutcome::timed_out);
  EXPECT_EQ(report.reason, "one");
}

}  // namespace
}  // namespace weir
