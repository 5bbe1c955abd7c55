#include "proxy/events/event_formats.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/events/event_json.h"
#include "proxy/events/event_log.h"
#include "proxy/events/notice.h"

namespace weir {
namespace {

TransactionRecord blocked() {
  TransactionRecord record;
  record.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  record.start = WallTime{std::chrono::milliseconds(1'800'000'000'123)};
  record.client = *Endpoint::parse("192.0.2.7:50000");
  record.user = "alice";
  record.method = "GET";
  record.url = "https://files.test/a/setup.exe?x=1";
  record.host = "files.test";
  record.port = 443;
  record.client_protocol = "HTTP/1.1";
  record.status = 403;
  record.total = std::chrono::milliseconds(5);
  record.origin_address = "203.0.113.5:443";
  record.file_name = "setup.exe";
  record.file_type = "pe";
  record.file_size = 77;
  record.sha256 = std::string(64, 'a');
  record.verdict = Verdict::malicious;
  record.findings = {{Scanner::yara, Verdict::malicious, Reason::none, "weir_eicar", "a.zip/b"}};
  record.action = "block";
  record.rule = "malicious";
  record.policy_version = "7";
  return record;
}

Notice notice() {
  return {.kind = Notice::Kind::trouble,
          .time = WallTime{std::chrono::milliseconds(1'800'000'000'123)},
          .severity = 4,
          .what = "feed-quarantined",
          .message = "a|b",
          .details = {{"feed", "x=y"}},
          .receipts = {}};
}

TEST(EventFormats, Names) {
  EXPECT_EQ(event_format("ocsf"), EventFormat::ocsf);
  EXPECT_EQ(event_format("ecs"), EventFormat::ecs);
  EXPECT_EQ(event_format("cef"), EventFormat::cef);
  EXPECT_EQ(event_format("CEF"), std::nullopt);
  EXPECT_EQ(event_format(""), std::nullopt);
}

TEST(EventFormats, OfAServer) {
  const struct {
    const char* url;
    const char* want;
    std::optional<EventFormat> format;
  } cases[] = {{"tcp://a:1", "tcp://a:1", EventFormat::ocsf},
               {"tcp://a:1?format=ocsf", "tcp://a:1", EventFormat::ocsf},
               {"tcp://a:1?format=ecs", "tcp://a:1", EventFormat::ecs},
               {"unix:///dev/log?format=cef", "unix:///dev/log", EventFormat::cef},
               {"tcp://a:1?format=", "", std::nullopt},
               {"tcp://a:1?format=leef", "", std::nullopt},
               {"tcp://a:1?", "", std::nullopt},
               {"tcp://a:1?tls=1", "", std::nullopt}};
  for (const auto& row : cases) {
    const auto server = event_server(row.url);
    ASSERT_EQ(server.has_value(), row.format.has_value()) << row.url;
    if (!server) continue;
    EXPECT_EQ(server->url, row.want) << row.url;
    EXPECT_EQ(server->format, *row.format) << row.url;
  }
}

TEST(EventFormats, EachGivesItsOwnLine) {
  EXPECT_EQ(event_line(EventFormat::ocsf, blocked()), ocsf_line(blocked()));
  EXPECT_EQ(event_line(EventFormat::ecs, blocked()), ecs_line(blocked()));
  EXPECT_EQ(event_line(EventFormat::cef, blocked()), cef_line(blocked()));
  EXPECT_EQ(event_line(EventFormat::ocsf, notice()), notice_line(notice()));
  EXPECT_EQ(event_line(EventFormat::ecs, notice()), ecs_line(notice()));
  EXPECT_EQ(event_line(EventFormat::cef, notice()), cef_line(notice()));
}

TEST(Ecs, FieldsOfOneBlockedDownload) {
  const Json json = Json::parse(ecs_line(blocked()));
  const struct {
    const char* path;
    const char* want;
  } cases[] = {{"event.id", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
               {"event.kind", "alert"},
               {"event.action", "block"},
               {"event.outcome", "success"},
               {"source.ip", "192.0.2.7"},
               {"destination.ip", "203.0.113.5"},
               {"destination.domain", "files.test"},
               {"user.name", "alice"},
               {"http.version", "1.1"},
               {"http.request.method", "GET"},
               {"url.full", "https://files.test/a/setup.exe?x=1"},
               {"url.scheme", "https"},
               {"url.path", "/a/setup.exe"},
               {"url.query", "x=1"},
               {"file.name", "setup.exe"},
               {"rule.name", "malicious"},
               {"rule.version", "7"},
               {"observer.type", "proxy"},
               {"ecs.version", "8.11.0"},
               {"weir.verdict", "malicious"}};
  for (const auto& row : cases) EXPECT_EQ(json_text(json, row.path), row.want) << row.path;
  EXPECT_EQ(json["@timestamp"].get<std::string>().substr(0, 23), "2027-01-15T08:00:00.123");
  EXPECT_EQ(json_text(json, "file.hash.sha256"), std::string(64, 'a'));
  EXPECT_EQ(json_number(json, "event.duration"), 5'000'000);
  EXPECT_EQ(json_number(json, "http.response.status_code"), 403);
  EXPECT_EQ(json_at(json, "event.category"), Json::parse(R"(["web","network","malware"])"));
  EXPECT_EQ(json_at(json, "event.type"), Json::parse(R"(["access","denied"])"));
  EXPECT_EQ(json_at(json, "related.ip"), Json::parse(R"(["192.0.2.7","203.0.113.5"])"));
}

TEST(Ecs, TypeByAction) {
  const struct {
    const char* action;
    const char* want;
  } cases[] = {{"allow", "allowed"},  {"alert", "allowed"}, {"block", "denied"},
               {"unlock", "denied"},  {"coach", "denied"},  {"hold", "denied"},
               {"bypass", "allowed"}, {"error", "error"}};
  for (const auto& row : cases) {
    TransactionRecord record = blocked();
    record.action = row.action;
    EXPECT_EQ(json_at(Json::parse(ecs_line(record)), "event.type")[1], row.want) << row.action;
  }
}

TEST(Ecs, OneNotice) {
  const Json json = Json::parse(ecs_line(notice()));
  EXPECT_EQ(json_text(json, "message"), "a|b");
  EXPECT_EQ(json_text(json, "event.action"), "feed-quarantined");
  EXPECT_EQ(json_text(json, "event.kind"), "event");
  EXPECT_EQ(json_text(json, "weir.details.feed"), "x=y");
}

TEST(Cef, OneBlockedDownload) {
  EXPECT_EQ(cef_line(blocked()),
            "CEF:0|weir|weir|" WEIR_VERSION
            "|web-block|Blocked|8|rt=1800000000123 externalId=01ARZ3NDEKTSV4RRFFQ69G5FAV act=block "
            "outcome=success src=192.0.2.7 spt=50000 suser=alice dhost=files.test dst=203.0.113.5 "
            "dpt=443 app=HTTP/1.1 requestMethod=GET request=https://files.test/a/setup.exe?x\\=1 "
            "in=0 out=0 fname=setup.exe fsize=77 fileType=pe fileHash=" +
                std::string(64, 'a') +
                " cs1Label=rule cs1=malicious cs2Label=verdict cs2=malicious cs3Label=threat "
                "cs3=weir_eicar cs4Label=policyVersion cs4=7 cn1Label=httpStatus cn1=403 reason=" +
                std::string(reason_name(Reason::none)));
}

TEST(Cef, OneNotice) {
  EXPECT_EQ(cef_line(notice()), "CEF:0|weir|weir|" WEIR_VERSION
                                "|feed-quarantined|a\\|b|8|rt=1800000000123 msg=feed: x\\=y");
}

// What a page or a file is called must neither forge a field nor end the line.
TEST(Cef, HostileTextStaysInItsField) {
  const struct {
    const char* name;
    std::string input, want;
  } cases[] = {{"equals", "a act=allow", "fname=a act\\=allow "},
               {"backslash", "a\\", "fname=a\\\\ "},
               {"newline", "a\nCEF:0|x", "fname=a\\nCEF:0|x "},
               {"return", "a\rb", "fname=a\\rb "},
               {"control", std::string("a\0b\x1b\x7f", 5), "fname=a b   "}};
  for (const auto& row : cases) {
    TransactionRecord record = blocked();
    record.file_name = row.input;
    const std::string line = cef_line(record);
    EXPECT_NE(line.find(row.want), std::string::npos) << row.name << "\n" << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << row.name;
  }
}

TEST(EventFormats, NoLineHoldsANewline) {
  TransactionRecord record = blocked();
  for (std::string* field : {&record.url, &record.user, &record.file_name, &record.user_agent,
                             &record.rule, &record.error, &record.action}) {
    *field = "x\n\r\xff|=\\\"";
  }
  for (const EventFormat format : {EventFormat::ocsf, EventFormat::ecs, EventFormat::cef}) {
    EXPECT_EQ(event_line(format, record).find_first_of("\n\r"), std::string::npos);
  }
}

}  // namespace
}  // namespace weir
