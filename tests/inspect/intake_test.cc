#include "inspect/intake.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/inspect/compress.h"
#include "tests/inspect/run_co.h"

namespace weir {
namespace {

using test::gzip;
using test::run_co;
using test::sample;

const std::string kPng("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0", 29);

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() {
    std::string name = testing::TempDir() + "intake-XXXXXX";
    dir_ = ::mkdtemp(name.data());
    settings_.spool_dir = dir_;
    settings_.spool_memory_bytes = 4096;
    profile_.scanners.add(Scanner::yara);
    store_.emplace(settings_);
  }
  ~IntakeTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Intake> open(std::string_view coding, bool old_digests = false) {
    auto opened = store_->open_intake(profile_, coding, std::nullopt, old_digests);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }

  std::string dir_;
  InspectSettings settings_;
  Profile profile_;
  std::optional<SpoolStore> store_;
};

Co<Result<Artifact>> take(Intake& intake, std::string_view wire, std::size_t piece) {
  for (std::size_t at = 0; at < wire.size() && !intake.full(); at += piece) {
    auto fed = co_await intake.feed(as_bytes(wire.substr(at, piece)));
    if (!fed) co_return pass(std::move(fed));
  }
  co_return co_await intake.finish();
}

Co<Result<std::string>> read_all(Spool& spool) {
  std::string out(static_cast<std::size_t>(spool.size()), '\0');
  std::size_t at = 0;
  while (at < out.size()) {
    MutableBytes rest(reinterpret_cast<std::uint8_t*>(out.data()) + at, out.size() - at);
    auto got = co_await spool.read_at(at, rest);
    if (!got) co_return pass(std::move(got));
    at += *got;
  }
  co_return out;
}

std::string body_of(const Artifact& artifact) {
  std::string out(static_cast<std::size_t>(artifact.subject.size), '\0');
  EXPECT_EQ(::pread(artifact.subject.body->get(), out.data(), out.size(), 0),
            static_cast<ssize_t>(out.size()));
  return out;
}

std::vector<std::string> reasons(const Artifact& artifact) {
  std::vector<std::string> out;
  for (const Finding& finding : artifact.findings) {
    EXPECT_EQ(finding.verdict, Verdict::uninspectable);
    out.push_back(std::string(reason_name(finding.reason)) + " " + finding.name);
  }
  return out;
}

TEST_F(IntakeTest, PlainBodyIsScannedAsItCame) {
  const std::string text = kPng + sample(20'000);
  auto intake = open("", true);
  const auto artifact = run_co(take(*intake, text, 777));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_EQ(artifact->subject.size, text.size());
  EXPECT_EQ(artifact->subject.sha256, sha256_hex(as_bytes(text)));
  EXPECT_EQ(artifact->subject.sha1.size(), 40U);
  EXPECT_EQ(artifact->subject.md5.size(), 32U);
  EXPECT_EQ(artifact->type, FileType::png);
  EXPECT_TRUE(artifact->findings.empty());
  EXPECT_TRUE(body_of(*artifact) == text);
  EXPECT_TRUE(run_co(read_all(intake->raw())).value() == text);
}

TEST_F(IntakeTest, CodedBodyIsScannedDecodedAndDeliveredAsItCame) {
  const std::string text = kPng + sample(50'000);
  const std::string wire = gzip(text);
  auto intake = open("gzip");
  const auto artifact = run_co(take(*intake, wire, 1000));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_EQ(artifact->subject.sha256, sha256_hex(as_bytes(text)));
  EXPECT_EQ(artifact->subject.md5, "");
  EXPECT_EQ(artifact->type, FileType::png);
  EXPECT_TRUE(artifact->findings.empty());
  EXPECT_TRUE(body_of(*artifact) == text);
  EXPECT_TRUE(run_co(read_all(intake->raw())).value() == wire);
}

TEST_F(IntakeTest, TroubleIsAFindingAndTheRestIsKept) {
  const std::string text = sample(3000);
  const std::string zipped = gzip(text);
  const std::string zeros(20 * 1024 * 1024, '\0');
  const struct {
    std::string name, coding, wire;
    std::vector<std::string> want;
  } table[] = {
      {"unknown", "compress", text, {"unknown-coding compress"}},
      {"too deep", "gzip,gzip,gzip,gzip,gzip", text, {"too-deep content-coding"}},
      {"truncated", "gzip", zipped.substr(0, zipped.size() - 1), {"truncated gzip"}},
      {"corrupt", "gzip", "xx" + zipped, {"corrupt gzip"}},
      {"garbage after", "gzip", zipped + "xx", {"corrupt gzip"}},
      {"bomb", "gzip", gzip(zeros), {"ratio gzip"}},
      {"nothing", "gzip", "", {}},
  };
  for (const auto& row : table) {
    auto intake = open(row.coding);
    const auto artifact = run_co(take(*intake, row.wire, 1000));
    ASSERT_TRUE(artifact.has_value()) << row.name;
    EXPECT_EQ(reasons(*artifact), row.want) << row.name;
    EXPECT_TRUE(run_co(read_all(intake->raw())).value() == row.wire) << row.name;
    EXPECT_EQ(artifact->subject.sha256, sha256_hex(as_bytes(body_of(*artifact)))) << row.name;
  }
}

TEST_F(IntakeTest, TooLargeStopsAndSaysSo) {
  profile_.max_bytes = 5000;
  const std::string text = sample(20'000);
  auto plain = open("");
  const auto artifact = run_co(take(*plain, text, 1000));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_TRUE(plain->full());
  EXPECT_EQ(reasons(*artifact), std::vector<std::string>{"too-large body"});
  EXPECT_TRUE(run_co(read_all(plain->raw())).value() == text.substr(0, 6000));

  auto exact = open("");
  EXPECT_TRUE(run_co(take(*exact, text.substr(0, 5000), 1000)).value().findings.empty());
  EXPECT_FALSE(exact->full());
}

TEST_F(IntakeTest, TooLargeOnceDecodedKeepsTheRaw) {
  profile_.max_bytes = 5000;
  const std::string wire = gzip(std::string(20'000, 'a'));
  auto intake = open("gzip");
  const auto artifact = run_co(take(*intake, wire, 7));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_FALSE(intake->full());
  EXPECT_EQ(reasons(*artifact), std::vector<std::string>{"too-large decoded"});
  EXPECT_EQ(artifact->subject.size, 5000U);
  EXPECT_TRUE(run_co(read_all(intake->raw())).value() == wire);
}

TEST_F(IntakeTest, EarlyTypeComesWithEnoughBytesOrTheEnd) {
  auto intake = open("gzip");
  const std::string wire = gzip(kPng + sample(30'000));
  ASSERT_TRUE(run_co(intake->feed(as_bytes(wire).first(200))).has_value());
  EXPECT_EQ(intake->early_type(), FileType::unknown);
  ASSERT_TRUE(run_co(intake->feed(as_bytes(wire).subspan(200))).has_value());
  EXPECT_EQ(intake->early_type(), FileType::png);

  auto small = open("");
  ASSERT_TRUE(run_co(take(*small, kPng, 10)).has_value());
  EXPECT_EQ(small->early_type(), FileType::png);
}

TEST_F(IntakeTest, NothingIsSealedWhenNobodyReads) {
  profile_.scanners = {};
  profile_.scanners.add(Scanner::hash);
  auto intake = open("");
  const auto artifact = run_co(take(*intake, "abc", 1));
  ASSERT_TRUE(artifact.has_value());
  EXPECT_EQ(artifact->subject.body, nullptr);
  EXPECT_EQ(artifact->subject.sha256, sha256_hex(as_bytes("abc")));
}

TEST_F(IntakeTest, ReservationIsBoundedByWhatTheProfileTakes) {
  profile_.max_bytes = 10'000;
  auto opened = store_->open_intake(profile_, "", UINT64_MAX, false);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(store_->used_bytes(), 10'000U);
}

TEST(SniffPiece, LooksThroughTheCoding) {
  const std::string wire = gzip(kPng + sample(10'000));
  EXPECT_EQ(sniff_piece(as_bytes(kPng), ""), FileType::png);
  EXPECT_EQ(sniff_piece(as_bytes(wire), "gzip"), FileType::png);
  EXPECT_EQ(sniff_piece(as_bytes(wire).first(600), "gzip"), FileType::png);
  EXPECT_EQ(sniff_piece(as_bytes(wire).first(3), "gzip"), FileType::unknown);
  EXPECT_EQ(sniff_piece(as_bytes(wire), "compress"), FileType::unknown);
  EXPECT_EQ(sniff_piece(as_bytes(wire), ""), FileType::gzip);
}

TEST(FlowingDigest, IsThatOfTheWhole) {
  const std::string text = sample(10'000);
  FlowingDigest digest(false);
  digest.update(as_bytes(text).first(1));
  digest.update(as_bytes(text).subspan(1));
  const ScanSubject subject = digest.finish();
  EXPECT_EQ(subject.sha256, sha256_hex(as_bytes(text)));
  EXPECT_EQ(subject.size, text.size());
  EXPECT_EQ(subject.body, nullptr);
}

}  // namespace
}  // namespace weir
