#include "core/finding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace weir {
namespace {

constexpr Verdict kVerdicts[] = {Verdict::clean, Verdict::suspicious, Verdict::uninspectable,
                                 Verdict::malicious};

TEST(Join, IsASemilattice) {
  for (const Verdict a : kVerdicts) {
    EXPECT_EQ(join(a, a), a);
    EXPECT_EQ(join(a, Verdict::clean), a);
    for (const Verdict b : kVerdicts) {
      EXPECT_EQ(join(a, b), join(b, a));
      EXPECT_GE(join(a, b), a);
      for (const Verdict c : kVerdicts) EXPECT_EQ(join(join(a, b), c), join(a, join(b, c)));
    }
  }
}

TEST(Names, RoundTripAndAreDistinct) {
  for (const Verdict verdict : kVerdicts) {
    EXPECT_EQ(verdict_from_name(verdict_name(verdict)), verdict);
  }
  for (int i = 0; i <= static_cast<int>(Reason::engine_down); ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_NE(reason_name(reason), "unknown");
    EXPECT_EQ(reason_from_name(reason_name(reason)), reason);
  }
  for (int i = 0; i < kScannerCount; ++i) {
    const auto scanner = static_cast<Scanner>(i);
    EXPECT_EQ(scanner_from_name(scanner_name(scanner)), scanner);
  }
  EXPECT_EQ(reason_name(Reason::partly_encrypted), "partly-encrypted");
  EXPECT_EQ(reason_name(Reason::unknown_coding), "unknown-coding");
  EXPECT_EQ(reason_name(Reason::parsers_disagree), "parsers-disagree");
  EXPECT_EQ(reason_name(static_cast<Reason>(200)), "unknown");
  EXPECT_FALSE(verdict_from_name("unknown"));
  EXPECT_FALSE(reason_from_name(""));
}

// One random download: which scanners were required and answered, and what they found.
struct Case {
  ScannerSet required, completed;
  std::vector<Finding> findings;
};

Case random_case(std::mt19937& random) {
  Case one;
  one.required = ScannerSet::from_bits(static_cast<std::uint8_t>(random() % 16));
  one.completed = ScannerSet::from_bits(static_cast<std::uint8_t>(random() % 16));
  const std::size_t count = random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    Finding finding;
    finding.scanner = static_cast<Scanner>(random() % kScannerCount);
    finding.verdict = kVerdicts[random() % 4];
    if (finding.verdict == Verdict::uninspectable) finding.reason = Reason::encrypted;
    finding.name = "f" + std::to_string(i);
    one.findings.push_back(finding);
  }
  return one;
}

Assessment assess(const Case& one) {
  Assessment assessment(one.required);
  for (const Finding& finding : one.findings) assessment.add(finding);
  for (int i = 0; i < kScannerCount; ++i) {
    const auto scanner = static_cast<Scanner>(i);
    if (one.completed.has(scanner)) assessment.complete(scanner);
  }
  return assessment;
}

// Runs a law over many random downloads, reproducibly.
template <class Law>
void for_random_cases(Law law) {
  std::mt19937 random(20260101);
  for (int i = 0; i < 2000; ++i) law(random_case(random), random);
}

TEST(Assessment, OrderOfFindingsDoesNotMatter) {
  for_random_cases([](Case one, std::mt19937& random) {
    const Verdict before = assess(one).verdict();
    std::ranges::shuffle(one.findings, random);
    EXPECT_EQ(assess(one).verdict(), before);
  });
}

TEST(Assessment, RepeatingFindingsChangesNothing) {
  for_random_cases([](Case one, std::mt19937&) {
    const Verdict before = assess(one).verdict();
    const auto copy = one.findings;
    one.findings.insert(one.findings.end(), copy.begin(), copy.end());
    EXPECT_EQ(assess(one).verdict(), before);
  });
}

TEST(Assessment, AddingNeverLowers) {
  for_random_cases([](const Case& one, std::mt19937& random) {
    Assessment assessment = assess(one);
    const Verdict before = assessment.verdict();
    Finding more;
    more.verdict = kVerdicts[random() % 4];
    assessment.add(more);
    EXPECT_GE(assessment.verdict(), before);
    EXPECT_GE(assessment.verdict(), more.verdict);
  });
}

TEST(Assessment, RemovingACompletionNeverYieldsClean) {
  for_random_cases([](const Case& one, std::mt19937&) {
    for (int i = 0; i < kScannerCount; ++i) {
      const auto scanner = static_cast<Scanner>(i);
      if (!one.required.has(scanner)) continue;
      Case lost = one;
      lost.completed = ScannerSet::from_bits(
          static_cast<std::uint8_t>(one.completed.bits() & ~(1U << static_cast<unsigned>(i))));
      EXPECT_GE(assess(lost).verdict(), Verdict::uninspectable);
    }
  });
}

TEST(Assessment, WorstExplainsTheVerdict) {
  for_random_cases([](const Case& one, std::mt19937&) {
    const Assessment assessment = assess(one);
    const auto worst = assessment.worst();
    EXPECT_EQ(worst.has_value(), assessment.verdict() != Verdict::clean);
    if (worst) EXPECT_EQ(worst->verdict, assessment.verdict());
  });
}

TEST(Assessment, NothingRequiredAndNothingFoundIsClean) {
  EXPECT_EQ(Assessment().verdict(), Verdict::clean);
  EXPECT_FALSE(Assessment().worst());
}

TEST(Assessment, AMissingScannerIsNamedWithItsReason) {
  ScannerSet required;
  required.add(Scanner::yara);
  required.add(Scanner::clamav);
  Assessment assessment(required);
  assessment.complete(Scanner::yara);
  EXPECT_EQ(assessment.worst()->scanner, Scanner::clamav);
  EXPECT_EQ(assessment.worst()->reason, Reason::engine_down);
  assessment.set_missing_reason(Reason::crashed);
  EXPECT_EQ(assessment.worst()->reason, Reason::crashed);
  assessment.complete(Scanner::clamav);
  EXPECT_EQ(assessment.verdict(), Verdict::clean);
}

TEST(Assessment, TheFirstOfTheWorstDecides) {
  Assessment assessment;
  for (const char* name : {"first", "second"}) {
    Finding finding;
    finding.verdict = Verdict::malicious;
    finding.name = name;
    assessment.add(finding);
  }
  EXPECT_EQ(assessment.worst()->name, "first");
}

TEST(Assessment, AnUnknownVerdictIsTheWorst) {
  Assessment assessment;
  Finding finding;
  finding.verdict = static_cast<Verdict>(77);
  assessment.add(finding);
  EXPECT_EQ(assessment.verdict(), Verdict::malicious);
}

TEST(ScannerSet, IgnoresBitsThatNoScannerHas) {
  EXPECT_EQ(ScannerSet::from_bits(0xf1).bits(), 1);
  EXPECT_TRUE(ScannerSet::from_bits(0xf0).empty());
}

}  // namespace
}  // namespace weir
