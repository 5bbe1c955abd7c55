#include "feeds/names/registration.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

struct TimeCase {
  std::string_view text;
  std::int64_t want;  // Unix seconds; -1 = refused
};
const TimeCase kTimes[] = {
    {"1995-08-14T04:00:00Z", 808372800},
    {"1995-08-14t04:00:00z", 808372800},
    {"1995-08-14T04:00:00.123456Z", 808372800},
    {"1995-08-14T13:00:00+09:00", 808372800},
    {"1995-08-13T23:30:00-04:30", 808372800},
    {"1995-08-14 04:00:00", 808372800},
    {"1995-08-14", 808358400},
    {"2024-02-29T00:00:00Z", 1709164800},
    {"2016-12-31T23:59:60Z", 1483228800},  // a leap second
    {"2023-02-29T00:00:00Z", -1},
    {"1995-13-14T04:00:00Z", -1},
    {"1995-00-14T04:00:00Z", -1},
    {"1995-08-14T24:00:00Z", -1},
    {"1995-08-14T04:60:00Z", -1},
    {"1995-08-14T04:00:00+9", -1},
    {"1995-08-14T04:00:00+0900", -1},
    {"1995-08-14T04:00:00+09:60", -1},
    {"1995-08-14T04:00:00Zx", -1},
    {"1995-08-14T04:00", -1},
    {"1995/08/14", -1},
    {"-995-08-14", -1},
    {"1895-08-14", -1},
    {"9999-08-14", -1},
    {"", -1},
    {"yesterday!", -1},
};

TEST(Rfc3339, Table) {
  for (const TimeCase& one : kTimes) {
    const auto time = parse_rfc3339(one.text);
    ASSERT_EQ(time.has_value(), one.want >= 0) << one.text;
    if (time) EXPECT_EQ(*time, at(one.want)) << one.text;
  }
}

// As registries write it: events of name servers and entities are no events of the domain.
constexpr std::string_view kAnswer = R"({
  "objectClassName": "domain", "handle": "2336799_DOMAIN_COM-VRSN", "ldhName": "EXAMPLE.COM",
  "links": [{"value": "https://rdap.example/domain/EXAMPLE.COM", "rel": "self"}],
  "status": ["client delete prohibited"],
  "entities": [{"objectClassName": "entity", "events": [
      {"eventAction": "registration", "eventDate": "2020-01-01T00:00:00Z"}],
    "entities": [{"vcardArray": ["vcard", [["version", {}, "text", "4.0"]]]}]}],
  "events": [
    {"eventDate": "1995-08-14T04:00:00Z", "eventAction": "registration"},
    {"eventAction": "expiration", "eventDate": "2026-08-13T04:00:00Z"},
    {"eventAction": "last changed", "eventDate": "2025-08-14T07:01:39Z", "links": [{"a": 1}]},
    {"eventAction": "last update of RDAP database", "eventDate": "2026-01-01T00:00:00Z"}],
  "nameservers": [{"objectClassName": "nameserver", "ldhName": "A.IANA-SERVERS.NET",
    "events": [{"eventAction": "registration", "eventDate": "2021-01-01T00:00:00Z"}]}],
  "secureDNS": {"delegationSigned": true, "dsData": [{"keyTag": 370}]}})";

TEST(Rdap, ReadsTheDomainsOwnEvents) {
  const auto found = parse_rdap(kAnswer, "example.com");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->domain, "example.com");
  EXPECT_EQ(found->registered, at(808372800));
  EXPECT_EQ(found->expires, at(1786593600));
  EXPECT_EQ(found->changed, at(1755154899));
}

TEST(Rdap, CutAnywhereIsMalformed) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) {
    const auto found = parse_rdap(kAnswer.substr(0, size), "example.com");
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error().code, Errc::malformed) << size;
  }
}

std::string deep(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

struct Wrong {
  std::string json;
  Errc want;
};

TEST(Rdap, Refuses) {
  const Wrong kCases[] = {
      {"", Errc::malformed},
      {"[]", Errc::malformed},
      {"{}", Errc::malformed},
      {R"({"objectClassName": "domain"})", Errc::not_found},
      {R"({"objectClassName": "domain", "events": []})", Errc::not_found},
      {R"({"objectClassName": "domain", "events": [{"eventAction": "registration"}]})",
       Errc::not_found},
      {R"({"objectClassName": "domain", "events": [
          {"eventAction": "registration"}, {"eventDate": "2020-01-01"}]})",
       Errc::not_found},
      {R"({"objectClassName": "domain",
          "events": [{"eventAction": "registration", "eventDate": "soon"}]})",
       Errc::not_found},
      {R"({"objectClassName": "entity",
          "events": [{"eventAction": "registration", "eventDate": "2020-01-01"}]})",
       Errc::malformed},
      {R"({"objectClassName": "domain", "ldhName": "other.com",
          "events": [{"eventAction": "registration", "eventDate": "2020-01-01"}]})",
       Errc::malformed},
      {R"({"errorCode": 404, "title": "Not Found"})", Errc::not_found},
      {R"({"objectClassName": "domain", "x": )" + deep(40) + "}", Errc::malformed},
      {deep(100'000), Errc::malformed},
      {std::string(kMostRdapBytes + 1, ' '), Errc::too_large},
      {"{\"objectClassName\": \"\xff\"}", Errc::malformed},
  };
  for (const Wrong& one : kCases) {
    const auto found = parse_rdap(one.json, "example.com");
    ASSERT_FALSE(found) << one.json.substr(0, 100);
    EXPECT_EQ(errc_name(found.error().code), errc_name(one.want)) << one.json.substr(0, 100);
  }
}

TEST(Rdap, TheLastRegistrationCounts) {
  const auto found = parse_rdap(R"({"objectClassName": "domain", "ldhName": "example.com.",
      "events": [{"eventAction": "reregistration", "eventDate": "2024-02-29"},
                 {"eventAction": "registration", "eventDate": "1995-08-14"}]})",
                                "example.com");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->registered, at(1709164800));
}

constexpr std::string_view kBootstrap = R"({
  "description": "RDAP bootstrap file", "publication": "2024-01-07T10:11:12Z", "version": "1.0",
  "services": [
    [["net", "COM"], ["http://plain.example/", "https://registry.example.com/myrdap"]],
    [["org", "xn--zckzah", "not a name"], ["https://example.org/"]],
    [["b.test"], ["https://below.example/"]],
    [["test"], ["https://test.example/", "https://second.example/"]],
    [["bad"], ["ftp://example.org/", 3, null]],
    [["odd"], [["https://nested.example/"]]],
    "nothing", [], [["alone"]]]})";

TEST(Bootstrap, FindsTheServerOfADomain) {
  const auto all = RdapBootstrap::parse(kBootstrap);
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(all->size(), 6U);
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"example.com", "https://registry.example.com/myrdap/"},
      {"example.net", "https://registry.example.com/myrdap/"},
      {"a.b.org", "https://example.org/"},
      {"x.xn--zckzah", "https://example.org/"},
      {"a.b.test", "https://below.example/"},
      {"a.test", "https://test.example/"},
      {"example.bad", ""},
      {"example.odd", ""},
      {"example.alone", ""},
      {"example.jp", ""},
      {"", ""}};
  for (const auto& [domain, want] : kCases) EXPECT_EQ(all->base_url(domain), want) << domain;
  EXPECT_EQ(all->query_url("example.org"), "https://example.org/domain/example.org");
  EXPECT_EQ(all->query_url("example.jp"), "");
}

TEST(Bootstrap, Refuses) {
  for (const std::string_view bad : {"", "{}", "[]", R"({"services": []})", R"({"services": 3})",
                                     R"({"services": [[["com"], ["http://a.example/"]]]})"}) {
    EXPECT_FALSE(RdapBootstrap::parse(bad)) << bad;
  }
  EXPECT_FALSE(RdapBootstrap::parse(std::string(kMostBootstrapBytes + 1, ' ')));
}

}  // namespace
}  // namespace weir
