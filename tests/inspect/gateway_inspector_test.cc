#include "inspect/gateway_inspector.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "tests/inspect/scanner_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using test::body_of;
using test::run_co;

class GatewayInspectorTest : public test::ScannerFixture {
 protected:
  GatewayInspectorTest() {
    profile_.scanners.add(Scanner::hash);
    profile_.scanners.add(Scanner::yara);
    settings_.hash_files = {dir_ + "/list"};
    write_list("");
  }
  void write_list(const std::string& text) { std::ofstream(dir_ + "/list") << text; }

  std::unique_ptr<GatewayInspector> inspector() {
    auto started = GatewayInspector::start(settings_, kProgram, clock_, metrics_, log_);
    EXPECT_TRUE(started.has_value()) << started.error().what;
    return std::move(*started);
  }

  static ScanSubject subject(const std::string& act, const std::string& content = "content") {
    ScanSubject subject;
    subject.body = body_of(content);
    subject.size = content.size();
    subject.sha256 = sha256_hex(as_bytes(content));
    subject.name = act;
    return subject;
  }
  Assessment assess(GatewayInspector& inspector, ScanSubject subject) {
    times_ = {};
    return run_co(inspector.assess(std::move(subject), profile_, times_));
  }

  Profile profile_;
  ScanTimes times_;
};

TEST_F(GatewayInspectorTest, CleanIsCleanAndRemembered) {
  const auto gateway = inspector();
  EXPECT_TRUE(gateway->ready());
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::clean);
  EXPECT_FALSE(times_.from_cache);
  EXPECT_EQ(assess(*gateway, subject("crash")).verdict(), Verdict::clean);  // same bytes
  EXPECT_TRUE(times_.from_cache);
  EXPECT_EQ(count("weir_scans_total"), 1U);
}

TEST_F(GatewayInspectorTest, FaultsAreUninspectableAndNotRemembered) {
  const auto gateway = inspector();
  const struct {
    const char* act;
    Reason reason;
  } table[] = {{"crash", Reason::crashed},
               {"garbage", Reason::crashed},
               {"hang", Reason::timeout},
               {"incomplete", Reason::engine_down}};
  for (const auto& row : table) {
    profile_.scan_timeout = row.reason == Reason::timeout ? 200ms : 60s;
    const Assessment found = assess(*gateway, subject(row.act, row.act));
    EXPECT_EQ(found.verdict(), Verdict::uninspectable) << row.act;
    EXPECT_EQ(found.worst()->reason, row.reason) << row.act;
    profile_.scan_timeout = 60s;
    EXPECT_EQ(assess(*gateway, subject("clean", row.act)).verdict(), Verdict::clean) << row.act;
  }
}

TEST_F(GatewayInspectorTest, ListedDigestsNeedNoWorker) {
  write_list(sha256_hex(as_bytes("content")) + " Bad.Thing\n");
  const auto gateway = inspector();
  const Assessment found = assess(*gateway, subject("clean"));
  EXPECT_EQ(found.verdict(), Verdict::malicious);
  EXPECT_EQ(found.worst()->name, "Bad.Thing");
  EXPECT_EQ(found.worst()->scanner, Scanner::hash);
  EXPECT_EQ(count("weir_scans_total"), 0U);
  profile_.scanners = {};
  profile_.scanners.add(Scanner::yara);  // a profile without the list does not ask it
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::clean);
}

TEST_F(GatewayInspectorTest, NoWorkerForProfilesWithoutOne) {
  const auto gateway = inspector();
  profile_.scanners = {};
  EXPECT_EQ(assess(*gateway, subject("crash")).verdict(), Verdict::clean);
  profile_.scanners.add(Scanner::hash);
  ScanSubject bodiless = subject("crash");
  bodiless.body = nullptr;
  EXPECT_EQ(assess(*gateway, std::move(bodiless)).verdict(), Verdict::clean);
  EXPECT_EQ(count("weir_scan_worker_crashes_total"), 0U);
}

TEST_F(GatewayInspectorTest, SameContentAtOnceIsScannedOnce) {
  const auto gateway = inspector();
  boost::asio::io_context loop(1);
  constexpr std::size_t kMany = 10;
  std::vector<ScanTimes> times(kMany);
  std::vector<Verdict> verdicts(kMany, Verdict::clean);
  for (std::size_t i = 0; i < kMany; ++i) {
    boost::asio::co_spawn(loop, gateway->assess(subject("echo"), profile_, times[i]),
                          [&verdicts, i](std::exception_ptr, const Assessment& found) {
                            verdicts[i] = found.verdict();
                          });
  }
  loop.run();
  EXPECT_EQ(verdicts, std::vector<Verdict>(kMany, Verdict::malicious));
  EXPECT_EQ(count("weir_scans_total"), 1U);
}

TEST_F(GatewayInspectorTest, WithoutDigestEveryAskingScans) {
  const auto gateway = inspector();
  ScanSubject nameless = subject("clean");
  nameless.sha256 = "";
  EXPECT_EQ(assess(*gateway, nameless).verdict(), Verdict::clean);
  EXPECT_EQ(assess(*gateway, nameless).verdict(), Verdict::clean);
  EXPECT_EQ(count("weir_scans_total"), 2U);
}

TEST_F(GatewayInspectorTest, ReloadTakesListsAndRulesOrNeither) {
  const auto gateway = inspector();
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::clean);
  EXPECT_FALSE(gateway->wants_old_digests());

  write_list("not a digest\n");
  const auto bad_list = gateway->reload();
  ASSERT_FALSE(bad_list.has_value());
  EXPECT_NE(bad_list.error().what.find("/list:1:"), std::string::npos);

  write_list(sha256_hex(as_bytes("content")) + "\n" + std::string(32, 'a') + "\n");
  set_mode("bad-rule", "2");
  ASSERT_FALSE(gateway->reload().has_value());
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::clean);
  EXPECT_TRUE(times_.from_cache);

  set_mode("good", "2");
  ASSERT_TRUE(gateway->reload().has_value());
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::malicious);
  EXPECT_TRUE(gateway->wants_old_digests());
  EXPECT_EQ(assess(*gateway, subject("clean", "other")).verdict(), Verdict::clean);
}

TEST_F(GatewayInspectorTest, OtherRulesMeanAnotherScan) {
  const auto gateway = inspector();
  EXPECT_EQ(assess(*gateway, subject("clean")).verdict(), Verdict::clean);
  set_mode("good", "2");
  ASSERT_TRUE(gateway->reload().has_value());
  EXPECT_EQ(assess(*gateway, subject("echo")).verdict(), Verdict::malicious);
  EXPECT_FALSE(times_.from_cache);
}

TEST_F(GatewayInspectorTest, BadListsKeepItFromStarting) {
  write_list("zzz\n");
  const auto started = GatewayInspector::start(settings_, kProgram, clock_, metrics_, log_);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().fault, Fault::config);
}

}  // namespace
}  // namespace weir
