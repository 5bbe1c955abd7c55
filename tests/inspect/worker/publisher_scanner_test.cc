#include "inspect/worker/publisher_scanner.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/publisher.h"
#include "inspect/worker/scan_job.h"
#include "tests/inspect/signs/pe_builder.h"
#include "tests/inspect/worker/samples.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class PublisherScan : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string program = folder_ / "unsigned";
    std::ofstream(program, std::ios::binary)
        << build({.sections = {{".text", std::string(0x400, '\x90')}}});
    const std::string command = "/usr/bin/python3 " WEIR_SOURCE_DIR
                                "/tests/support/sign_programs.py " +
                                program + " " + folder_.path();
    ASSERT_EQ(std::system(command.c_str()), 0);
    auto roots = PublisherRoots::load(folder_ / "roots.pem");
    ASSERT_TRUE(roots) << roots.error().what;
    roots_ = *roots;
  }

  ScanReply scan(const std::string& bytes, const PublisherRoots& roots) {
    PublisherScanner scanner(roots, clock_);
    const std::array<FileScanner*, 1> scanners{&scanner};
    ScanJob job;
    job.scanners.add(Scanner::structure);
    return run_scan_job(job, as_bytes(bytes), scanners, clock_, folder_.path());
  }

  TempFolder folder_;
  PublisherRoots roots_;
  ManualClock clock_;
};

TEST_F(PublisherScan, IsASignOfTheWholeFileOnly) {
  const std::string good = content_of(folder_ / "good.exe");
  EXPECT_EQ(publisher_of(scan(good, roots_).findings), "Example Works Ltd");
  EXPECT_EQ(publisher_of(scan(good, {}).findings), "");
  EXPECT_EQ(publisher_of(scan(content_of(folder_ / "unsigned"), roots_).findings), "");
  EXPECT_EQ(publisher_of(scan(content_of(folder_ / "stranger.exe"), roots_).findings), "");
}

// Containers have members without a name, whose path is then that of the whole file.
TEST_F(PublisherScan, AMemberWithoutANameIsNotTheWholeFile) {
  PublisherScanner scanner(roots_, clock_);
  const std::string good = content_of(folder_ / "good.exe");
  Artifact member;
  member.bytes = as_bytes(good);
  member.depth = 1;
  Budget budget(ScanLimits{}, good.size(), clock_);
  FindingList findings;
  scanner.scan(member, budget, findings);
  ASSERT_EQ(findings.all().size(), 1U);
  EXPECT_EQ(findings.all()[0].name, "publisher-inside");
  EXPECT_EQ(publisher_of(findings.all()), "");
}

TEST_F(PublisherScan, ABrokenSignatureIsASign) {
  std::string changed = content_of(folder_ / "good.exe");
  changed[0x500] = 'x';
  const ScanReply reply = scan(changed, roots_);
  EXPECT_TRUE(has_bad_signature(reply.findings));
  EXPECT_EQ(publisher_of(reply.findings), "");
}

// Rules and signature databases name their findings as they like.
TEST(PublisherSign, IsBelievedFromOneScanner) {
  const Finding real{
      .scanner = Scanner::structure, .name = "publisher", .where = {}, .detail = "A"};
  EXPECT_EQ(publisher_of({real}), "A");
  Finding other = real;
  other.scanner = Scanner::yara;
  EXPECT_EQ(publisher_of({other}), "");
  other = real;
  other.where = "inner.exe";
  EXPECT_EQ(publisher_of({other}), "");
  other = real;
  other.verdict = Verdict::suspicious;
  EXPECT_EQ(publisher_of({other}), "");
}

}  // namespace
}  // namespace weir
