#include "proxy/history_rows.h"

#include <gtest/gtest.h>

#include "proxy/history_keeper.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

DeliveryRecord row() {
  DeliveryRecord one;
  one.time = WallTime(1'800'000'000'123ms);
  one.event_id = "01J0000000ABCDEFGHJKMNPQRS";
  one.client = "10.0.0.5";
  one.user = "alice smith";
  one.host = "files.test";
  one.url = "https://files.test/a?b=c&d";
  one.sha256 = std::string(64, 'a');
  one.file_name = "a.exe";
  one.action = "allow";
  one.verdict = "clean";
  return one;
}

TEST(LinkOf, FillsTheTemplate) {
  const struct {
    std::string_view name, text;
    std::string want;
  } cases[] = {
      {"none", "", ""},
      {"nothing to fill", "https://edr.test/", "https://edr.test/"},
      {"encoded", "https://edr.test/?u={user}&url={url}",
       "https://edr.test/?u=alice%20smith&url=https%3A%2F%2Ffiles.test%2Fa%3Fb%3Dc%26d"},
      {"hash", "https://t.test/{hash}", "https://t.test/" + std::string(64, 'a')},
      {"times", "{ms}/{from_ms}/{to_ms}", "1800000000123/1799999700123/1800000300123"},
      {"client, host, event", "{client}/{host}/{event}",
       "10.0.0.5/files.test/01J0000000ABCDEFGHJKMNPQRS"},
      {"unknown part", "https://t.test/{what}", ""},
      {"not closed", "https://t.test/{host", ""},
      {"the row has none", "https://t.test/{domain}", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(link_of(one.text, row(), 5min), one.want) << one.name;
}

TEST(LinksOf, LeavesOutWhatIsNotSet) {
  LinkSettings settings;
  settings.siem = "https://siem.test/{host}";
  settings.intelligence = "https://t.test/{domain}";
  const NamedLinks want = {{"siem", "https://siem.test/files.test"}};
  EXPECT_EQ(links_of(settings, row(), 5min), want);
}

TEST(Rows, CannotForgeLinesCellsOrFormulas) {
  DeliveryRecord bad = row();
  bad.user = "=HYPERLINK(\"x\")";
  bad.file_name = "a\nb\x1b[31m.exe";
  const std::string csv = row_csv(bad);
  EXPECT_NE(csv.find(R"~("'=HYPERLINK(""x"")")~"), std::string::npos) << csv;
  const std::string text = row_text(bad), json = row_json(bad);
  for (const std::string& line : {csv, text, json}) {
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(json.find('\x1b'), std::string::npos);
}

TEST(Rows, SayEverything) {
  EXPECT_EQ(row_json(row(), {{"edr", "https://edr.test/"}}),
            R"({"time":"2027-01-15T08:00:00.123Z","event":"01J0000000ABCDEFGHJKMNPQRS",)"
            R"("client":"10.0.0.5","user":"alice smith","host":"files.test",)"
            R"("url":"https://files.test/a?b=c&d","sha256":")" +
                std::string(64, 'a') +
                R"(","file":"a.exe","action":"allow","verdict":"clean",)"
                R"("links":{"edr":"https://edr.test/"}})"
                "\n");
  EXPECT_EQ(csv_head(),
            "time,event,client,user,host,domain,url,sha256,file,action,verdict,inside\n");
}

TEST(Rows, SayThatItWasInside) {
  DeliveryRecord zip = row();
  zip.file_name = "a.zip";
  EXPECT_EQ(row_text(zip).find("inside"), std::string::npos);
  EXPECT_EQ(row_json(zip).find("inside"), std::string::npos);
  EXPECT_TRUE(row_csv(zip).ends_with(",\"\"\n")) << row_csv(zip);
  zip.was_inside = true;
  EXPECT_NE(row_text(zip).find("  a.zip  inside  sha256:aaaaaaaaaaaaaaaa  "), std::string::npos)
      << row_text(zip);
  EXPECT_NE(row_json(zip).find(R"("verdict":"clean","inside":true})"), std::string::npos);
  EXPECT_NE(row_json(zip).find(zip.sha256), std::string::npos);
  EXPECT_TRUE(row_csv(zip).ends_with(",\"true\"\n")) << row_csv(zip);
}

TEST(DeliveryOf, KeepsTheDigestsOfWhatIsInsideOnce) {
  const auto digest = [](char c) { return std::string(64, c); };
  TransactionRecord record;
  record.sha256 = digest('a');
  EXPECT_TRUE(delivery_of(record).inside.empty());
  record.tree = {{"", "zip", "", 900, ""},
                 {"b.exe", "exe", "zip", 100, digest('b')},
                 {"copy/b.exe", "exe", "zip", 100, digest('b')},
                 {"itself.zip", "zip", "zip", 900, digest('a')},
                 {"empty", "text", "zip", 0, digest('e')},
                 {"unread", "text", "zip", 5, ""},
                 {"odd", "text", "zip", 5, "ABC"},
                 {"c.exe", "exe", "zip", 100, digest('c')}};
  EXPECT_EQ(delivery_of(record).inside, (std::vector{digest('b'), digest('c')}));
  for (unsigned i = 0; i < 200; ++i) {
    const std::string n = std::to_string(1000 + i);
    record.tree.push_back({n, "text", "zip", 1, n + std::string(60, '0')});
  }
  const auto many = delivery_of(record).inside;
  ASSERT_EQ(many.size(), kMostInside);
  EXPECT_EQ(many.back(), "1061" + std::string(60, '0'));
}

TEST(DeliveryOf, SaysWhatTheTransactionDid) {
  TransactionRecord record;
  record.id = "E";
  record.start = WallTime(5ms);
  record.client = *Endpoint::parse("10.0.0.5:4242");
  record.user = "u";
  record.host = "a.b.co.uk";
  record.url = "https://a.b.co.uk/x";
  record.sha256 = std::string(64, 'b');
  record.file_name = "x";
  const DeliveryRecord got = delivery_of(record);
  EXPECT_EQ(got.client, "10.0.0.5");
  EXPECT_EQ(got.domain, "b.co.uk");
  EXPECT_EQ(got.verdict, "");
  EXPECT_TRUE(was_delivered(got));
  EXPECT_FALSE(was_known(got));
}

// Held, judged at the gateway's own site, and fetched there: it went once, and from its own place.
TEST(DeliveryOf, AHeldFileWentWhenItWasFetched) {
  TransactionRecord record;
  record.host = "files.test";
  record.url = "https://files.test/a.sh";
  record.sha256 = std::string(64, 'b');
  record.action = "hold";
  EXPECT_FALSE(was_delivered(delivery_of(record)));
  record.action = "allow";
  record.host = "weir.internal";
  record.url = "https://weir.internal/wait/1";
  record.sandbox.held_by = "E";
  record.sandbox.url = "https://files.test/a.sh";
  const DeliveryRecord judged = delivery_of(record);
  EXPECT_EQ(judged.action, "hold");
  EXPECT_EQ(judged.host, "files.test");
  EXPECT_EQ(judged.url, "https://files.test/a.sh");
  record.delivery = "hold";
  EXPECT_TRUE(was_delivered(delivery_of(record)));
}

TEST(DeliveryOf, KnowsWhatWentAndWhatWasKnown) {
  struct Case {
    std::string_view name, action, opened_by, threat;
    Verdict verdict;
    bool scanned, want_delivered, want_known;
    std::string_view want_verdict;
  };
  constexpr Case kCases[] = {
      {"clean", "allow", "", "", Verdict::clean, true, true, false, "clean"},
      {"not looked at", "bypass", "", "", Verdict::clean, false, true, false, ""},
      {"blocked", "block", "", "", Verdict::malicious, true, false, true, "malicious"},
      {"alert", "alert", "", "malware", Verdict::clean, true, true, true, "listed"},
      {"category only", "allow", "", "category", Verdict::clean, true, true, false, "clean"},
      {"locked", "unlock", "", "", Verdict::uninspectable, true, false, false, "uninspectable"},
      {"opened", "unlock", "person", "", Verdict::clean, true, true, false, "clean"},
      {"broken", "error", "", "", Verdict::clean, false, false, false, ""},
      {"warned", "coach", "", "", Verdict::clean, false, false, false, ""},
  };
  for (const Case& one : kCases) {
    TransactionRecord record;
    record.action = one.action;
    record.unlock.opened_by = one.opened_by;
    record.verdict = one.verdict;
    record.scanned = one.scanned;
    if (!one.threat.empty())
      record.reputation.push_back({"feed", std::string(one.threat), {}, {}, {}});
    const DeliveryRecord got = delivery_of(record);
    EXPECT_EQ(was_delivered(got), one.want_delivered) << one.name;
    EXPECT_EQ(was_known(got), one.want_known) << one.name;
    EXPECT_EQ(got.verdict, one.want_verdict) << one.name;
  }
}

}  // namespace
}  // namespace weir
