#include "inspect/worker/walk.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>

#include "inspect/worker/scan_job.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

// Finds one word, and notes where it was asked to look.
class WordScanner final : public FileScanner {
 public:
  WordScanner(Scanner kind, bool unpacks) : kind_(kind), unpacks_(unpacks) {}
  Scanner kind() const override { return kind_; }
  bool unpacks() const override { return unpacks_; }
  void scan(const Artifact& artifact, Budget&, FindingList& findings) override {
    seen.push_back(artifact.where);
    if (as_text(artifact.bytes).find("BADWORD") == std::string_view::npos) return;
    findings.add({kind_, Verdict::malicious, Reason::none, "badword", artifact.where});
  }
  std::vector<std::string> seen;

 private:
  Scanner kind_;
  bool unpacks_;
};

struct Outcome {
  ScanReply reply;
  std::vector<std::string> seen, unpacker_seen;
  Verdict verdict() const {
    Verdict all = Verdict::clean;
    for (const Finding& finding : reply.findings) all = join(all, finding.verdict);
    return all;
  }
  Reason reason() const { return reply.findings.empty() ? Reason::none : reply.findings[0].reason; }
  std::string where() const { return reply.findings.empty() ? "-" : reply.findings[0].where; }
};

Outcome walk(const std::string& bytes, ScanLimits limits = {},
             std::vector<std::string> passwords = {}) {
  const TestDirectory scratch;
  const ManualClock clock;
  WordScanner words(Scanner::yara, false), unpacker(Scanner::clamav, true);
  const std::array<FileScanner*, 2> scanners{&words, &unpacker};
  ScanJob job;
  job.id = 5;
  job.scanners = ScannerSet::from_bits(0x0f);
  job.limits = limits;
  job.passwords = std::move(passwords);
  Outcome outcome;
  outcome.reply = run_scan_job(job, as_bytes(bytes), scanners, clock, scratch.path());
  outcome.seen = words.seen;
  outcome.unpacker_seen = unpacker.seen;
  return outcome;
}

std::string bad() { return plain_text() + "BADWORD" + plain_text(); }

TEST(Walk, AnswersForWhatItLookedAt) {
  const Outcome outcome = walk(plain_text());
  EXPECT_EQ(outcome.verdict(), Verdict::clean);
  EXPECT_EQ(outcome.reply.id, 5U);
  EXPECT_EQ(outcome.reply.artifacts, 1U);
  EXPECT_TRUE(outcome.reply.completed.has(Scanner::yara));
  EXPECT_TRUE(outcome.reply.completed.has(Scanner::clamav));
  EXPECT_TRUE(outcome.reply.completed.has(Scanner::structure));
  EXPECT_FALSE(outcome.reply.completed.has(Scanner::hash));  // the gateway's own
}

struct Container {
  const char* name;
  Packing how;
  bool clamav_sees_members;
};

TEST(Walk, OpensWhatLibarchiveOpens) {
  const std::vector<Container> table{
      {"zip", {}, false},
      {"tar", {.format = archive_write_set_format_ustar}, false},
      {"tar.gz",
       {.format = archive_write_set_format_ustar, .filter = archive_write_add_filter_gzip},
       false},
      {"tar.bz2",
       {.format = archive_write_set_format_pax, .filter = archive_write_add_filter_bzip2},
       false},
      {"tar.xz",
       {.format = archive_write_set_format_gnutar, .filter = archive_write_add_filter_xz},
       false},
      {"tar.zst",
       {.format = archive_write_set_format_ustar, .filter = archive_write_add_filter_zstd},
       true},
      {"tar.lz4",
       {.format = archive_write_set_format_ustar, .filter = archive_write_add_filter_lz4},
       true},
      {"7z", {.format = archive_write_set_format_7zip}, true},
      {"cpio", {.format = archive_write_set_format_cpio_newc}, true},
      {"ar", {.format = archive_write_set_format_ar_svr4}, true},
      {"iso", {.format = archive_write_set_format_iso9660}, true},
      {"xar", {.format = archive_write_set_format_xar}, true},
  };
  for (const Container& row : table) {
    const Members members{{"a.txt", plain_text()}, {"b.txt", bad()}};
    const Outcome outcome = walk(pack(members, row.how));
    EXPECT_EQ(outcome.verdict(), Verdict::malicious) << row.name;
    EXPECT_TRUE(outcome.seen.size() == 3 || outcome.where().empty()) << row.name;
    const Outcome clean = walk(pack({{"a.txt", plain_text()}}, row.how));
    EXPECT_EQ(clean.verdict(), Verdict::clean) << row.name;
    EXPECT_EQ(clean.reply.artifacts, 2U) << row.name;
    EXPECT_EQ(clean.seen.back(), "a.txt") << row.name;
    EXPECT_EQ(clean.unpacker_seen.size(), row.clamav_sees_members ? 2U : 1U) << row.name;
  }
}

TEST(Walk, OpensOneCompressedFile) {
  for (const auto filter : {archive_write_add_filter_gzip, archive_write_add_filter_zstd,
                            archive_write_add_filter_compress, archive_write_add_filter_lzip}) {
    const Outcome outcome =
        walk(pack({{"x", bad()}}, {.format = archive_write_set_format_raw, .filter = filter}));
    EXPECT_EQ(outcome.verdict(), Verdict::malicious);
  }
}

TEST(Walk, GoesDownAndSaysWhere) {
  const Outcome outcome = walk(zip_of("in.zip", zip_of("deep/er.zip", zip_of("evil.txt", bad()))));
  EXPECT_EQ(outcome.where(), "in.zip!/deep/er.zip!/evil.txt");
  EXPECT_EQ(outcome.reply.artifacts, 4U);
}

TEST(Walk, OpensAZipBehindAnImage) {
  const std::string gif = "GIF89a" + std::string(200, '\1');
  EXPECT_EQ(walk(gif + zip_of("evil.txt", bad())).verdict(), Verdict::malicious);
}

// Resource packs and class libraries hold pieces of archives. What is whole is still opened.
TEST(Walk, ABrokenPieceInTheMiddleIsNoFault) {
  const Members one{{"a.txt", plain_text(20000)}}, harmful{{"a.txt", bad()}};
  const std::string before = "PACK" + std::string(200, '\1'), after(70'000, '\2');
  const std::string gzip = pack(
      one, {.format = archive_write_set_format_ustar, .filter = archive_write_add_filter_gzip});
  const std::string seven = pack(one, {.format = archive_write_set_format_7zip});
  for (const std::string& piece : {gzip, seven}) {
    const std::string half = piece.substr(0, piece.size() / 2);
    EXPECT_EQ(walk(before + half + after).reason(), Reason::none) << piece.substr(0, 2);
  }
  const std::string locked = packed_by("7zz a -bso0 -ppw", "a.7z", one);
  EXPECT_EQ(walk(before + locked + after).reason(), Reason::encrypted);
  const std::string whole = pack(harmful, {.format = archive_write_set_format_7zip});
  EXPECT_EQ(walk(before + whole + after).verdict(), Verdict::malicious);
  // Behind a picture it is what the file is for.
  const std::string cut_short = seven.substr(0, seven.size() - 20);
  EXPECT_EQ(walk("GIF89a" + std::string(200, '\1') + cut_short).verdict(), Verdict::uninspectable);
}

TEST(Walk, GivesLargeMembersToScannersWhole) {
  std::string large(3U << 20, 'x');
  large += "BADWORD";
  EXPECT_EQ(walk(zip_of("large", large)).where(), "large");
}

struct Bound {
  const char* name;
  std::string bytes;
  ScanLimits limits;
  Reason want;
};

std::string nested(int depth) {
  std::string bytes = plain_text();
  for (int i = 0; i < depth; ++i) bytes = zip_of("inner.zip", bytes);
  return bytes;
}

TEST(Walk, StopsAtEachLimit) {
  const std::vector<Bound> table{
      {"depth", nested(4), {.depth = 3}, Reason::too_deep},
      {"depth kept", nested(3), {.depth = 3}, Reason::none},
      {"entries", pack({{"a", "1"}, {"b", "2"}, {"c", "3"}}), {.entries = 2}, Reason::too_many},
      {"entries in tar",
       pack({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {.format = archive_write_set_format_ustar}),
       {.entries = 2},
       Reason::too_many},
      {"one entry", zip_of("a", plain_text(5000)), {.entry_bytes = 4000}, Reason::too_large},
      {"in total",
       pack({{"a", plain_text(3000)}, {"b", plain_text(3000)}}),
       {.total_bytes = 5000},
       Reason::too_large},
      {"ratio", zip_of("a", std::string(20U << 20, '\0')), {.ratio = 100}, Reason::ratio},
      {"no ratio below the floor",
       zip_of("a", std::string(1U << 20, '\0')),
       {.ratio = 100},
       Reason::none},
      {"time", zip_of("a", plain_text()), {.time = std::chrono::milliseconds(0)}, Reason::timeout},
  };
  for (const Bound& row : table) {
    const Outcome outcome = walk(row.bytes, row.limits);
    EXPECT_EQ(outcome.reason(), row.want) << row.name;
    const Verdict want = row.want == Reason::none ? Verdict::clean : Verdict::uninspectable;
    EXPECT_EQ(outcome.verdict(), want) << row.name;
  }
}

std::string cut(std::string bytes) {
  bytes.resize(bytes.size() * 2 / 3);
  return bytes;
}

// What a program prints for an empty file: a whole stream of no bytes, which is clean; every part
// of it is cut short, which is not.
TEST(Walk, AStreamOfNothingIsCleanWhenItIsWhole) {
  for (const char* program : {"gzip", "bzip2", "xz", "zstd -q", "lzma"}) {
    const TestDirectory directory;
    directory.run("(" + std::string(program) + " -c </dev/null >nothing)");
    const std::string whole = directory.read("nothing");
    ASSERT_GT(whole.size(), 4U) << program;
    EXPECT_EQ(walk(whole).verdict(), Verdict::clean) << program;
    for (std::size_t size = 6; size < whole.size(); ++size) {
      const Outcome part = walk(whole.substr(0, size));
      const bool known = type_by_magic(as_bytes(whole).first(size)) != FileType::unknown;
      if (known) EXPECT_EQ(part.verdict(), Verdict::uninspectable) << program << " " << size;
    }
  }
}

TEST(Walk, WhatItCannotReadIsAFinding) {
  const Members one{{"a.txt", plain_text(20000)}};
  const std::vector<Bound> table{
      {"zip cut short", cut(pack(one)), {}, Reason::truncated},
      {"gzip cut short",
       cut(pack(one, {.format = archive_write_set_format_ustar,
                      .filter = archive_write_add_filter_gzip})),
       {},
       Reason::corrupt},
      {"7z cut short",
       cut(pack(one, {.format = archive_write_set_format_7zip})),
       {},
       Reason::truncated},
      {"tar cut short",
       cut(pack(one, {.format = archive_write_set_format_ustar})),
       {},
       Reason::corrupt},
      {"7z encrypted", packed_by("7zz a -bso0 -ppw", "a.7z", one), {}, Reason::encrypted},
      {"7z with encrypted names",
       packed_by("7zz a -bso0 -ppw -mhe=on", "a.7z", one),
       {},
       Reason::encrypted},
      {"zip encrypted", packed_by("zip -q -P pw", "a.zip", one), {}, Reason::encrypted},
      {"inside", zip_of("x.zip", packed_by("zip -q -P pw", "a.zip", one)), {}, Reason::encrypted},
      {"rar without anything",
       std::string("Rar!\x1a\x07\x01\0", 8) + plain_text(),
       {},
       Reason::corrupt},
  };
  for (const Bound& row : table) {
    const Outcome outcome = walk(row.bytes, row.limits);
    EXPECT_EQ(outcome.reason(), row.want) << row.name;
    EXPECT_EQ(outcome.verdict(), Verdict::uninspectable) << row.name;
  }
}

// What opens the one half of a file that is two things says nothing of the other half.
TEST(Walk, APasswordUnlocksOnlyWhatItOpened) {
  const std::string locked = packed_by("zip -q -P pw", "a.zip", {{"a", plain_text()}});
  std::ifstream pdf(WEIR_SOURCE_DIR "/tests/corpus/pdf/attachment.pdf", std::ios::binary);
  const std::string open{std::istreambuf_iterator<char>(pdf), {}};
  ASSERT_FALSE(open.empty());
  EXPECT_EQ(walk(locked, {}, {"pw"}).verdict(), Verdict::clean);
  EXPECT_EQ(walk(locked, {}, {"no"}).verdict(), Verdict::uninspectable);
  EXPECT_EQ(walk(open + locked, {}, {"no"}).verdict(), Verdict::uninspectable);
}

TEST(Walk, FindsTheBadFileBesideTheEncryptedOne) {
  const TestDirectory directory;
  directory.write("secret.txt", plain_text());
  directory.write("bad.txt", bad());
  directory.run("zip -q -P pw x.zip secret.txt && zip -q x.zip bad.txt");
  const Outcome outcome = walk(directory.read("x.zip"));
  EXPECT_EQ(outcome.reason(), Reason::partly_encrypted);
  EXPECT_EQ(outcome.verdict(), Verdict::malicious);
}

TEST(Walk, SurvivesEveryTruncationOfAnArchive) {
  const Members members{{"a.txt", plain_text(300)}, {"b.txt", plain_text(300)}};
  for (const auto format : {archive_write_set_format_zip, archive_write_set_format_7zip}) {
    const std::string whole = pack(members, {.format = format});
    for (std::size_t size = 1; size < whole.size(); size += 7) {
      walk(whole.substr(0, size));
    }
  }
}

TEST(FindingList, KeepsRoomForTheGravest) {
  FindingList findings;
  for (int i = 0; i < 1000; ++i) findings.add(Reason::corrupt, Artifact{}, "x");
  findings.add({Scanner::yara, Verdict::malicious, Reason::none, "late", ""});
  EXPECT_EQ(findings.all().size(), kMaxScanFindings);
  EXPECT_EQ(findings.all().back().name, "late");
  EXPECT_TRUE(findings.malicious());
}

TEST(Walk, ACrowdOfFilesHidesNoProgram) {
  std::vector<std::pair<std::string, std::string>> members;
  for (int i = 0; i < 100; ++i) members.emplace_back("t" + std::to_string(i) + ".txt", "text");
  members.emplace_back("run.sh", "#!/bin/sh\necho run\n");
  const ScanReply reply = walk(pack(members)).reply;
  ASSERT_EQ(reply.tree.size(), kMaxScanNotes);
  EXPECT_EQ(reply.tree.front().where, "");
  EXPECT_EQ(reply.tree.back().where, "run.sh");
}

}  // namespace
}  // namespace weir
