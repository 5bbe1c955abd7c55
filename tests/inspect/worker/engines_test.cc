#include "inspect/worker/engines.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "inspect/worker/scan_job.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

constexpr std::string_view kCanary = "00112233445566778899aabbccddeeff";

std::string shipped_rules() { return std::string(WEIR_SOURCE_DIR) + "/conf/rules"; }

// One scan of bytes by one scanner.
std::vector<Finding> scan(FileScanner& scanner, const std::string& bytes) {
  const ManualClock clock;
  Budget budget(ScanLimits{}, bytes.size(), clock);
  FindingList findings;
  Artifact artifact;
  artifact.bytes = as_bytes(bytes);
  artifact.where = "here";
  scanner.scan(artifact, budget, findings);
  return findings.take();
}

class Yara : public testing::Test {
 protected:
  void SetUp() override {
    auto started = YaraLibrary::start();
    ASSERT_TRUE(started);
    library_ = std::move(*started);
  }
  std::vector<Finding> scan_with(const std::string& directory, const std::string& bytes) {
    auto rules = compile_yara_rules(directory, kCanary);
    if (!rules) {
      ADD_FAILURE() << rules.error().what;
      return {};
    }
    YaraScanner scanner(*rules);
    return scan(scanner, bytes);
  }
  std::unique_ptr<YaraLibrary> library_;
  TestDirectory rules_;
};

TEST_F(Yara, ReportsMatchesByTheRulesVerdict) {
  rules_.write("a.yar", R"(
rule bad { strings: $a = "BADWORD" condition: $a }
rule odd { meta: verdict = "suspicious" strings: $a = "ODDWORD" condition: $a }
private rule hidden { condition: true })");
  rules_.write("notes.txt", "not a rule");
  const std::vector<Finding> bad{{Scanner::yara, Verdict::malicious, Reason::none, "bad", "here"}};
  const std::vector<Finding> odd{{Scanner::yara, Verdict::suspicious, Reason::none, "odd", "here"}};
  EXPECT_EQ(scan_with(rules_.path(), "a BADWORD"), bad);
  EXPECT_EQ(scan_with(rules_.path(), "an ODDWORD"), odd);
  EXPECT_EQ(scan_with(rules_.path(), "nothing"), std::vector<Finding>{});
  EXPECT_EQ(scan_with(rules_.path(), ""), std::vector<Finding>{});
}

TEST_F(Yara, CountsRulesAndFindsItsCanary) {
  rules_.write("a.yar", "rule one { condition: false } rule two { condition: false }");
  rules_.write("b.yara", "rule one { condition: false }");  // each file has its own names
  const auto rules = compile_yara_rules(rules_.path(), kCanary);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->count, 3U);
  EXPECT_EQ(rules->files.size(), 2U);
  YaraScanner scanner(*rules);
  const auto found = scan(scanner, "x" + std::string(kCanary));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, kYaraCanaryRule);
}

TEST_F(Yara, NamesTheLineOfABadRule) {
  rules_.write("good.yar", "rule good { condition: true }");
  rules_.write("wrong.yar", "rule wrong\n{\n  condition:\n    undefined_name\n}\n");
  const auto rules = compile_yara_rules(rules_.path(), kCanary);
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().fault, Fault::config);
  EXPECT_NE(rules.error().what.find("wrong.yar:4: "), std::string::npos) << rules.error().what;
  EXPECT_NE(rules.error().what.find("undefined_name"), std::string::npos) << rules.error().what;
}

TEST_F(Yara, NamesAMissingDirectory) {
  const auto rules = compile_yara_rules(rules_.file("none"), kCanary);
  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().what.find(rules_.file("none")), std::string::npos);
}

struct Sample {
  const char* name;
  std::string bytes;
  const char* rule;  // "" = none
};

std::string shortcut(const std::string& command) {
  std::string bytes("\x4c\0\0\0\x01\x14\x02\0", 8);
  return bytes + std::string(68, '\0') + command;
}

TEST_F(Yara, ShippedRules) {
  const std::string stub = "VGhpcyBwcm9ncmFtIGNhbm5vdCBiZSBydW4gaW4gRE9TIG1vZGUu";
  const std::vector<Sample> table{
      {"eicar", eicar(), "weir_eicar_test_file"},
      {"eicar with newline", eicar() + "\r\n", "weir_eicar_test_file"},
      {"eicar quoted deep inside", plain_text(4000) + eicar(), ""},
      {"almost eicar", eicar().substr(0, 60), ""},
      {"shortcut to powershell", shortcut("powershell.exe -w hidden -c x"),
       "weir_shortcut_runs_interpreter"},
      {"shortcut to a document", shortcut("C:\\report.pdf"), ""},
      {"shortcut to powershell itself", shortcut("C:\\powershell.exe"), ""},
      {"smuggling page",
       "<script>b = new Blob([atob('TVqQ" + stub +
           "')]);"
           "a.href = URL.createObjectURL(b)</script>",
       "weir_html_smuggles_program"},
      {"page with a blob", "<script>new Blob(['x']); URL.createObjectURL(b)</script>", ""},
      {"program", "MZ This program cannot be run in DOS mode", ""},
      {"reversed name",
       zip_of("invoice\xe2\x80\xae"
              "fdp.exe",
              "MZ"),
       "weir_program_with_reversed_name"},
      {"honest name", zip_of("invoice.exe", "MZ"), ""},
  };
  auto rules = compile_yara_rules(shipped_rules(), kCanary);
  ASSERT_TRUE(rules) << rules.error().what;
  EXPECT_EQ(rules->warnings, std::vector<std::string>{});
  YaraScanner scanner(*rules);
  for (const Sample& sample : table) {
    const auto found = scan(scanner, sample.bytes);
    EXPECT_EQ(found.empty() ? "" : found[0].name, sample.rule) << sample.name;
  }
}

struct ClamName {
  const char* name;
  Verdict verdict;
  Reason reason;
};

TEST(Clamav, NamesMean) {
  constexpr std::array kTable{
      ClamName{"Win.Trojan.X-1", Verdict::malicious, Reason::none},
      ClamName{"Heuristics.Encrypted.Zip", Verdict::uninspectable, Reason::encrypted},
      ClamName{"Heuristics.Limits.Exceeded.MaxFileSize", Verdict::uninspectable, Reason::too_large},
      ClamName{"Heuristics.Limits.Exceeded.MaxScanSize", Verdict::uninspectable, Reason::too_large},
      ClamName{"Heuristics.Limits.Exceeded.MaxFiles", Verdict::uninspectable, Reason::too_many},
      ClamName{"Heuristics.Limits.Exceeded.MaxRecursion", Verdict::uninspectable, Reason::too_deep},
      ClamName{"Heuristics.Limits.Exceeded.MaxScanTime", Verdict::uninspectable, Reason::timeout},
      ClamName{"Heuristics.Phishing.Email.SpoofedDomain", Verdict::suspicious, Reason::none},
      ClamName{"PUA.Win.Tool.X", Verdict::suspicious, Reason::none},
  };
  for (const ClamName& row : kTable) {
    const Finding finding = finding_of_clamav(row.name);
    EXPECT_EQ(finding.verdict, row.verdict) << row.name;
    EXPECT_EQ(finding.reason, row.reason) << row.name;
    EXPECT_EQ(finding.name, row.name);
  }
}

TEST(Clamav, WorksWithoutSignaturesAndSaysSo) {
  const TestDirectory directory, scratch;
  for (const std::string& path : {directory.path(), directory.file("none")}) {
    auto loaded = load_clamav(path, kCanary);
    ASSERT_TRUE(loaded) << loaded.error().what;
    EXPECT_EQ(loaded->signatures, 0U);
    EXPECT_EQ(loaded->warnings, std::vector<std::string>{"clamav: no signatures in " + path});
    ClamavScanner scanner(*loaded, scratch.path());
    EXPECT_TRUE(scan(scanner, plain_text()).empty());
    EXPECT_EQ(scan(scanner, std::string(kCanary)).at(0).name, "Weir.Canary.UNOFFICIAL");
  }
}

TEST(Clamav, RefusesADamagedDatabase) {
  const TestDirectory directory;
  directory.write("x.hdb", "this is no signature\n");
  const auto loaded = load_clamav(directory.path(), kCanary);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find(directory.path()), std::string::npos);
}

std::string hdb_line(const std::string& content) {
  Digests digests(true);
  digests.update(as_bytes(content));
  return digests.finish().md5 + ":" + std::to_string(content.size()) + ":Test.Sample\n";
}

TEST(Clamav, FindsEveryTestFileOfDebian) {
  const TestDirectory directory, scratch;
  const std::string samples = "/usr/share/clamav-testfiles";
  directory.write("t.hdb", hdb_line(read_file(samples + "/clam.exe")));
  auto loaded = load_clamav(directory.path(), kCanary);
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->signatures, 1U);
  ClamavScanner scanner(*loaded, scratch.path());
  const std::array<FileScanner*, 1> scanners{&scanner};
  const ManualClock clock;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(samples)) {
    ScanJob job;
    job.scanners.add(Scanner::clamav);
    const std::string bytes = read_file(entry.path());
    const ScanReply reply = run_scan_job(job, as_bytes(bytes), scanners, clock, scratch.path());
    const auto found = std::ranges::find(reply.findings, Verdict::malicious, &Finding::verdict);
    ASSERT_NE(found, reply.findings.end()) << entry.path();
    EXPECT_EQ(found->name, "Test.Sample.UNOFFICIAL") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 40);
}

TEST(Engines, AnotherGenerationForOtherRulesOrSignatures) {
  const TestDirectory rules, signatures;
  rules.write("a.yar", "rule a { condition: false }");
  const ScanOptions options{.rules_dir = rules.path(), .clamav_dir = signatures.path()};
  const auto generation = [&] {
    const auto engines = load_engines(options);
    return engines ? engines->about.generation : engines.error().what;
  };
  const std::string first = generation();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(generation(), first);
  rules.write("a.yar", "rule b { condition: false }");
  const std::string second = generation();
  EXPECT_NE(second, first);
  signatures.write("t.hdb", hdb_line("x"));
  EXPECT_NE(generation(), second);
}

}  // namespace
}  // namespace weir
