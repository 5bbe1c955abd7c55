#include "sandbox_client/report.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

SandboxReport full_report() {
  SandboxReport report;
  report.engine = "local";
  report.sha256 = std::string(64, 'a');
  report.kind = "shell";
  report.outcome = DetonationOutcome::timed_out;
  report.reason = "20 s passed";
  report.score = 87;
  report.verdict = DetonationVerdict::malicious;
  report.signatures = {{"reverse-shell", 10, "a shell on a socket", "T1059.004"}};
  report.processes = {{2, 1, {"sh", "-c", "id"}, 0}, {3, 2, {"sleep"}, std::nullopt}};
  report.files = {{"~/.bashrc", FileDeed::written, false, std::string(64, 'b'), 12},
                  {"/etc/shadow", FileDeed::read, true, "", 0}};
  report.network = {{"dns", "evil.example", "", 53, ""},
                    {"tcp", "evil.example", "198.18.0.1", 4444, "6964"}};
  report.acts = {{"sleep", "300 s", 1}, {"denied-call", "mount", 3}};
  report.notes = {"one", "two"};
  report.output = "hello\n";
  report.duration_ms = 20000;
  report.truncated = {"files"};
  return report;
}

TEST(SandboxReport, ReadsBackWhatItWrote) {
  const SandboxReport report = full_report();
  const auto again = parse_report(write_report(report));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(*again, report);
}

TEST(SandboxReport, BytesThatAreNoTextBecomeReadable) {
  SandboxReport report = full_report();
  report.output = "\xff\xfe";
  const auto again = parse_report(write_report(report));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->output, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

constexpr const char* kLeast = R"({"outcome":"finished","verdict":"clean"})";

TEST(SandboxReport, NeedsOutcomeAndVerdictOnly) {
  const auto report = parse_report(kLeast);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, DetonationVerdict::clean);
  EXPECT_EQ(report->score, 0);
}

TEST(SandboxReport, RefusesWhatIsNoReport) {
  const struct {
    const char* name;
    const char* json;
  } cases[] = {
      {"nothing", ""},
      {"no JSON", "{"},
      {"text after it", R"({"outcome":"finished","verdict":"clean"} x)"},
      {"an array", "[]"},
      {"no verdict", R"({"outcome":"finished"})"},
      {"a verdict nobody knows", R"({"outcome":"finished","verdict":"fine"})"},
      {"a verdict that is no word", R"({"outcome":"finished","verdict":1})"},
      {"a score over 100", R"({"outcome":"finished","verdict":"clean","score":101})"},
      {"a score below 0", R"({"outcome":"finished","verdict":"clean","score":-1})"},
      {"a score in parts", R"({"outcome":"finished","verdict":"clean","score":1.5})"},
      {"a score past all numbers",
       R"({"outcome":"finished","verdict":"clean","score":18446744073709551615})"},
      {"a port over 65535",
       R"({"outcome":"finished","verdict":"clean","network":[{"port":65536}]})"},
      {"a file without deed", R"({"outcome":"finished","verdict":"clean","files":[{}]})"},
      {"a file that is none", R"({"outcome":"finished","verdict":"clean","files":[1]})"},
      {"files that are no list", R"({"outcome":"finished","verdict":"clean","files":{}})"},
      {"an argument that is no text",
       R"({"outcome":"finished","verdict":"clean","processes":[{"argv":[1]}]})"},
  };
  for (const auto& one : cases) {
    const auto report = parse_report(one.json);
    ASSERT_FALSE(report) << one.name;
    EXPECT_EQ(report.error().code, Errc::malformed) << one.name;
  }
}

TEST(SandboxReport, CutsWhatIsTooMuchAndSaysSo) {
  SandboxReport report = full_report();
  report.truncated.clear();
  report.acts.assign(ReportLimits::acts + 1, {"sleep", "", 1});
  report.reason = std::string(ReportLimits::text - 1, 'x') + "\xC3\xA9";  // cut inside a character
  const auto again = parse_report(write_report(report));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->acts.size(), ReportLimits::acts);
  EXPECT_EQ(again->truncated, std::vector<std::string>{"acts"});
  EXPECT_EQ(again->reason, std::string(ReportLimits::text - 1, 'x'));
}

TEST(SandboxReport, RefusesMoreThanItsLimitWithoutReadingIt) {
  const auto report = parse_report(std::string(ReportLimits::json_bytes + 1, ' '));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::too_large);
}

TEST(SandboxReport, SurvivesDepth) {
  EXPECT_FALSE(parse_report(std::string(1'000'000, '[')));
  EXPECT_FALSE(parse_report(std::string(100'000, '[') + std::string(100'000, ']')));
  const std::string brackets =
      R"({"outcome":"finished","verdict":"clean","reason":"\"[[[[[[[[[[[[[[[[[["})";
  EXPECT_TRUE(parse_report(brackets));
}

}  // namespace
}  // namespace weir
