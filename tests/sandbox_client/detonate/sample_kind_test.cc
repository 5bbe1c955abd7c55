#include "sandbox_client/detonate/sample_kind.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr auto kAllThere = [](const std::string&) { return true; };
constexpr auto kNoneThere = [](const std::string&) { return false; };

std::string elf(int machine, int bits = 2) {
  std::string head =
      "\x7f"
      "ELF";
  head += static_cast<char>(bits);
  head += '\x01';
  head.resize(64, '\0');
  head[18] = static_cast<char>(machine);
  return head;
}

#if defined(__x86_64__)
constexpr int kOwn = 62;
constexpr int kOther = 183;
#else
constexpr int kOwn = 183;
constexpr int kOther = 62;
#endif

TEST(SampleKind, SaysHowASampleIsStarted) {
  const struct {
    const char* what;
    std::string head;
    const char* name;
    const char* kind;
    std::vector<std::string> argv;
  } cases[] = {
      {"a program", elf(kOwn), "a", "elf", {"/d/x"}},
      {"of another processor", elf(kOther), "a", "elf", {}},
      {"of 32 bits", elf(kOwn, 1), "a", "elf", {}},
      {"cut short", elf(kOwn).substr(0, 10), "a", "elf", {}},
      {"a shell script", "#!/bin/sh\nid\n", "a.txt", "shell", {"/bin/bash", "/d/x"}},
      {"a Python script", "#!/usr/bin/env python3\n", "a", "python", {"/usr/bin/python3", "/d/x"}},
      {"Python by its name", "import os\n", "a.py", "python", {"/usr/bin/python3", "/d/x"}},
      {"a Perl script", "#!/usr/bin/perl\n", "a", "perl", {"/usr/bin/perl", "/d/x"}},
      {"JavaScript by its name", "x = 1\n", "a.js", "node", {"/usr/bin/node", "/d/x"}},
      {"a PowerShell script", "Get-Item\n", "a.ps1", "powershell", {}},
      {"text", "hello\n", "a.txt", "text", {}},
      {"nothing", "", "a.sh", "empty", {}},
      {"content before name", "%PDF-1.4\n", "a.sh", "pdf", {}},
  };
  for (const auto& one : cases) {
    const Launch launch = plan_launch(as_bytes(one.head), one.name, "/d/x", kAllThere);
    EXPECT_EQ(launch.kind, one.kind) << one.what;
    EXPECT_EQ(launch.argv, one.argv) << one.what;
    EXPECT_EQ(launch.reason.empty(), !one.argv.empty()) << one.what;
  }
}

TEST(SampleKind, NamesTheInterpreterThatIsMissing) {
  const Launch launch = plan_launch(as_bytes("#!/usr/bin/perl\n"), "a", "/d/x", kNoneThere);
  EXPECT_TRUE(launch.argv.empty());
  EXPECT_EQ(launch.reason, "/usr/bin/perl is not there");
}

TEST(SampleKind, NamesBecomeHarmless) {
  const struct {
    const char* name;
    const char* want;
  } cases[] = {
      {"setup.sh", "setup.sh"},
      {"../../etc/passwd", "passwd"},
      {"a\\b\\c.exe", "c.exe"},
      {"", "sample"},
      {"..", "sample.."},
      {"-rf", "sample-rf"},
      {"a b;$(id).sh", "a_b___id_.sh"},
      {"\xE8\xAB\x8B.py", "___.py"},
  };
  for (const auto& one : cases) EXPECT_EQ(safe_name(one.name), one.want);
  EXPECT_EQ(safe_name(std::string(1000, 'a')).size(), 100U);
}

}  // namespace
}  // namespace weir
