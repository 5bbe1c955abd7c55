#include "proxy/backup/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "proxy/run_program.h"
#include "sandbox_client/sqlite.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

struct Backup : testing::Test {
  TempFolder folder;
  Settings settings;
  ManualClock clock;
  SystemRandom random;

  void SetUp() override {
    settings.state_dir = folder / "state";
    settings.policy_file = folder / "policy.yaml";
    settings.feeds_file.clear();
    settings.sandbox_file.clear();
    for (const char* sub : {"state/history", "state/feeds", "state/spool"}) {
      fs::create_directories(folder / sub);
    }
    put("weir.yaml", "state_dir: state\n");
    put("policy.yaml", "version: 1\n");
    put("state/ca.pem", "certificate");
    put("state/ca.key", "the key");
    put("state/feeds/local.json", "{}");
    put("state/events.jsonl", "events");
    add_row("state/history/1.sqlite", 1);
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
  }
  std::string get(const std::string& name) {
    std::ifstream in(folder / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void add_row(const std::string& name, std::int64_t value) {
    auto database = Database::open(folder / name, {});
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("CREATE TABLE IF NOT EXISTS t(v INTEGER)"));
    ASSERT_TRUE(database->change("INSERT INTO t VALUES(?)", value));
  }
  std::int64_t rows(const std::string& name) {
    auto database = Database::open(folder / name, {.read_only = true});
    auto asked = database->prepare("SELECT count(*) FROM t");
    return asked->step() ? asked->integer(0) : -1;
  }
  Result<BackupDone> back_up(const std::string& passphrase = "correct horse", bool history = true) {
    return make_backup({settings, folder / "weir.yaml", folder / "backup", passphrase, history},
                       clock, random);
  }
  Result<RestoreDone> restore(const std::string& passphrase = "correct horse",
                              const std::string& to = "back", const std::string& conf = "") {
    return restore_backup(
        {folder / "backup", folder / to, conf.empty() ? "" : folder / conf, passphrase}, random);
  }
};

TEST_F(Backup, ComesBackAsItWas) {
  const auto made = back_up();
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->keys, std::vector<std::string>{"ca.key"});
  const auto done = restore("correct horse", "back", "conf");
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(done->notes.empty());
  EXPECT_EQ(get("back/ca.pem"), "certificate");
  EXPECT_EQ(get("back/ca.key"), "the key");
  EXPECT_EQ(get("back/feeds/local.json"), "{}");
  EXPECT_EQ(rows("back/history/1.sqlite"), 1);
  EXPECT_EQ(get("conf/weir.yaml"), "state_dir: state\n");
  EXPECT_EQ(get("conf/policy.yaml"), "version: 1\n");
  EXPECT_FALSE(fs::exists(folder / "back/events.jsonl"));
  struct stat about{};
  ASSERT_EQ(::stat((folder / "back/ca.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((folder / "backup").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(Backup, ADatabaseThatIsWrittenToIsConsistent) {
  auto open = Database::open(folder / "state/history/1.sqlite", {});
  ASSERT_TRUE(open);
  auto writing = WriteTransaction::begin(*open);
  ASSERT_TRUE(open->run("INSERT INTO t VALUES(2)"));  // not committed
  ASSERT_TRUE(back_up());
  ASSERT_TRUE(restore());
  EXPECT_EQ(rows("back/history/1.sqlite"), 1);
}

TEST_F(Backup, NoKeyIsInTheFileInPlain) {
  ASSERT_TRUE(back_up());
  EXPECT_EQ(get("backup").find("the key"), std::string::npos);
  const auto wrong = restore("wrong horse!");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::denied);
  EXPECT_FALSE(fs::exists(folder / "back"));
}

TEST_F(Backup, KeysCanBeLeftOut) {
  const auto made = back_up("");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->without, std::vector<std::string>{"ca.key"});
  const auto done = restore("");
  ASSERT_TRUE(done);
  EXPECT_FALSE(fs::exists(folder / "back/ca.key"));
  EXPECT_EQ(done->notes.size(), 2U);
}

TEST_F(Backup, HistoryCanBeLeftOut) {
  ASSERT_TRUE(back_up("correct horse", false));
  ASSERT_TRUE(restore());
  EXPECT_FALSE(fs::exists(folder / "back/history/1.sqlite"));
}

TEST_F(Backup, NothingIsOverwritten) {
  EXPECT_FALSE(back_up("short"));
  EXPECT_FALSE(fs::exists(folder / "backup")) << "a passphrase that is too short";
  ASSERT_TRUE(back_up());
  EXPECT_FALSE(back_up());
  EXPECT_FALSE(restore("correct horse", "state")) << "over a state";
  EXPECT_EQ(get("state/ca.key"), "the key");
  fs::create_directory(folder / "empty");
  EXPECT_TRUE(restore("correct horse", "empty"));
}

TEST_F(Backup, NoPartsAreLeftBehind) {
  ASSERT_TRUE(back_up());
  ASSERT_FALSE(restore("wrong horse!"));
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.path().string().find(".part-"), std::string::npos) << entry.path();
  }
}

// The backup's files, changed by hand and packed again.
struct ChangedBackup : Backup {
  void SetUp() override {
    Backup::SetUp();
    ASSERT_TRUE(back_up());
    fs::create_directory(folder / "changed");
    tar({"--extract"});
    fs::remove(folder / "backup");
  }
  void tar(std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/tar");
    words.insert(words.end(), {"--file", folder / "backup", "--directory", folder / "changed"});
    if (words[1] == "--create") words.push_back(".");
    const auto end = run_program(words);
    ASSERT_TRUE(end && end->status == 0) << end->output;
  }
  std::string refusal() {
    tar({"--create"});
    const auto done = restore();
    EXPECT_FALSE(fs::exists(folder / "back"));
    return done ? "it was restored" : done.error().what;
  }
};

TEST_F(ChangedBackup, AnotherContent) {
  put("changed/state/ca.pem", "Certificate");
  EXPECT_NE(refusal().find("was changed"), std::string::npos);
}
TEST_F(ChangedBackup, AMissingFile) {
  fs::remove(folder / "changed/state/ca.pem");
  EXPECT_NE(refusal().find("missing"), std::string::npos);
}
TEST_F(ChangedBackup, AnotherFile) {
  put("changed/state/more", "x");
  EXPECT_NE(refusal().find("not in the backup's list"), std::string::npos);
}
TEST_F(ChangedBackup, ALinkInThePlaceOfAFile) {
  fs::remove(folder / "changed/state/ca.pem");
  fs::create_symlink("/etc/hostname", folder / "changed/state/ca.pem");
  EXPECT_NE(refusal().find("missing"), std::string::npos);
}
TEST_F(ChangedBackup, ALaterVersion) {
  std::string text = get("changed/MANIFEST");
  text.replace(text.find("program 0."), 10, "program 9.");
  put("changed/MANIFEST", text);
  EXPECT_NE(refusal().find("made by weir 9."), std::string::npos);
}
TEST_F(ChangedBackup, NoBackupAtAll) {
  fs::remove(folder / "changed/MANIFEST");
  EXPECT_NE(refusal().find("no backup of weir"), std::string::npos);
  put("backup", "nonsense");
  EXPECT_NE(restore().error().what.find("tar:"), std::string::npos);
}

}  // namespace
}  // namespace weir
