#include "proxy/retro_hunt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/index_of.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

const std::string kBadHash(64, 'b');

class RetroHuntTest : public testing::Test {
 protected:
  RetroHuntTest() {
    std::filesystem::create_directories(folder_);
    settings_.state_dir = folder_;
    restart();
  }
  ~RetroHuntTest() override {
    stop();
    std::filesystem::remove_all(folder_);
  }
  void stop() {
    hunt_.reset();
    events_.reset();
    history_.reset();
  }
  void restart() {
    stop();
    auto history = History::open(folder_ + "/history", {}, clock_);
    ASSERT_TRUE(history) << history.error().what;
    history_ = std::move(*history);
    auto events = EventLog::open(settings_.events, folder_ + "/events.jsonl", metrics_, log_);
    ASSERT_TRUE(events) << events.error().what;
    events_ = std::move(*events);
    auto hunt = RetroHunt::open({settings_, *history_, *events_, clock_, metrics_, log_});
    ASSERT_TRUE(hunt) << hunt.error().what;
    hunt_ = std::move(*hunt);
  }
  DeliveryRecord row(const std::string& client, const std::string& host,
                     const std::string& sha256 = {}, const std::string& path = "/") {
    DeliveryRecord one;
    clock_.advance(1s);
    one.time = clock_.wall();
    one.event_id = "E" + std::to_string(++rows_);
    one.client = client;
    one.host = host;
    one.url = "https://" + host + path;
    one.sha256 = sha256;
    one.action = "allow";
    one.verdict = sha256.empty() ? "" : "clean";
    return one;
  }
  DeliveryRecord zip(const std::string& client, const std::vector<std::string>& inside) {
    DeliveryRecord one = row(client, "files.test", std::string(64, 'f'), "/a.zip");
    one.file_name = "a.zip";
    one.inside = inside;
    return one;
  }
  void got(DeliveryRecord record) { ASSERT_TRUE(history_->append(std::move(record))); }
  void know(const std::vector<ListedIn>& listed) {
    hunt_->use_index(index_of(listed));
    hunt_->step();
  }
  std::vector<std::string> told() {
    events_->flush();
    std::ifstream in(folder_ + "/events.jsonl");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  const std::string folder_ = testing::TempDir() + "weir_retro_" + std::to_string(::getpid());
  ManualClock clock_;
  Metrics metrics_;
  Log log_{-1, LogLevel::error, clock_};
  Settings settings_;
  unsigned rows_ = 0;
  std::unique_ptr<History> history_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<RetroHunt> hunt_;
};

TEST_F(RetroHuntTest, TellsWhoGotAFileThatIsListedLaterOnce) {
  got(row("10.0.0.1", "a.test", kBadHash, "/x"));
  got(row("10.0.0.2", "b.test", kBadHash, "/y"));
  got(row("10.0.0.2", "b.test", kBadHash, "/y"));
  got(row("10.0.0.3", "a.test", std::string(64, 'c')));
  know({{.kind = IndicatorKind::sha256, .value = std::string(64, 'd')}});
  EXPECT_TRUE(told().empty());
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}});
  ASSERT_EQ(told().size(), 1U);
  const std::string line = told()[0];
  for (
      const char* part :
      {R"("class_uid":2004)", R"("notice":"patient-zero")", R"("deliveries":"3")",
       R"("clients":"2")", R"("client":"10.0.0.1","user":"","url":"https://a.test/x")",
       R"("client":"10.0.0.2","user":"","url":"https://b.test/y","file":"","event":"E2","times":"2")"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
  }
  EXPECT_EQ(line.find("10.0.0.3"), std::string::npos);
  // Another version of the index, a restart, another feed for the same: nothing new.
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}, {.value = "new.test"}});
  restart();
  know({{.kind = IndicatorKind::sha256, .value = kBadHash, .source = "other"}});
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(RetroHuntTest, TellsWhoGotAFileInsideAnother) {
  got(zip("10.0.0.1", {std::string(64, 'c'), kBadHash}));
  got(row("10.0.0.2", "a.test", std::string(64, 'c')));
  know({{.kind = IndicatorKind::sha256, .value = kBadHash, .source = "bad"}});
  ASSERT_EQ(told().size(), 1U);
  const std::string zips(64, 'f');
  const std::string parts[] = {
      "The file with SHA-256 " + kBadHash +
          " went to 1 client inside other files before it was known",
      R"("value":")" + kBadHash + R"(")",
      R"("deliveries":"1","clients":"1","complete":"true","inside":"1")",
      R"("client":"10.0.0.1","user":"","url":"https://files.test/a.zip","file":"a.zip")",
      R"("sha256":")" + zips + R"(","inside":"true")"};
  for (const std::string& part : parts) {
    EXPECT_NE(told()[0].find(part), std::string::npos) << part << "\n" << told()[0];
  }
  EXPECT_EQ(told()[0].find("10.0.0.2"), std::string::npos);
  // Once, also when it goes by itself and in another index.
  restart();
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}, {.value = "new.test"}});
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(RetroHuntTest, AFileByItselfAndInsideOthersIsOneNotice) {
  got(row("10.0.0.1", "a.test", kBadHash));
  got(zip("10.0.0.2", {kBadHash}));
  DeliveryRecord both = zip("10.0.0.3", {kBadHash, kBadHash});
  both.sha256 = kBadHash;
  got(both);
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}});
  ASSERT_EQ(told().size(), 1U);
  EXPECT_NE(told()[0].find("3 clients, also inside other files, before"), std::string::npos);
  EXPECT_NE(told()[0].find(R"("deliveries":"3","clients":"3","complete":"true","inside":"1")"),
            std::string::npos)
      << told()[0];
}

TEST_F(RetroHuntTest, ASandboxVerdictFindsWhatWasInside) {
  got(zip("10.0.0.1", {kBadHash}));
  SandboxVerdict verdict;
  verdict.verdict = Verdict::malicious;
  verdict.engine = "local";
  ASSERT_TRUE(hunt_->verdict_turned_bad(kBadHash, verdict));
  hunt_->step();
  ASSERT_EQ(told().size(), 1U);
  EXPECT_NE(told()[0].find(R"("file":"a.zip")"), std::string::npos) << told()[0];
  // One that was under way: told by itself, and not again by the next question for all.
  const DeliveryRecord late = zip("10.0.0.2", {std::string(64, 'c'), kBadHash});
  hunt_->look_at(late);
  got(late);
  hunt_->step();
  ASSERT_EQ(told().size(), 2U);
  EXPECT_NE(told()[1].find("10.0.0.2"), std::string::npos) << told()[1];
  hunt_->look_at(zip("10.0.0.3", {std::string(64, 'c')}));
  ASSERT_TRUE(hunt_->verdict_turned_bad(kBadHash, verdict));
  hunt_->step();
  EXPECT_EQ(told().size(), 2U);
}

// It ended between the arrival of an index and the hunt with it: both find it, one tells it.
TEST_F(RetroHuntTest, WhatComesBeforeTheHuntIsToldOnce) {
  hunt_->use_index(index_of({{.kind = IndicatorKind::sha256, .value = kBadHash}}));
  const DeliveryRecord between = zip("10.0.0.1", {kBadHash});
  hunt_->look_at(between);
  got(between);
  hunt_->step();
  hunt_->step();
  EXPECT_EQ(told().size(), 1U);
}

// Its notice named all that the history had, so a start later there is nothing to tell.
TEST_F(RetroHuntTest, ALateOneIsNotToldAgainAfterARestart) {
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}});
  const DeliveryRecord late = zip("10.0.0.1", {kBadHash});
  hunt_->look_at(late);
  got(late);
  hunt_->step();
  ASSERT_EQ(told().size(), 1U);
  restart();
  know({{.kind = IndicatorKind::sha256, .value = kBadHash}});
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(RetroHuntTest, LooksAtHostsDomainsAndUrls) {
  got(row("10.0.0.1", "www.evil.test"));
  got(row("10.0.0.2", "files.test", {}, "/bad/x.exe?k=1"));
  got(row("10.0.0.3", "files.test", {}, "/good/x.exe"));
  know({{.kind = IndicatorKind::domain, .value = "evil.test"},
        {.kind = IndicatorKind::url_prefix, .value = "https://files.test/bad/"}});
  ASSERT_EQ(told().size(), 2U);
  EXPECT_NE(told()[0].find(R"("kind":"host","value":"www.evil.test","indicator":"evil.test")"),
            std::string::npos)
      << told()[0];
  EXPECT_NE(told()[1].find(R"("value":"https://files.test/bad/x.exe?k=1")"), std::string::npos);
  EXPECT_EQ(told()[1].find("10.0.0.3"), std::string::npos) << "another URL of that host";
}

TEST_F(RetroHuntTest, IsSilentAboutWhatWasWithheldOrKnown) {
  DeliveryRecord blocked = row("10.0.0.1", "evil.test");
  blocked.action = "block";
  got(blocked);
  DeliveryRecord listed = row("10.0.0.2", "warned.test");
  listed.verdict = "listed";
  got(listed);
  got(row("10.0.0.3", "news.test"));
  got(row("10.0.0.4", "fresh.test"));
  know({{.value = "evil.test"},
        {.value = "warned.test"},
        {.value = "news.test", .threat = Threat::category, .category = "news"},
        {.value = "fresh.test", .threat = Threat::newly_registered}});
  EXPECT_TRUE(told().empty()) << told()[0];
}

TEST_F(RetroHuntTest, WhatAFeedExceptsIsNotBad) {
  got(row("10.0.0.1", "fine.evil.test"));
  know({{.value = "evil.test"}, {.value = "fine.evil.test", .threat = Threat::allow}});
  EXPECT_TRUE(told().empty());
}

TEST_F(RetroHuntTest, ASandboxVerdictSurvivesAKillBeforeItIsAnswered) {
  got(row("10.0.0.1", "a.test", kBadHash));
  history_->flush();
  SandboxVerdict verdict;
  verdict.verdict = Verdict::malicious;
  verdict.engine = "local";
  verdict.title = "opens a reverse shell";
  ASSERT_TRUE(hunt_->verdict_turned_bad(kBadHash, verdict));
  restart();  // nothing was told yet
  EXPECT_TRUE(told().empty());
  hunt_->step();
  ASSERT_EQ(told().size(), 1U);
  EXPECT_NE(told()[0].find("local calls it opens a reverse shell"), std::string::npos);
  ASSERT_TRUE(hunt_->verdict_turned_bad(kBadHash, verdict));
  hunt_->step();
  restart();
  hunt_->step();
  EXPECT_EQ(told().size(), 1U);
}

// It began before the feed changed and ended after the hunt: no feed asks again.
TEST_F(RetroHuntTest, ATransactionThatEndsLateIsTold) {
  know({{.value = "evil.test"}});
  const DeliveryRecord late = row("10.0.0.1", "evil.test");
  got(late);
  hunt_->look_at(late);
  hunt_->step();
  ASSERT_EQ(told().size(), 1U);
  hunt_->look_at(row("10.0.0.2", "good.test"));
  hunt_->step();
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(RetroHuntTest, ManyAreToldInSeveralRounds) {
  std::vector<ListedIn> listed;
  for (int i = 0; i < 450; ++i) {
    const std::string host = "h" + std::to_string(i) + ".evil.test";
    got(row("10.0.0.1", host));
    listed.push_back({.kind = IndicatorKind::host, .value = host});
  }
  know(listed);
  EXPECT_EQ(told().size(), 200U);
  hunt_->step();
  hunt_->step();
  EXPECT_EQ(told().size(), 450U);
  hunt_->step();
  EXPECT_EQ(told().size(), 450U);
}

TEST_F(RetroHuntTest, ANoticeIsBoundedHoweverManyGotIt) {
  for (int i = 0; i < 1500; ++i) {
    got(row("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), "evil.test"));
  }
  know({{.value = "evil.test"}});
  ASSERT_EQ(told().size(), 1U);
  const std::string line = told()[0];
  EXPECT_NE(line.find(R"("deliveries":"1500","clients":"1000","complete":"false")"),
            std::string::npos)
      << line.substr(0, 800);
  EXPECT_LT(line.size(), 64U * 1024);
}

TEST_F(RetroHuntTest, ItsThreadDoesTheSame) {
  got(row("10.0.0.1", "evil.test"));
  hunt_->use_index(index_of({{.value = "evil.test"}}));
  hunt_->start();
  while (told().empty()) events_->flush();  // ends by the test's time limit otherwise
  hunt_->stop();
  EXPECT_EQ(told().size(), 1U);
}

}  // namespace
}  // namespace weir
