#include "proxy/quarantine_keeper.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "proxy/audit_log.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

UniqueFd file_with(const std::string& bytes) {
  UniqueFd fd(::memfd_create("sample", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class QuarantineKeeperTest : public testing::Test {
 protected:
  QuarantineKeeperTest() {
    fs::create_directories(folder_ + "/rules");
    fs::create_directories(folder_ + "/clamav");
    std::ofstream(folder_ + "/weir.yaml")
        << "state_dir: " << folder_
        << "\nfeeds_file: ''\ninspect: {rules_dir: rules, clamav_dir: clamav, isolation: "
           "best_effort}\n";
    settings_.state_dir = folder_;
  }
  ~QuarantineKeeperTest() override {
    keeper_.reset();
    fs::remove_all(folder_);
  }
  void open() {
    auto opened = QuarantineKeeper::open({settings_, clock_, random_, metrics_, log_});
    ASSERT_TRUE(opened) << opened.error().what;
    keeper_ = std::move(*opened);
  }
  QuarantineEntry entry(const std::string& bytes, QuarantineState state) {
    QuarantineEntry one;
    one.sha256 = sha256_hex(bytes_of(bytes));
    one.state = state;
    one.name = "setup\x1b[2J.exe";
    return one;
  }
  bool keep(const std::string& bytes, QuarantineState state) {
    return keeper_->keep(entry(bytes, state), file_with(bytes));
  }
  // What the real program prints, and its exit code.
  std::pair<std::string, int> weir(const std::string& words) {
    const std::string command = std::string(WEIR_BIN_DIR) + "/weir quarantine " + words +
                                " --config " + folder_ + "/weir.yaml 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string text;
    std::array<char, 4096> block{};
    while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe)) {
      text.append(block.data(), got);
    }
    return {text, WEXITSTATUS(::pclose(pipe))};
  }
  std::string audit() const { return content(audit_path(folder_)); }

  const std::string folder_ = testing::TempDir() + "weir_keeper_" + std::to_string(::getpid());
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{-1, LogLevel::error, clock_};
  Settings settings_;
  std::unique_ptr<QuarantineKeeper> keeper_;
};

TEST_F(QuarantineKeeperTest, KeepsWhatTheSettingsWant) {
  using enum QuarantineState;
  const struct {
    const char* files;
    bool held, blocked;
  } cases[] = {{"both", true, true}, {"held", true, false}, {"blocked", false, true}};
  for (const auto& one : cases) {
    settings_.quarantine.files = one.files;
    open();
    EXPECT_EQ(keep("h", held), one.held) << one.files;
    EXPECT_EQ(keep("b", blocked), one.blocked) << one.files;
    EXPECT_FALSE(keep("r", released)) << one.files;
    keeper_.reset();
  }
  settings_.quarantine.files = "off";
  open();
  EXPECT_EQ(keeper_, nullptr);
}

TEST_F(QuarantineKeeperTest, WhatIsQueuedIsKeptAtTheEndAndAudited) {
  open();
  for (int i = 0; i < 50; ++i) keep("file " + std::to_string(i), QuarantineState::blocked);
  keeper_.reset();
  open();
  const auto entries = keeper_->quarantine().list({});
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 50U);
  const std::string log = audit();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 50);
  EXPECT_NE(log.find(R"("actor":"weir","act":"keep")"), std::string::npos);
}

TEST_F(QuarantineKeeperTest, AWrongDigestIsCountedAndSaid) {
  open();
  QuarantineEntry wrong = entry("x", QuarantineState::blocked);
  EXPECT_TRUE(keeper_->keep(wrong, file_with("y")));
  keeper_->flush();
  EXPECT_FALSE(keeper_->quarantine().find(wrong.sha256));
  EXPECT_NE(metrics_.exposition().find("weir_quarantine_files_failed_total 1"), std::string::npos);
  EXPECT_NE(audit().find(R"("done":false)"), std::string::npos);
}

// An administrator beside the running gateway: sees, fetches, releases, scans, deletes; and sweeps
// nothing that the gateway is about to keep.
TEST_F(QuarantineKeeperTest, TheCommandsWorkBesideTheGateway) {
  open();
  const std::string bytes = "harmless but held";
  ASSERT_TRUE(keep(bytes, QuarantineState::held));
  keeper_->flush();
  const std::string sha256 = sha256_hex(bytes_of(bytes));
  const std::string half = folder_ + "/quarantine/files/" + std::string(64, 'a') + ".part-0";
  std::ofstream(half) << "on its way";

  const auto [listed, list_code] = weir("list");
  EXPECT_EQ(list_code, 0) << listed;
  EXPECT_TRUE(listed.starts_with(sha256 + "  held  ")) << listed;
  EXPECT_EQ(listed.find('\x1b'), std::string::npos);
  EXPECT_NE(weir("show " + sha256 + " --json").first.find(R"("state":"held")"), std::string::npos);
  EXPECT_TRUE(fs::exists(half)) << "swept what another process is copying";

  EXPECT_EQ(weir("release " + sha256).second, 0);
  EXPECT_EQ(keeper_->quarantine().find(sha256)->state, QuarantineState::released);
  const auto [fetched, fetch_code] = weir("fetch " + sha256 + " --to " + folder_);
  EXPECT_EQ(fetch_code, 0) << fetched;
  const std::string zip = content(folder_ + "/" + sha256 + ".zip");
  EXPECT_TRUE(zip.starts_with("PK"));
  EXPECT_EQ(zip.find(bytes), std::string::npos);
  EXPECT_EQ(weir("delete " + sha256).second, 0);
  EXPECT_EQ(weir("delete " + sha256).second, 1);
  EXPECT_FALSE(keeper_->quarantine().find(sha256));

  // What was deleted can come again.
  ASSERT_TRUE(keep(bytes, QuarantineState::blocked));
  keeper_->flush();
  EXPECT_TRUE(keeper_->quarantine().find(sha256));
  for (const char* act : {"release", "fetch", "delete"}) {
    EXPECT_NE(audit().find("\"act\":\"" + std::string(act) + "\""), std::string::npos) << act;
  }
}

TEST_F(QuarantineKeeperTest, RescanReadsTheFileInMemory) {
  open();
  const std::string bytes =
      std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
  ASSERT_TRUE(keep(bytes, QuarantineState::blocked));
  keeper_->flush();
  const std::string sha256 = sha256_hex(bytes_of(bytes));
  fs::copy_file(std::string(WEIR_SOURCE_DIR) + "/conf/rules/weir.yar", folder_ + "/rules/weir.yar");
  const auto [text, code] = weir("rescan " + sha256 + " --json");
  EXPECT_EQ(code, 3) << text;  // malicious
  EXPECT_NE(text.find("\"path\":\"" + sha256), std::string::npos) << text;
  EXPECT_NE(audit().find(R"("act":"read")"), std::string::npos);
  EXPECT_EQ(weir("rescan " + std::string(64, '0')).second, 4);
}

TEST(AuditLine, CannotBeForged) {
  const std::string line = audit_line({WallTime{}, "al\"ice\n{}", "release", "x", true, "a\nb"});
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  EXPECT_NE(line.find(R"("actor":"al\"ice\n{}")"), std::string::npos) << line;
}

}  // namespace
}  // namespace weir
