// What the log has is found again by what it tells: real lines, as ocsf.cc and notice.cc write
// them.
#include "proxy/events/event_search.h"

#include <gtest/gtest.h>

#include <fstream>

#include "proxy/events/event_log.h"
#include "proxy/events/event_text.h"
#include "proxy/events/notice.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;

WallTime at(int seconds) { return WallTime(std::chrono::milliseconds(kStart + seconds * 1000)); }

TransactionRecord record(const std::string& id, int seconds) {
  TransactionRecord made;
  made.id = id;
  made.start = at(seconds);
  made.total = std::chrono::milliseconds(250);
  made.client = *Endpoint::parse("192.0.2.7:50000");
  made.user = "alice \"a\" ü";
  made.method = "GET";
  made.url = "https://www.files.test/a/setup.exe?x=\"1\"";
  made.host = "www.files.test";
  made.status = 403;
  made.file_name = "setup.exe";
  made.file_type = "zip";
  made.file_size = 12;
  made.sha256 = std::string(64, 'a');
  made.scanned = true;
  made.verdict = Verdict::malicious;
  made.findings = {{Scanner::yara, Verdict::malicious, Reason::none, "weir_eicar", "a.zip/b"}};
  made.tree = {
      {.where = "b", .type = "pe", .from = "zip", .size = 3, .sha256 = std::string(64, 'b')}};
  made.action = "block";
  made.rule = "malicious";
  made.stages = {{"request", "allow", "all"}, {"verdict", "block", "malicious"}};
  return made;
}

const std::string kFirst = "01ARZ3NDEKTSV4RRFFQ69G5FAV", kSecond = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

// Two transactions and a notice between them.
class EventSearch : public testing::Test {
 protected:
  EventSearch() {
    auto plain = record(kSecond, 60);
    plain.user.clear();
    plain.client = *Endpoint::parse("[2001:db8::1]:50000");
    plain.host = "other.test";
    plain.url = "https://other.test/";
    plain.action = "allow";
    plain.rule = "rest";
    plain.verdict = Verdict::clean;
    plain.findings.clear();
    plain.tree.clear();
    plain.sha256 = std::string(64, 'c');
    Notice notice;
    notice.time = at(30);
    notice.what = "feed-failed";
    notice.message = "the feed x failed";
    std::ofstream(path_) << ocsf_line(record(kFirst, 0)) << '\n'
                         << "{\"time\":1,\"broken\n"
                         << notice_line(notice) << '\n'
                         << ocsf_line(plain) << '\n';
  }
  std::string found(const EventFilter& filter) {
    std::string ids;
    EXPECT_TRUE(search_events(path_, filter, [&](const EventView& event, std::string_view) {
      ids += event.notice.empty() ? event.id == kFirst ? "1" : "2" : "n";
      return true;
    }));
    return ids;
  }
  TempFolder folder_;
  const std::string path_ = folder_ / "events.jsonl";
};

TEST_F(EventSearch, ByEachPart) {
  const struct {
    const char* name;
    EventFilter filter;
    const char* want;
  } rows[] = {
      {"all", {}, "2n1"},
      {"id", {.id = kFirst}, "1"},
      {"client", {.client = "192.0.2.7"}, "1"},
      {"another family", {.client = "2001:db8::1"}, "2"},
      {"no part of an address", {.client = "192.0.2"}, ""},
      {"user, as JSON escapes it", {.user = "alice \"a\" ü"}, "1"},
      {"host", {.host = "www.files.test"}, "1"},
      {"host above", {.host = "files.test"}, "1"},
      {"no end of a label", {.host = "iles.test"}, ""},
      {"url", {.url = "setup.exe?x=\"1"}, "1"},
      {"rule", {.rule = "rest"}, "2"},
      {"verdict", {.verdict = "malicious"}, "1"},
      {"action", {.action = "allow"}, "2"},
      {"notice", {.notice = "feed-failed"}, "n"},
      {"hash", {.sha256 = std::string(64, 'c')}, "2"},
      {"hash inside", {.sha256 = std::string(64, 'b')}, "1"},
      {"finding", {.finding = "eicar"}, "1"},
      {"all of them hold", {.client = "192.0.2.7", .action = "allow"}, ""},
      {"from", {.from = at(30)}, "2n"},
      {"to", {.to = at(30)}, "n1"},
      {"from and to", {.from = at(1), .to = at(59)}, "n"},
  };
  for (const auto& row : rows) EXPECT_EQ(found(row.filter), row.want) << row.name;
}

// Lines are in the order of their ends: a long transaction that began before is behind shorter
// ones.
TEST_F(EventSearch, DoesNotStopAtALongTransaction) {
  auto tunnel = record("01ARZ3NDEKTSV4RRFFQ69G5FAX", 10);
  tunnel.total = std::chrono::seconds(100);
  std::ofstream(path_, std::ios::app) << ocsf_line(tunnel) << '\n';
  EXPECT_EQ(found({.from = at(55)}), "2");
  EXPECT_EQ(found({.from = at(5)}), "22n");
}

TEST(EventView, TellsTheTimeOfAnId) {
  const auto time = time_of_event_id("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, WallTime(std::chrono::milliseconds(1'469'922'850'259)));
  for (const char* bad : {"", "01ARZ3NDEK", "81ARZ3NDEKTSV4RRFFQ69G5FAV",
                          "01ARZ3NDEUTSV4RRFFQ69G5FAVX", "01arz3ndektsv4rrffq69g5fav"}) {
    EXPECT_FALSE(time_of_event_id(bad)) << bad;
  }
}

TEST(EventView, TakesNothingThatIsNoEvent) {
  for (const char* line :
       {"", "{", "[]", "{\"time\":\"1\"}", "{\"time\":-5}", "{\"time\":99999999999999999999}",
        "{\"time\":253402300800000}", "7", "{\"time\":1}x"}) {
    EXPECT_FALSE(view_event(line)) << line;
  }
  const auto odd = view_event(R"({"time":1,"src_endpoint":[1],"file":{"hashes":[7,{"value":3}]},)"
                              R"("http_response":{"code":-3},"unmapped":{"weir":{"tree":{}}}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->client + odd->sha256, "");
  EXPECT_EQ(odd->status, 0);
}

TEST(EventText, ARowAPageAndACell) {
  auto made = record(kFirst, 0);
  made.file_name = "=evil\x1b[2J.exe";
  const std::string line = ocsf_line(made);
  const auto event = view_event(line);
  ASSERT_TRUE(event);
  const std::string row = event_row(*event);
  for (const char* part : {"192.0.2.7", "block", "malicious", "403", "GET",
                           "sha256:aaaaaaaaaaaaaaaa", "01ARZ3NDEKTSV4RRFFQ69G5FAV\n"}) {
    EXPECT_NE(row.find(part), row.npos) << part << '\n' << row;
  }
  const std::string page = event_page(line, {{"edr", "https://edr.test/?ip=192.0.2.7"}});
  for (const char* part :
       {"action    block  by rule malicious", "who       192.0.2.7  alice", "answer    403",
        "findings  malicious  yara  weir_eicar  in a.zip/b", "inside    b  pe  3 bytes",
        "stages    request  allow  by all\n          verdict  block  by malicious",
        "edr       https://edr.test/?ip=192.0.2.7"}) {
    EXPECT_NE(page.find(part), page.npos) << part << '\n' << page;
  }
  EXPECT_EQ((row + page).find('\x1b'), row.npos);
  EXPECT_NE(event_csv(*event).find(",\"'=evil"), row.npos);
  EXPECT_EQ(event_page("{}", {}), "");
}

}  // namespace
}  // namespace weir
