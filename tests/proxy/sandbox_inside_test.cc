#include "proxy/sandbox_inside.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "proxy/sandbox_bundles.h"

namespace weir {
namespace {

ArtifactNote note(std::string where, std::string type, std::uint64_t size = 10) {
  std::string digest = where;  // different for each
  return {std::move(where), std::move(type), "zip", size, std::move(digest)};
}

std::string names_of(const InsideChoice& choice) {
  std::string names;
  for (const ArtifactNote& one : choice.files) names += one.where + " ";
  return names;
}

const std::vector<ArtifactNote> kTree{
    {"", "zip", "", 100, ""},      note("readme.txt", "text"),           note("run.sh", "shell"),
    note("setup.exe", "pe"),       note("setup.exe!/payload.exe", "pe"), note("more.zip", "zip"),
    note("more.zip!/tool", "elf"), note("more.zip!/huge", "elf", 1000),
};

HoldingRules rules(HoldingRules::Archives archives, std::uint32_t files = 8) {
  HoldingRules made;
  made.archives = archives;
  made.inside_files = files;
  made.inside_bytes = 999;
  return made;
}

TEST(InsideChoice, ProgramsExecutablesFirst) {
  using enum HoldingRules::Archives;
  const auto all = [](const ArtifactNote&) { return true; };
  const auto no_pe = [](const ArtifactNote& one) { return one.type != "pe"; };
  const struct {
    HoldingRules rules;
    FileType outer;
    std::function<bool(const ArtifactNote&)> takes;
    std::string want, left_out;
  } rows[] = {
      {rules(inside), FileType::zip, all, "setup.exe more.zip!/tool run.sh ", "larger"},
      {rules(both), FileType::zip, all, "setup.exe more.zip!/tool run.sh ", "larger"},
      {rules(inside, 2), FileType::zip, all, "setup.exe more.zip!/tool ", "more programs"},
      {rules(inside), FileType::zip, no_pe, "more.zip!/tool run.sh ", "larger"},
      {rules(whole), FileType::zip, all, "", ""},
      {rules(inside), FileType::pe, all, "", ""},  // it runs itself, with what is in it
  };
  for (const auto& row : rows) {
    const InsideChoice choice = choose_inside(row.outer, kTree, row.rules, row.takes);
    EXPECT_EQ(names_of(choice), row.want);
    EXPECT_NE(choice.left_out.find(row.left_out), std::string::npos) << choice.left_out;
  }
  const InsideChoice none =
      choose_inside(FileType::zip, kTree, rules(inside), [](const auto&) { return false; });
  EXPECT_TRUE(none.files.empty());
  EXPECT_NE(none.left_out.find("no sandbox"), std::string::npos);
}

TEST(InsideChoice, TheSameFileGoesOnce) {
  auto tree = kTree;
  tree.push_back({"copy.sh", "shell", "zip", 10, "run.sh"});
  const auto choice = choose_inside(FileType::zip, tree, rules(HoldingRules::Archives::inside),
                                    [](const auto&) { return true; });
  EXPECT_EQ(choice.files.size(), 3U);
}

SandboxVerdict said(Verdict verdict, Reason reason = Reason::none) {
  SandboxVerdict made;
  made.verdict = verdict;
  made.reason = reason;
  return made;
}

TEST(SandboxBundles, GravestFirst) {
  const SandboxVerdict rising[] = {
      said(Verdict::clean), said(Verdict::uninspectable, Reason::unsupported),
      said(Verdict::suspicious), said(Verdict::uninspectable, Reason::timeout),
      said(Verdict::malicious)};
  for (std::size_t a = 0; a < std::size(rising); ++a) {
    for (std::size_t b = 0; b < std::size(rising); ++b) {
      EXPECT_EQ(graver(rising[a], rising[b]), rising[std::max(a, b)]) << a << " " << b;
    }
  }
}

Submission whole(std::string digest) {
  Submission made;
  made.sha256 = std::move(digest);
  return made;
}

TEST(SandboxBundles, DecidedByTheLastPart) {
  SandboxBundles bundles(10);
  ASSERT_TRUE(bundles.open(whole("w"), {{"a", "x/a"}, {"b", "x/b"}}, said(Verdict::clean)));
  EXPECT_FALSE(bundles.open(whole("w"), {{"c", "c"}}, said(Verdict::clean)));
  EXPECT_TRUE(bundles.told("z", said(Verdict::malicious)).empty());
  EXPECT_TRUE(bundles.told("a", said(Verdict::suspicious)).empty());
  EXPECT_TRUE(bundles.told("a", said(Verdict::malicious)).empty());  // was heard already
  EXPECT_TRUE(bundles.has("w"));
  const auto decided = bundles.told("b", said(Verdict::clean));
  ASSERT_EQ(decided.size(), 1U);
  EXPECT_EQ(decided[0].whole.sha256, "w");
  EXPECT_EQ(decided[0].verdict.verdict, Verdict::suspicious);
  EXPECT_EQ(decided[0].verdict.where, "x/a");
  EXPECT_FALSE(bundles.has("w"));
}

TEST(SandboxBundles, OneBadPartIsEnoughForEveryWhole) {
  SandboxBundles bundles(2);
  ASSERT_TRUE(bundles.open(whole("w"), {{"a", "a"}, {"b", "b"}}, said(Verdict::clean)));
  ASSERT_TRUE(bundles.open(whole("v"), {{"a", "in/a"}, {"c", "c"}}, said(Verdict::clean)));
  EXPECT_FALSE(bundles.open(whole("u"), {{"a", "a"}}, said(Verdict::clean)));  // no room
  const auto decided = bundles.told("a", said(Verdict::malicious));
  ASSERT_EQ(decided.size(), 2U);
  EXPECT_EQ(decided[0].verdict.where, "a");
  EXPECT_EQ(decided[1].verdict.where, "in/a");
  EXPECT_TRUE(bundles.told("b", said(Verdict::clean)).empty());
  EXPECT_TRUE(bundles.open(whole("w"), {{"b", "b"}}, said(Verdict::clean)));  // anew
  EXPECT_EQ(bundles.told("b", said(Verdict::clean)).size(), 1U);
}

}  // namespace
}  // namespace weir
