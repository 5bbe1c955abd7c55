// Every format after the shapes that its publisher documents; what is read does not depend on how
// the bytes are cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feeds/formats/feed_format.h"

namespace weir {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

struct Collected final : FeedSink {
  std::vector<Indicator> found;
  std::vector<std::string> rejected;

  void add(Indicator indicator) override { found.push_back(std::move(indicator)); }
  void reject(std::uint64_t record, std::string_view why) override {
    rejected.push_back(std::to_string(record) + ": " + std::string(why));
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const Indicator& one : found) {
      out.push_back(std::string(indicator_kind_name(one.kind)) + " " + one.value);
    }
    return out;
  }
};

FeedDefaults defaults() {
  FeedDefaults out;
  out.source = "test";
  out.threat = Threat::malware;
  out.now = kNow;
  return out;
}

Collected read(std::string_view format, std::string_view text, std::size_t step) {
  Collected sink;
  const auto parser = make_feed_parser(format, defaults());
  EXPECT_TRUE(parser) << format;
  if (!parser) return sink;
  for (std::size_t at = 0; at < text.size(); at += step) {
    parser->take(as_bytes(text.substr(at, step)), sink);
  }
  parser->finish(sink);
  return sink;
}

std::string tar_member(const std::string& name, const std::string& contents) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  std::string size(11, '0');
  std::size_t left = contents.size();
  for (std::size_t at = 11; at-- > 0 && left > 0; left /= 8) {
    size[at] = static_cast<char>('0' + left % 8);
  }
  block.replace(124, 11, size);
  block[156] = '0';
  block.replace(257, 5, "ustar");
  return block + contents + std::string((512 - contents.size() % 512) % 512, '\0');
}

struct Case {
  std::string name, format, text;
  std::vector<std::string> want;
  std::vector<std::string> rejected = {};  // the beginning of each
};

std::vector<Case> cases() {
  const std::string sha256(64, 'a'), sha1(40, 'b'), md5(32, 'c');
  return {
      {"domains",
       "domains",
       "\xEF\xBB\xBF# list\r\nEvil.Test\r\n\r\n*.bad.test # why\n.dot.test.\nnot a "
       "host\nxn--bcher-kva.test",
       {"domain evil.test", "domain bad.test", "domain dot.test", "domain xn--bcher-kva.test"},
       {"6: "}},
      {"urls",
       "urls",
       "http://evil.test/a,b?c=d#e\nhttps://evil.test:8443/x\n# "
       "no\nftp://evil.test/y\nevil.test/z\n",
       {"url evil.test/a,b?c=d", "url evil.test:8443/x", "url evil.test/z"},
       {"4: "}},
      {"ips",
       "ips",
       "192.0.2.1\n198.51.100.0/24 ; SBL123\n; comment\n2001:db8::/32\n0.0.0.0/0\n999.1.1.1\n",
       {"ip 192.0.2.1", "cidr 198.51.100.0/24", "cidr 2001:db8::/32"},
       {"5: ", "6: "}},
      {"hashes",
       "hashes",
       sha256 + "\n" + sha1 + "  setup.exe\n" + md5 + "\nabc\nevil.test\n",
       {"sha256 " + sha256, "sha1 " + sha1, "md5 " + md5},
       {"4: ", "5: "}},
      {"mixed",
       "mixed",
       "evil.test\nhttp://evil.test/x\n192.0.2.9\n192.0.2.0/24\n" + md5 + "\nword\n",
       {"domain evil.test", "url evil.test/x", "ip 192.0.2.9", "cidr 192.0.2.0/24", "md5 " + md5},
       {"6: "}},
      {"hosts",
       "hosts",
       "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n0.0.0.0 0.0.0.0\n"
       "0.0.0.0\tevil.test www.evil.test # both\nevil.test\n127.0.0.1\n",
       {"host evil.test", "host www.evil.test"},
       {"5: ", "6: "}},
      {"dnsmasq",
       "dnsmasq",
       "# c\naddress=/evil.test/bad.test/0.0.0.0\nserver=/ugly.test/\nport=53\nlocal=evil\n",
       {"domain evil.test", "domain bad.test", "domain ugly.test"},
       {"4: ", "5: "}},
      {"abp",
       "abp",
       "[Adblock Plus 2.0]\n! Title\n||evil.test^\n||evil.test/ads/*\n@@||good.evil.test^\n"
       "||popup.test^$popup,third-party\n||script.test^$script\nsite.test##.ad\n/banner/"
       "*\n||a*b.test^\nplain.test\n",
       {"domain evil.test", "url_prefix evil.test/ads", "domain good.evil.test",
        "domain plain.test"},
       {"6: ", "7: ", "9: ", "10: "}},
      // A host that some rule narrows is not bad as a whole.
      {"abp_narrowed",
       "abp",
       "||social.test^$third-party\n||shop.test^$popup\n||all.test^$important,document\n",
       {"domain all.test"},
       {"1: ", "2: "}},
      {"dnsmasq_forwards",
       "dnsmasq",
       "server=/corp.test/10.0.0.1\nserver=/open.test/#\naddress=/free.test/#\naddress=/#/0.0.0.0\n"
       "address=/bad.test/\nserver=/ugly.test/\n",
       {"domain bad.test", "domain ugly.test"},
       {"1: ", "2: ", "3: ", "4: "}},
      {"comments_after_marks",
       "urls",
       "http://a.test/x;y # why\nhttp://a.test/x#f # why\n",
       {"url a.test/x;y", "url a.test/x"}},
      // Quotes keep parentheses and semicolons from meaning something.
      {"rpz_quotes",
       "rpz",
       "x.test TXT \"smile :( ;\"\nevil.test CNAME ( . )\nbad.test CNAME ( ; why\n . )\n"
       "a\\(b.test TXT x\nworse.test CNAME .\n",
       {"host evil.test", "host bad.test", "host worse.test"},
       {"1: ", "5: "}},
      {"rpz_never_closed",
       "rpz",
       "evil.test CNAME .\nbad.test CNAME ( .\nlost.test CNAME .\n",
       {"host evil.test"},
       {"2: a parenthesis"}},
      {"rpz_unbalanced",
       "rpz",
       "evil.test CNAME )\nbad.test TXT \"x\nworse.test CNAME .\n",
       {"host worse.test"},
       {"1: ", "2: "}},
      {"rpz_of_the_soa",
       "rpz",
       "rpz.example. 300 IN SOA ns. h. 1 2 3 4 5\nevil.test.rpz.example. 300 IN CNAME .\n"
       "32.1.2.0.192.rpz-ip.rpz.example. CNAME .\n",
       {"host evil.test", "ip 192.0.2.1"}},
      {"rpz_owner_left_out",
       "rpz",
       "evil.test A 192.0.2.1\n  IN AAAA 2001:db8::1\n",
       {"host evil.test", "host evil.test"}},
      {"drop_broken_line",
       "spamhaus-drop-json",
       "{\"cidr\":\"192.0.2.0/24\"}\n{\"cidr\":\"198.51.100.0/24\"\n}\n[[]\n"
       "{\"cidr\":\"203.0.113.0/24\"}\n",
       {"cidr 192.0.2.0/24", "cidr 203.0.113.0/24"},
       {"2: ", "3: ", "4: "}},
      // Anybody can report a URL with a tag of any name.
      {"urlhaus_tag_like_a_header",
       "urlhaus-csv",
       "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
       "\"1\",\"2026-02-26 "
       "12:05:20\",\"http://a.test/1\",\"online\",\"\",\"malware\",\"elf\",\"l\",\"me\"\n"
       "\"2\",\"2026-02-26 "
       "12:05:20\",\"http://b.test/2\",\"online\",\"\",\"malware\",\"url\",\"l\",\"me\"\n"
       "# id,dateadded,x,url\n"
       "\"3\",\"2026-02-26 "
       "12:05:20\",\"http://c.test/3\",\"online\",\"\",\"malware\",\"good.test\",\"l\",\"me\"\n",
       {"url a.test/1", "url b.test/2", "url c.test/3"}},
      {"phishtank_target_like_a_header",
       "phishtank-csv",
       "phish_id,url,detail,submission_time,verified,verification_time,online,target\n"
       "7,http://evil.test/a,x,2026-01-01,yes,x,yes,url\n8,http://evil.test/"
       "b,x,2026-01-01,yes,x,yes,y\n",
       {"url evil.test/a", "url evil.test/b"}},
      {"stix_benign_and_later",
       "stix",
       R"({"objects":[
        {"type":"indicator","indicator_types":["benign"],"pattern":"[domain-name:value = 'good.test']"},
        {"type":"indicator","indicator_types":["benign","anomalous-activity"],
         "pattern":"[domain-name:value = 'odd.test']"},
        {"type":"indicator","valid_from":"2199-01-01T00:00:00Z","pattern":"[domain-name:value = 'later.test']"}
       ]})",
       {"domain odd.test"}},
      {"misp_list",
       "misp",
       R"([{"Event":{"Attribute":[{"type":"domain","value":"evil.test","to_ids":true},
        {"type":"domain","value":"gone.test","to_ids":true,"deleted":true}],
        "Object":[{"Attribute":[{"type":"domain","value":"inner.test","to_ids":true}]},
        {"deleted":true,"Attribute":[{"type":"domain","value":"old.test","to_ids":true}]}]}}])",
       {"domain evil.test", "domain inner.test"}},
      {"rpz",
       "rpz",
       "$TTL 300\n$ORIGIN rpz.example.\n@ SOA ns.example. host.example. (\n 1 ; serial\n 3600 600 "
       "86400 60 )\n"
       "@ IN NS localhost.\nevil.test CNAME .\n*.evil.test 300 IN CNAME .\nfull.test.rpz.example. "
       "CNAME *.\n"
       "good.test CNAME rpz-passthru.\n32.1.2.0.192.rpz-ip CNAME rpz-drop.\n"
       "128.57.zz.103.db8.2001.rpz-ip CNAME .\nns.evil.test.rpz-nsdname CNAME .\nx.test TXT "
       "hello\n$INCLUDE other\n",
       {"host evil.test", "domain evil.test", "host full.test", "host good.test", "ip 192.0.2.1",
        "ip 2001:db8:103::57"},
       {"13: ", "14: ", "15: "}},
      {"clamav",
       "clamav-hashes",
       md5 + ":1234:Test.Eicar\n" + sha256 + ":*:Win.Bad:73\nzz:1:x\nnothing\n",
       {"md5 " + md5, "sha256 " + sha256},
       {"3: ", "4: "}},
      {"urlhaus",
       "urlhaus-csv",
       "################\r\n# "
       "id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n"
       "\"1\",\"2026-02-26 12:05:20\",\"http://192.0.2.7:58801/i,j\",\"online\",\"2026-02-26 "
       "12:05:20\","
       "\"malware_download\",\"32-bit,elf\",\"https://u.test/1/\",\"me\"\r\n"
       "\"2\",\"2026-02-26\",\"http://open\r\n\"3\",\"short\"\r\n",
       {"url 192.0.2.7:58801/i,j"},
       {"4: ", "5: "}},
      {"threatfox",
       "threatfox-csv",
       "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"fk_malware\","
       "\"malware_alias\",\"malware_printable\",\"last_seen_utc\",\"confidence_level\",\"is_"
       "compromised\","
       "\"reference\",\"tags\",\"anonymous\",\"reporter\"\r\n"
       "\"2026-01-02 03:04:05\", \"9\", \"192.0.2.8:4444\", \"ip:port\", \"botnet_cc\", \"x\", "
       "\"None\", \"Mirai\", "
       "\"\", \"75\", \"False\", \"None\", \"t\", \"0\", \"me\"\r\n"
       "\"2026-01-02 03:04:05\", \"9\", \"c2.test\", \"domain\", \"botnet_cc\", \"x\", \"None\", "
       "\"Mirai\", "
       "\"\", \"100\", \"False\", \"None\", \"t\", \"0\", \"me\"\r\n",
       {"ip 192.0.2.8", "host c2.test"}},
      {"feodo",
       "feodo-csv",
       "# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n"
       "\"2026-01-02 03:04:05\",\"192.0.2.3\",\"443\",\"online\",\"2026-01-03\",\"Emotet\"\n"
       "\"2026-01-02 03:04:05\",\"nonsense\",\"443\",\"online\",\"2026-01-03\",\"Emotet\"\n",
       {"ip 192.0.2.3"},
       {"3: "}},
      {"ja3",
       "sslbl-ja3-csv",
       "# ja3_md5,Firstseen,Lastseen,Listingreason\n" + md5 +
           ",2017-07-14 18:08:15,2019-07-27 20:42:54,Adware\n",
       {"ja3 " + md5}},
      {"certificates",
       "sslbl-cert-csv",
       "# Listingdate,SHA1,Listingreason\n2026-01-01 00:00:00," + sha1 + ",AsyncRAT C&C\n",
       {"cert_sha1 " + sha1}},
      {"bazaar",
       "malwarebazaar-csv",
       "# "
       "\"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"sha1_hash\",\"reporter\",\"file_name\","
       "\"file_type_guess\","
       "\"mime_type\",\"signature\",\"clamav\",\"vtpercent\",\"imphash\",\"ssdeep\",\"tlsh\"\n"
       "\"2026-01-01 00:00:00\", \"" +
           sha256 + "\", \"" + md5 + "\", \"" + sha1 +
           "\", \"me\", \"a, b.exe\", \"exe\", \"x\", \"Emotet\", \"n/a\", \"n/a\", \"n/a\", "
           "\"n/a\", \"n/a\"\n",
       {"sha256 " + sha256}},
      {"phishtank",
       "phishtank-csv",
       "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
       "7,\"http://evil.test/a,b\",http://p.test/"
       "7,2026-01-01T00:00:00+00:00,yes,2026-01-01T00:00:00+00:00,yes,Other\n",
       {"url evil.test/a,b"}},
      {"urlhaus_json",
       "urlhaus-json",
       R"({"1":[{"dateadded":"2026-01-01 00:00:00 UTC","url":"http://evil.test/\u0041","threat":"malware_download","tags":["a","b"]}],"2":[{"url":"nota url at all"}]})",
       {"url evil.test/A"},
       {"2: "}},
      {"threatfox_json",
       "threatfox-json",
       R"({"query_status":"ok","data":[{"ioc":"192.0.2.8:80","ioc_type":"ip:port","threat_type":"botnet_cc","confidence_level":75},{"ioc_value":"c2.test","ioc_type":"domain"}]})",
       {"ip 192.0.2.8", "host c2.test"}},
      {"feodo_json",
       "feodo-json",
       R"([{"ip_address":"192.0.2.3","port":443,"first_seen":"2026-01-01 00:00:00","malware":"X"}])",
       {"ip 192.0.2.3"}},
      {"phishtank_json",
       "phishtank-json",
       R"([{"phish_id":7,"url":"http:\/\/evil.test\/x","details":[{"ip_address":"192.0.2.1"}],"target":"A"}])",
       {"url evil.test/x"}},
      {"drop_json",
       "spamhaus-drop-json",
       "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}\n{\"cidr\":\"2001:db8::/"
       "32\"}\n{\"type\":\"metadata\",\"records\":2}\n",
       {"cidr 192.0.2.0/24", "cidr 2001:db8::/32"}},
      {"broken_json",
       "feodo-json",
       R"([{"ip_address":"192.0.2.3"}, {"ip_address": ]})",
       {"ip 192.0.2.3"},
       {"2: "}},
      {"misp",
       "misp",
       R"({"Event":{"info":"x","Tag":[{"name":"tlp"}],"Attribute":[{"type":"domain","value":"evil.test","to_ids":true,"timestamp":"1700000000"},{"type":"url","value":"http://a.test/","to_ids":false},{"type":"ip-dst|port","value":"192.0.2.1|443","to_ids":true}],"Object":[{"name":"file","Attribute":[{"type":"filename|sha256","value":"a.exe|)" +
           sha256 + R"(","to_ids":true}]}]}}
{"Event":{"Attribute":[{"type":"ip-src","value":"192.0.2.0/24","to_ids":true}]}})",
       {"domain evil.test", "ip 192.0.2.1", "sha256 " + sha256, "cidr 192.0.2.0/24"}},
      {"stix",
       "stix",
       R"({"type":"bundle","id":"b","objects":[{"type":"identity","name":"x"},{"type":"indicator","pattern_type":"stix","pattern":"[url:value = 'http://evil.test/it\\'s'] OR [domain-name:value='evil.test' OR ipv4-addr:value = '192.0.2.0/24']","valid_from":"2026-01-01T00:00:00Z"},{"type":"indicator","pattern":"[file:hashes.'SHA-256' = ')" +
           sha256 +
           R"(']","confidence":90,"indicator_types":["malicious-activity"]},{"type":"indicator","pattern":"[a:b = '1' AND c:d = '2']"},{"type":"indicator","revoked":true,"pattern":"[domain-name:value = 'old.test']"},{"type":"indicator","pattern":"[domain-name:value = 'past.test']","valid_until":"2020-01-01T00:00:00Z"},{"type":"indicator","pattern":"[mutex:name = 'x']"}]}
{"more":false,"objects":[{"type":"indicator","pattern":"[domain-name:value = 'second.test']"}]})",
       {"url evil.test/it's", "domain evil.test", "cidr 192.0.2.0/24", "sha256 " + sha256,
        "domain second.test"},
       {"4: ", "7: "}},
      {"ut1",
       "ut1",
       tar_member("blacklists/phishing/domains", "evil.test\nbad.test\n") +
           tar_member("blacklists/README", "evil.test\n") +
           tar_member("blacklists/bank/urls", "bank.test/login\n") + std::string(1024, '\0'),
       {"domain evil.test", "domain bad.test", "url bank.test/login"}},
  };
}

class Formats : public testing::TestWithParam<Case> {};

TEST_P(Formats, ReadsWhatThePublisherWrites) {
  const Case& c = GetParam();
  const Collected got = read(c.format, c.text, c.text.size());
  EXPECT_EQ(got.texts(), c.want);
  ASSERT_EQ(got.rejected.size(), c.rejected.size()) << testing::PrintToString(got.rejected);
  for (std::size_t i = 0; i < c.rejected.size(); ++i) {
    EXPECT_TRUE(got.rejected[i].starts_with(c.rejected[i])) << got.rejected[i];
    EXPECT_GT(got.rejected[i].size(), c.rejected[i].size());
  }
}

TEST_P(Formats, AtEveryCut) {
  const Case& c = GetParam();
  const Collected whole = read(c.format, c.text, c.text.size());
  for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 511U}) {
    const Collected cut = read(c.format, c.text, step);
    EXPECT_EQ(cut.found, whole.found) << step;
    EXPECT_EQ(cut.rejected, whole.rejected) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Formats, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(FormatDetails, TimesThreatsAndConfidence) {
  const auto all = cases();
  const Case& fox = *std::ranges::find(all, "threatfox", &Case::name);
  const Collected got = read(fox.format, fox.text, fox.text.size());
  ASSERT_EQ(got.found.size(), 2U);
  const Attributes& about = got.found[0].about;
  EXPECT_EQ(about.source, "test");
  EXPECT_EQ(about.threat, Threat::c2);
  EXPECT_EQ(about.confidence, 75);
  EXPECT_EQ(about.note, "Mirai");
  EXPECT_EQ(about.first_seen, WallTime(std::chrono::seconds(1'767'323'045)));
}

TEST(FormatDetails, TimesWithZones) {
  const auto first_seen = [](const std::string& text) {
    const Collected got = read(
        "stix",
        R"({"objects":[{"type":"indicator","pattern":"[domain-name:value = 'a.test']","valid_from":")" +
            text + "\"}]}",
        4096);
    return got.found.size() == 1
               ? got.found[0].about.first_seen.time_since_epoch() / std::chrono::seconds(1)
               : -1;
  };
  EXPECT_EQ(first_seen("2026-01-01T00:00:00Z"), 1'767'225'600);
  EXPECT_EQ(first_seen("2026-01-01T09:00:00+09:00"), 1'767'225'600);
  EXPECT_EQ(first_seen("2025-12-31T18:30:00.125-0530"), 1'767'225'600);
  EXPECT_EQ(first_seen("2026-01-01 00:00:00 UTC"), 1'767'225'600);
  EXPECT_EQ(first_seen("1970-01-01T00:00:00+09:00"), 0);
}

TEST(FormatDetails, RejectionsShowRemoteTextEscaped) {
  const Collected got = read(
      "stix", R"({"objects":[{"type":"indicator","pattern_type":"\u001b[2Jx\nforged"}]})", 4096);
  ASSERT_EQ(got.rejected.size(), 1U);
  EXPECT_EQ(got.rejected[0].find('\x1b'), std::string::npos);
  EXPECT_EQ(got.rejected[0].find('\n'), std::string::npos);
}

TEST(FormatDetails, ExceptionsAndCategories) {
  const Collected abp = read("abp", "@@||good.test^\n", 99);
  ASSERT_EQ(abp.found.size(), 1U);
  EXPECT_EQ(abp.found[0].about.threat, Threat::allow);
  const Collected ut1 = read("ut1", tar_member("bl/bank/domains", "bank.test\n"), 4096);
  ASSERT_EQ(ut1.found.size(), 1U);
  EXPECT_EQ(ut1.found[0].about.category, "bank");
}

TEST(FormatDetails, BoundsOfARecord) {
  const std::string endless(kLongestFeedRecord + 1, 'a');
  const Collected lines = read("domains", endless + "\nevil.test\n", 1000);
  EXPECT_EQ(lines.texts(), std::vector<std::string>{"domain evil.test"});
  EXPECT_EQ(lines.rejected.size(), 1U);
  const Collected json =
      read("feodo-json", "[{\"x\":\"" + endless + "\"},{\"ip_address\":\"192.0.2.1\"}]", 1000);
  EXPECT_EQ(json.texts(), std::vector<std::string>{"ip 192.0.2.1"});
  EXPECT_EQ(json.rejected.size(), 1U);
  const Collected deep = read("feodo-json", std::string(100, '['), 7);
  EXPECT_EQ(deep.rejected.size(), 1U);
}

TEST(FormatDetails, EveryFormatIsTriedHere) {
  for (const FeedFormatRow& row : feed_formats()) {
    const bool alias = row.name == "openphish" || row.name.starts_with("category-");
    const auto all = cases();
    EXPECT_TRUE(alias ||
                std::ranges::any_of(all, [&](const Case& c) { return c.format == row.name; }))
        << row.name;
  }
  EXPECT_EQ(make_feed_parser("nothing", {}), nullptr);
}

}  // namespace
}  // namespace weir
