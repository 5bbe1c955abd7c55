#include "sandbox_client/detonate/fake_home.h"

#include <gtest/gtest.h>

#include <set>

namespace weir {
namespace {

TEST(FakeHome, DocumentsHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (int at = 0; at < kFakeDocuments; ++at) names.insert(fake_document_path(at));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kFakeDocuments));
}

TEST(FakeHome, KnowsSecretsAndTheirOwners) {
  const struct {
    const char* program;
    const char* path;
    bool bait, own;
  } cases[] = {
      {"/usr/bin/cat", "~/.netrc", true, false},
      {"/usr/bin/wget", "~/.netrc", true, true},
      {"/usr/bin/wget", "~/.ssh/id_ed25519", true, false},
      {"/usr/bin/ssh", "~/.ssh/id_ed25519", true, true},
      {"/tmp/usr/bin/ssh", "~/.ssh/id_ed25519", true, false},
      {"/usr/bin/cat", "~/.ssh/id_ed25519.pub", false, false},
      {"/usr/bin/cat", "~/Documents/a", false, false},
      {"/usr/bin/cat", "/etc/shadow", true, false},
      {"/usr/bin/cat", "/etc/passwd", false, false},
  };
  for (const auto& one : cases) {
    const std::string path = expand_home(one.path);
    EXPECT_EQ(is_bait(path), one.bait) << one.path;
    EXPECT_EQ(reads_its_own(one.program, path), one.own) << one.program << " " << one.path;
  }
}

TEST(FakeHome, KnowsWhatIsSensitive) {
  for (const char* path : {"/etc/cron.d/x", "~/.bashrc", "/var/spool/cron/x"}) {
    EXPECT_TRUE(is_sensitive(expand_home(path))) << path;
  }
  for (const char* path : {"/tmp/x", "~/Documents/x", "~/.cache/x", "/var/tmp/x"}) {
    EXPECT_FALSE(is_sensitive(expand_home(path))) << path;
  }
}

}  // namespace
}  // namespace weir
