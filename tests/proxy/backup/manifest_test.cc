#include "proxy/backup/manifest.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

const std::string kDigest(64, 'a');

TEST(BackupKind, OfWhatIsInAStateDirectory) {
  using enum BackupKind;
  const struct {
    const char* path;
    BackupKind want;
  } rows[] = {
      {"ca.pem", copy},
      {"ca.key", secret},
      {"ca-next.key", secret},
      {"quarantine.key", secret},
      {"audit.jsonl", copy},
      {"retro.sqlite", database},
      {"history/00000001.sqlite", database},
      {"history/00000001.sqlite-wal", skip},
      {"history/00000001.sqlite-shm", skip},
      {"quarantine/quarantine.sqlite", database},
      {"quarantine/files/ab", skip},
      {"sandbox/verdicts.sqlite", database},
      {"sandbox/files/ab", skip},
      {"spool/x", skip},
      {"events.jsonl", skip},
      {"events.jsonl.3", skip},
      {"events.spool/7.lines", skip},
      {"feeds/index", skip},
      {"feeds/local.json", copy},
      {"feeds/local.index", copy},
      {"run.json", skip},
      {"weir.pid", skip},
      {"x.part-0011", skip},
      {"names/seen", copy},
      {"what-comes-later", copy},
  };
  for (const auto& row : rows) EXPECT_EQ(backup_kind(row.path), row.want) << row.path;
}

TEST(BackupManifest, IsReadAsItWasWritten) {
  const BackupManifest manifest{
      "0.1.0",
      "2026-11-23T12:00:00.000Z",
      std::string(32, '0'),
      {{"settings/weir.yaml", 12, kDigest}, {"state/a file", 0, std::string(64, 'b')}}};
  const auto back = parse_manifest(manifest_text(manifest));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, manifest);
  BackupManifest bare{"0.1.0", "t", "", {}};
  EXPECT_EQ(parse_manifest(manifest_text(bare)).value(), bare);
}

TEST(BackupManifest, NothingElseIsTaken) {
  const std::string head = "weir-backup 1\nprogram 0.1.0\ncreated now\n";
  const struct {
    const char* name;
    std::string text;
    Errc want;
  } rows[] = {
      {"empty", "", Errc::malformed},
      {"another format", "weir-backup 2\n", Errc::unsupported},
      {"no program", "weir-backup 1\ncreated now\n", Errc::malformed},
      {"a short salt", head + "salt 00\n", Errc::malformed},
      {"a salt in the middle", head + kDigest + " 1 a\nsalt " + std::string(32, '0') + "\n",
       Errc::malformed},
      {"upper case", head + std::string(64, 'A') + " 1 a\n", Errc::malformed},
      {"no size", head + kDigest + "  a\n", Errc::malformed},
      {"a size with a sign", head + kDigest + " -1 a\n", Errc::malformed},
      {"too large a size", head + kDigest + " 99999999999999999999 a\n", Errc::malformed},
      {"no path", head + kDigest + " 1 \n", Errc::malformed},
      {"absolute", head + kDigest + " 1 /etc/passwd\n", Errc::malformed},
      {"upwards", head + kDigest + " 1 state/../../x\n", Errc::malformed},
      {"a dot", head + kDigest + " 1 ./x\n", Errc::malformed},
      {"nothing between", head + kDigest + " 1 a//b\n", Errc::malformed},
      {"a control character", head + kDigest + " 1 a\tb\n", Errc::malformed},
      {"twice", head + kDigest + " 1 a\n" + kDigest + " 1 a\n", Errc::malformed},
      {"out of order", head + kDigest + " 1 b\n" + kDigest + " 1 a\n", Errc::malformed},
      {"an empty line", head + "\n" + kDigest + " 1 a\n", Errc::malformed},
  };
  for (const auto& row : rows) {
    const auto read = parse_manifest(row.text);
    ASSERT_FALSE(read) << row.name;
    EXPECT_EQ(read.error().code, row.want) << row.name;
  }
}

TEST(BackupManifest, VersionsHaveAnOrder) {
  EXPECT_TRUE(is_newer("0.2.0", "0.1.9"));
  EXPECT_TRUE(is_newer("0.10.0", "0.9.0"));
  EXPECT_FALSE(is_newer("0.1.0", "0.1.0"));
  EXPECT_FALSE(is_newer("0.1", "0.1.0"));
  EXPECT_FALSE(is_newer("nonsense", "0.1.0"));
}

}  // namespace
}  // namespace weir
