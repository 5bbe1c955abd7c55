#include "feeds/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "feeds/index_builder.h"
#include "feeds/index_format.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using namespace index_format;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 1;
};

struct Listed {
  IndicatorKind kind;
  std::string_view text;
  std::string_view source = "feed";
};

/// A path in the folder of this process, which goes with it.
std::string test_file(std::string_view name) {
  static const TempFolder folder;
  return folder / (std::string(name) + ".idx");
}

Indicator listed(const Listed& one) {
  auto made = canonical_indicator(one.kind, one.text);
  EXPECT_TRUE(made) << one.text;
  Indicator indicator = made ? *made : Indicator{};
  indicator.about.source = one.source;
  indicator.about.threat = Threat::malware;
  return indicator;
}

std::string build(std::string_view name, const std::vector<Indicator>& all) {
  CountingRandom random;
  IndexBuilder builder(random, kNow);
  for (const Indicator& one : all) {
    const auto added = builder.add(one);
    EXPECT_TRUE(added) << one.value;
  }
  std::string path = test_file(name);
  const auto wrote = builder.write(path);
  EXPECT_TRUE(wrote) << wrote.error().what;
  return path;
}

std::shared_ptr<const Index> index_of(std::string_view name, const std::vector<Indicator>& all) {
  auto index = Index::open(build(name, all));
  EXPECT_TRUE(index) << index.error().what;
  return index ? *index : Index::empty();
}

std::shared_ptr<const Index> index_of(std::string_view name, const std::vector<Listed>& all) {
  std::vector<Indicator> indicators;
  for (const Listed& one : all) indicators.push_back(listed(one));
  return index_of(name, indicators);
}

// "domain:evil.test@feed", in the order found.
std::string text_of(const Hits& hits) {
  std::string out;
  for (const Hit& hit : hits) {
    if (!out.empty()) out += ' ';
    out += std::string(indicator_kind_name(hit.kind)) + ':' + hit.matched;
    if (hit.source != "feed") out += '@' + std::string(hit.source);
  }
  return out;
}

std::string url_hits(const Index& index, std::string_view url) {
  const auto parsed = parse_url(url);
  EXPECT_TRUE(parsed) << url;
  return parsed ? text_of(index.find_url(*parsed, kNow)) : "";
}

TEST(Index, HostsAndParents) {
  const auto index = index_of("hosts", std::vector<Listed>{
                                           {IndicatorKind::host, "only.this.test"},
                                           {IndicatorKind::domain, "evil.test"},
                                           {IndicatorKind::domain, "deep.evil.test", "other"},
                                           {IndicatorKind::domain, "evil.test", "other"},
                                           {IndicatorKind::domain, "evil.test", "other"},
                                           {IndicatorKind::ip, "192.0.2.7"},
                                           {IndicatorKind::cidr, "192.0.2.0/24"},
                                       });
  struct Case {
    std::string_view host, want;
  };
  constexpr Case kCases[] = {
      {"only.this.test", "host:only.this.test"},
      {"a.only.this.test", ""},
      {"this.test", ""},
      {"evil.test", "domain:evil.test domain:evil.test@other"},
      {"x.y.evil.test", "domain:evil.test domain:evil.test@other"},
      {"a.deep.evil.test", "domain:deep.evil.test@other domain:evil.test domain:evil.test@other"},
      {"notevil.test", ""},
      {"evil.test.example", ""},
      {"test", ""},
      {"", ""},
      {".", ""},
      {"192.0.2.7", "ip:192.0.2.7 cidr:192.0.2.0/24"},
      {"192.0.2.8", "cidr:192.0.2.0/24"},
  };
  for (const auto& [host, want] : kCases) {
    EXPECT_EQ(text_of(index->find_host(host, kNow)), want) << host;
  }
  EXPECT_EQ(index->size(), 5U);
  EXPECT_TRUE(index->verify());
}

TEST(Index, UrlsQueriesAndPrefixes) {
  const auto index = index_of("urls", std::vector<Listed>{
                                          {IndicatorKind::url, "http://a.test/x/y.exe"},
                                          {IndicatorKind::url, "http://a.test/q?id=1"},
                                          {IndicatorKind::url, "http://a.test:8080/p"},
                                          {IndicatorKind::url, "http://192.0.2.9/i"},
                                          {IndicatorKind::url, "http://[2001:db8::1]:81/i"},
                                          {IndicatorKind::url_prefix, "http://p.test/bad/"},
                                          {IndicatorKind::url_prefix, "http://root.test/"},
                                          {IndicatorKind::url_prefix, "http://a.b.c.d.e.test/x"},
                                          {IndicatorKind::domain, "p.test", "other"},
                                      });
  struct Case {
    std::string_view url, want;
  };
  constexpr Case kCases[] = {
      {"http://a.test/x/y.exe", "url:a.test/x/y.exe"},
      {"https://a.test/x/y.exe", "url:a.test/x/y.exe"},
      {"http://a.test/x/y.exe?cache=1", "url:a.test/x/y.exe"},
      {"http://a.test/x/y.exe/", ""},
      {"http://a.test/x/", ""},
      {"http://a.test/x/y.exe2", ""},
      {"http://b.a.test/x/y.exe", ""},
      {"http://a.test/q?id=1", "url:a.test/q?id=1"},
      {"http://a.test/q?id=2", ""},
      {"http://a.test/q", ""},
      {"http://a.test:8080/p", "url:a.test:8080/p"},
      {"http://a.test/p", ""},
      {"http://a.test:8081/p", ""},
      {"http://192.0.2.9/i", "url:192.0.2.9/i"},
      {"http://192.0.2.9/j", ""},
      {"http://[2001:db8::1]:81/i", "url:[2001:db8::1]:81/i"},
      {"http://[2001:db8::1]/i", ""},
      {"http://p.test/bad", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://p.test/bad/", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://p.test/bad/a/b?c", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://p.test/bad?c=/", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://p.test/badly", "domain:p.test@other"},
      {"http://p.test/", "domain:p.test@other"},
      {"http://www.p.test/bad/x", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://1.2.3.4.5.6.p.test/bad/x", "domain:p.test@other url_prefix:p.test/bad"},
      {"http://a.b.c.d.e.test/x", "url_prefix:a.b.c.d.e.test/x"},
      {"http://www.a.b.c.d.e.test/x", ""},  // six labels: not as a parent
      {"http://p.test:81/bad/x", "domain:p.test@other"},
      {"http://root.test/", "url_prefix:root.test/"},
      {"http://root.test/any/where?x", "url_prefix:root.test/"},
      {"http://w.root.test/any", "url_prefix:root.test/"},
      {"http://root.test.example/any", ""},
  };
  for (const auto& [url, want] : kCases) EXPECT_EQ(url_hits(*index, url), want) << url;
}

TEST(Index, RangesNest) {
  const auto index = index_of("ranges", std::vector<Listed>{
                                            {IndicatorKind::cidr, "10.0.0.0/8"},
                                            {IndicatorKind::cidr, "10.1.0.0/16"},
                                            {IndicatorKind::cidr, "10.1.2.0/24"},
                                            {IndicatorKind::cidr, "10.1.2.0/24", "other"},
                                            {IndicatorKind::cidr, "10.1.2.128/25"},
                                            {IndicatorKind::cidr, "10.9.0.0/16"},
                                            {IndicatorKind::cidr, "2001:db8::/32"},
                                            {IndicatorKind::cidr, "2001:db8:1::/48"},
                                            {IndicatorKind::ip, "2001:db8:1::5"},
                                        });
  struct Case {
    std::string_view address, want;
  };
  constexpr Case kCases[] = {
      {"10.1.2.3", "cidr:10.1.2.0/24 cidr:10.1.2.0/24@other cidr:10.1.0.0/16 cidr:10.0.0.0/8"},
      {"10.1.2.200",
       "cidr:10.1.2.128/25 cidr:10.1.2.0/24 cidr:10.1.2.0/24@other cidr:10.1.0.0/16 "
       "cidr:10.0.0.0/8"},
      {"10.1.3.0", "cidr:10.1.0.0/16 cidr:10.0.0.0/8"},
      {"10.9.255.255", "cidr:10.9.0.0/16 cidr:10.0.0.0/8"},
      {"10.10.0.0", "cidr:10.0.0.0/8"},
      {"9.255.255.255", ""},
      {"11.0.0.0", ""},
      {"::ffff:10.10.0.0", "cidr:10.0.0.0/8"},
      {"2001:db8:1::5", "ip:2001:db8:1::5 cidr:2001:db8:1::/48 cidr:2001:db8::/32"},
      {"2001:db8:2::5", "cidr:2001:db8::/32"},
      {"2001:db9::", ""},
      {"a01:203::", ""},  // the bytes of 10.1.2.3 at the front
  };
  for (const auto& [address, want] : kCases) {
    const auto ip = IpAddress::parse(address);
    ASSERT_TRUE(ip) << address;
    EXPECT_EQ(text_of(index->find_ip(*ip, kNow)), want) << address;
  }
}

TEST(Index, DigestsKeepTheirKind) {
  const std::string md5(32, 'a');
  const std::string sha1(40, 'b');
  const std::string sha256(64, 'c');
  const std::string ja4 = "t13d1516h2_8daaf6152771_b186095e22b6";
  const auto index = index_of("digests", std::vector<Listed>{{IndicatorKind::md5, md5},
                                                             {IndicatorKind::sha1, sha1},
                                                             {IndicatorKind::cert_sha256, sha256},
                                                             {IndicatorKind::ja4, ja4}});
  EXPECT_EQ(text_of(index->find_value(IndicatorKind::md5, md5, kNow)), "md5:" + md5);
  EXPECT_EQ(text_of(index->find_value(IndicatorKind::ja3, md5, kNow)), "");
  EXPECT_EQ(text_of(index->find_value(IndicatorKind::sha1, sha1, kNow)), "sha1:" + sha1);
  EXPECT_EQ(text_of(index->find_value(IndicatorKind::cert_sha1, sha1, kNow)), "");
  EXPECT_EQ(index->find_value(IndicatorKind::cert_sha256, sha256, kNow).size(), 1U);
  EXPECT_EQ(index->find_value(IndicatorKind::sha256, sha256, kNow).size(), 0U);
  EXPECT_EQ(index->find_value(IndicatorKind::ja4, ja4, kNow).size(), 1U);
}

TEST(Index, Patterns) {
  const auto index = index_of(
      "patterns", std::vector<Listed>{{IndicatorKind::url_pattern, R"(^https?://[^/]+/gate\.php)"},
                                      {IndicatorKind::url_pattern, R"(/[a-f0-9]{8}\.scr$)"}});
  EXPECT_EQ(url_hits(*index, "http://a.test/gate.php?x"),
            R"(url_pattern:^https?://[^/]+/gate\.php)");
  EXPECT_EQ(url_hits(*index, "http://a.test/x/gate.php"), "");
  EXPECT_EQ(url_hits(*index, "http://a.test/x/0123abcd.scr"), R"(url_pattern:/[a-f0-9]{8}\.scr$)");
  CountingRandom random;
  IndexBuilder builder(random, kNow);
  EXPECT_FALSE(builder.add({IndicatorKind::url_pattern, "(", {}}));
}

TEST(Index, AHitSaysWhatTheSourceSaid) {
  Indicator one = listed({IndicatorKind::domain, "evil.test"});
  one.about = {.source = "urlhaus",
               .threat = Threat::c2,
               .category = "malware sites",
               .confidence = 75,
               .first_seen = kNow - 50h,
               .last_seen = kNow,
               .expiry = kNow + 90min,
               .note = "Mozi"};
  const auto index = index_of("record", std::vector<Indicator>{one});
  const Hits hits = index->find_host("www.evil.test", kNow);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].source, "urlhaus");
  EXPECT_EQ(hits[0].category, "malware sites");
  EXPECT_EQ(hits[0].note, "Mozi");
  EXPECT_EQ(hits[0].threat, Threat::c2);
  EXPECT_EQ(hits[0].confidence, 75);
  EXPECT_EQ(hits[0].first_seen, std::chrono::floor<std::chrono::days>(kNow - 50h));
  EXPECT_EQ(hits[0].last_seen, std::chrono::floor<std::chrono::days>(kNow));
  EXPECT_EQ(hits[0].expiry, std::chrono::ceil<std::chrono::hours>(kNow + 90min));
  EXPECT_EQ(index->built(), kNow);
}

TEST(Index, WhatExpiredDoesNotHit) {
  Indicator brief = listed({IndicatorKind::domain, "evil.test", "brief"});
  brief.about.expiry = kNow + 2h;
  const Indicator lasting = listed({IndicatorKind::domain, "evil.test"});
  const auto index = index_of("expiry", std::vector<Indicator>{brief, lasting});
  EXPECT_EQ(index->find_host("evil.test", kNow).size(), 2U);
  EXPECT_EQ(index->find_host("evil.test", kNow + 1h + 59min).size(), 2U);
  EXPECT_EQ(text_of(index->find_host("evil.test", kNow + 3h)), "domain:evil.test");
  EXPECT_EQ(index->find_host("evil.test", kNow + 24h * 9999).size(), 1U);
}

TEST(Index, EmptyOnes) {
  for (const auto& index : {Index::empty(), index_of("empty", std::vector<Indicator>{})}) {
    EXPECT_EQ(index->find_host("evil.test", kNow).size(), 0U);
    EXPECT_EQ(url_hits(*index, "http://evil.test/a/b?c"), "");
    EXPECT_EQ(index->find_ip(IpAddress::v4(1), kNow).size(), 0U);
    EXPECT_EQ(index->size(), 0U);
    EXPECT_TRUE(index->verify());
    index->warm();
  }
}

TEST(Index, ManyNamesAllFoundAndNoOthers) {
  std::vector<Indicator> all;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "h" + std::to_string(i) + ".example";
    all.push_back({IndicatorKind::domain, name, {}});
    all.push_back({IndicatorKind::url, name + "/p" + std::to_string(i), {}});
  }
  const auto index = index_of("many", all);
  EXPECT_EQ(index->size(), 40000U);
  EXPECT_LE(index->bytes(), 40000U * 16 + 4096);
  for (int i = 0; i < 20000; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(index->find_host("h" + number + ".example", kNow).size(), 1U);
    ASSERT_EQ(index->find_host("g" + number + ".example", kNow).size(), 0U);
    const auto url = parse_url("http://h" + number + ".example/p" + number);
    ASSERT_EQ(index->find_url(*url, kNow).size(), 2U);
  }
}

TEST(Index, SeveralSourcesOfOneValueAreAllKept) {
  std::vector<Indicator> all;
  for (int i = 0; i < 300; ++i) {
    const std::string source = "s" + std::to_string(i);
    all.push_back(listed({IndicatorKind::domain, "evil.test", source}));
  }
  const auto index = index_of("sources", all);
  std::set<std::string_view> sources;
  const Hits hits = index->find_host("evil.test", kNow);
  for (const Hit& hit : hits) sources.insert(hit.source);
  EXPECT_EQ(sources.size(), 300U);
  EXPECT_EQ(index->size(), 1U);
}

// ---- damage

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<std::shared_ptr<const Index>> opened(std::string_view bytes) {
  const std::string path = test_file("damaged");
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return Index::open(path);
}

TEST(IndexDamage, EveryCutIsRefused) {
  const std::string whole =
      contents(build("whole", {listed({IndicatorKind::domain, "evil.test"}),
                               listed({IndicatorKind::url, "http://a.test/b"})}));
  ASSERT_TRUE(opened(whole));
  for (std::size_t size = 0; size < whole.size(); size += size < sizeof(Header) ? 1 : 64) {
    const auto index = opened(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(index) << size;
    EXPECT_NE(index.error().what.find("damaged.idx"), std::string::npos);
  }
  EXPECT_FALSE(opened(whole + "x"));
}

TEST(IndexDamage, EveryChangedByteOfTheHeaderIsRefused) {
  const std::string whole = contents(build("whole2", {listed({IndicatorKind::domain, "a.test"})}));
  for (std::size_t at = 0; at < sizeof(Header); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    EXPECT_FALSE(opened(changed)) << at;
  }
}

TEST(IndexDamage, AChangedBodyFailsToVerify) {
  std::string whole = contents(build("whole3", {listed({IndicatorKind::domain, "a.test"})}));
  whole.back() = static_cast<char>(whole.back() ^ 1);
  const auto index = opened(whole);
  ASSERT_TRUE(index);
  EXPECT_FALSE((*index)->verify());
}

TEST(IndexDamage, NoSuchFileAndNoPlainFile) {
  EXPECT_EQ(Index::open("/nonexistent/x").error().code, Errc::not_found);
  EXPECT_FALSE(Index::open("/dev/null"));
  EXPECT_FALSE(Index::open("/"));
}

TEST(IndexBuilder, AFailedWriteLeavesTheOldFile) {
  CountingRandom random;
  IndexBuilder builder(random, kNow);
  EXPECT_FALSE(builder.write("/nonexistent/folder/x"));
  const std::string path = build("kept", {listed({IndicatorKind::domain, "a.test"})});
  const auto before = contents(path);
  std::filesystem::remove_all(path + ".new");
  std::filesystem::create_directory(path + ".new");
  IndexBuilder second(random, kNow);
  EXPECT_FALSE(second.write(path));
  EXPECT_EQ(contents(path), before);
  std::filesystem::remove_all(path + ".new");
}

TEST(IndexBuilder, TheOldIndexStaysWholeWhenReplaced) {
  const auto before = index_of("swap", std::vector<Listed>{{IndicatorKind::domain, "old.test"}});
  const auto after = index_of("swap", std::vector<Listed>{{IndicatorKind::domain, "new.test"}});
  EXPECT_EQ(before->find_host("old.test", kNow).size(), 1U);
  EXPECT_EQ(before->find_host("new.test", kNow).size(), 0U);
  EXPECT_EQ(after->find_host("new.test", kNow).size(), 1U);
  EXPECT_TRUE(before->verify());
}

TEST(IndexBuilder, RefusesWhatDoesNotFit) {
  CountingRandom random;
  IndexBuilder builder(random, kNow);
  Indicator one{IndicatorKind::domain, "a.test", {}};
  one.about.note = std::string(kLongestString + 1, 'x');
  EXPECT_FALSE(builder.add(one));
  EXPECT_FALSE(builder.add({IndicatorKind::cidr, "10.0.0.0/99", {}}));
  EXPECT_FALSE(builder.add({IndicatorKind::ip, "10.0.0", {}}));
  EXPECT_EQ(builder.added(), 0U);
}

}  // namespace
}  // namespace weir
