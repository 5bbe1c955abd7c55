// The checks that need no program of ours; tests/e2e/24_operations.py has the others.
#include "proxy/doctor/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "proxy/doctor/cvd_header.h"
#include "proxy/tls/ca.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

const WallTime kNow{std::chrono::seconds(1'900'000'000)};

struct Doctor : testing::Test {
  TempFolder folder;
  Settings settings;
  Doctor() {
    settings.state_dir = folder.path();
    settings.inspect.clamav_dir = folder / "clamav";
    std::filesystem::create_directory(folder / "clamav");
  }
  Observation first(void (*look)(const Patient&, Checkup&), WallTime now = kNow) {
    const Patient patient{.settings = settings,
                          .config = "weir.yaml",
                          .helper_dir = folder.path(),
                          .now = now,
                          .dns_name = "a.test",
                          .running_pid = 0,
                          .addresses = {}};
    Checkup checkup;
    look(patient, checkup);
    return checkup.rows().empty() ? Observation{} : checkup.rows().front();
  }
  void database(const std::string& name, std::int64_t built) {
    std::string head = "ClamAV-VDB:t:7:1000:90:m:s:b:" + std::to_string(built);
    head.resize(kCvdHeaderBytes, ' ');
    std::ofstream(folder / ("clamav/" + name)) << head << "rest";
  }
};

TEST_F(Doctor, AClockBeforeTheBuildIsAnError) {
  EXPECT_EQ(first(look_at_clock).health, Health::ok);
  const auto row = first(look_at_clock, WallTime(std::chrono::seconds(1'000'000'000)));
  EXPECT_EQ(row.health, Health::error);
  EXPECT_TRUE(row.found.starts_with("2001-09-09T")) << row.found;
}

TEST_F(Doctor, DatabasesHaveAnAge) {
  EXPECT_EQ(first(look_at_clamav).health, Health::warning);
  constexpr std::int64_t kDay = 86400, kToday = 1'900'000'000;
  database("main.cvd", kToday - 900 * kDay);
  EXPECT_EQ(first(look_at_clamav).health, Health::warning);
  database("daily.cld", kToday - 2 * kDay);
  const auto row = first(look_at_clamav);
  EXPECT_EQ(row.health, Health::ok);
  EXPECT_NE(row.found.find("2000 signatures, built 2 days ago"), std::string::npos) << row.found;
  std::ofstream(folder / "clamav/bytecode.cvd") << "cut";
  EXPECT_EQ(first(look_at_clamav).health, Health::error);
}

TEST_F(Doctor, SignaturesOfOnesOwnAreEnough) {
  std::ofstream(folder / "clamav/own.ndb") << "x";
  EXPECT_EQ(first(look_at_clamav).health, Health::ok);
}

TEST_F(Doctor, ModesOfTheStateDirectory) {
  const struct {
    mode_t mode;
    Health want;
  } rows[] = {{0700, Health::ok}, {0750, Health::warning}, {0777, Health::error}};
  for (const auto& row : rows) {
    ASSERT_EQ(::chmod(folder.path().c_str(), row.mode), 0);
    EXPECT_EQ(first(look_at_state).health, row.want) << row.mode;
  }
  settings.state_dir = folder / "not-there";
  EXPECT_EQ(first(look_at_state).health, Health::ok);
}

TEST_F(Doctor, TheEndOfACaComesNear) {
  EXPECT_EQ(first(look_at_ca).health, Health::ok);  // none yet
  ASSERT_TRUE(create_ca(folder.path(), kNow));
  const auto after = [](int days) { return kNow + std::chrono::hours(24 * days); };
  EXPECT_EQ(first(look_at_ca).health, Health::ok);
  EXPECT_EQ(first(look_at_ca, after(3600)).health, Health::warning);
  EXPECT_EQ(first(look_at_ca, after(3660)).health, Health::error);
  EXPECT_EQ(first(look_at_ca, after(-30)).health, Health::error);
  std::ofstream(folder / "ca.pem") << "-----BEGIN CERTIFICATE-----\nxx\n";
  EXPECT_EQ(first(look_at_ca).health, Health::error);
}

TEST_F(Doctor, MoreThanTheDiskHolds) {
  settings.inspect.spool_total_bytes = 1ULL << 60;
  EXPECT_EQ(first(look_at_disk).health, Health::warning);
  settings.inspect.spool_total_bytes = 1;
  settings.history.record = false;
  settings.quarantine.files = "off";
  EXPECT_EQ(first(look_at_disk).health, Health::ok);
}

TEST_F(Doctor, FeedsWithoutAnIndexKnowNothing) {
  settings.feeds_file.clear();
  EXPECT_EQ(first(look_at_feeds).health, Health::ok);
  settings.feeds_file = "feeds.yaml";
  EXPECT_EQ(first(look_at_feeds).health, Health::warning);
  std::filesystem::create_directory(folder / "feeds");
  std::ofstream(folder / "feeds/index") << "nonsense";
  EXPECT_EQ(first(look_at_feeds).health, Health::error);
}

TEST_F(Doctor, MoreConnectionsThanDescriptors) {
  settings.limits.connections = 1'000'000'000;
  EXPECT_EQ(first(look_at_limits).health, Health::warning);
  settings.limits.connections = 1;
  EXPECT_EQ(first(look_at_limits).health, Health::ok);
}

TEST_F(Doctor, OnlyAProcessThatLivesRuns) {
  Patient patient{.settings = settings,
                  .config = {},
                  .helper_dir = {},
                  .now = kNow,
                  .dns_name = {},
                  .running_pid = 0,
                  .addresses = {}};
  std::ofstream(folder / "run.json") << "{\"proxy\":[],\"pid\":2147483647}";
  find_running(patient);
  EXPECT_EQ(patient.running_pid, 0);
  std::ofstream(folder / "run.json") << "{\"proxy\":[],\"pid\":" << ::getpid() << "}";
  find_running(patient);
  EXPECT_EQ(patient.running_pid, ::getpid());
}

}  // namespace
}  // namespace weir
