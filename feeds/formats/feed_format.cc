#include "feeds/formats/feed_format.h"

#include <algorithm>
#include <array>

#include "feeds/formats/parsers.h"

namespace weir {
namespace {

struct Row {
  FeedFormatRow about;
  ParserPtr (*make)(FeedDefaults);
};

// To add a format: a file with its parser, its maker in parsers.h, and a row here.
constexpr auto kRows = std::to_array<Row>({
    {{"domains", "a domain on each line, with all below it"}, make_domains},
    {{"urls", "a URL on each line"}, make_urls},
    {{"openphish", "as urls"}, make_urls},
    {{"ips", "an address or range on each line, also Spamhaus DROP's text"}, make_ips},
    {{"hashes", "an MD5, SHA-1 or SHA-256 of a file on each line"}, make_hashes},
    {{"mixed", "any of these, by their looks"}, make_mixed},
    {{"hosts", "a hosts file: an address, then names"}, make_hosts},
    {{"dnsmasq", "address=/name/…, server=/name/, local=/name/"}, make_dnsmasq},
    {{"abp", "AdBlock rules for domains: ||name^, ||name/path, @@ for exceptions"}, make_abp},
    {{"rpz", "a response policy zone"}, make_rpz},
    {{"clamav-hashes", "hash:size:name, as in .hdb and .hsb"}, make_clamav_hashes},
    {{"ut1", "categories as of UT1 and Shalla: a tar of folders with files domains and urls"},
     make_ut1},
    {{"category-domains", "one file of such a category; the category comes from the feed"},
     make_domains},
    {{"category-urls", "the same of URLs"}, make_urls},
    {{"urlhaus-csv", "URLhaus"}, make_urlhaus_csv},
    {{"urlhaus-json", "URLhaus"}, make_urlhaus_json},
    {{"threatfox-csv", "ThreatFox"}, make_threatfox_csv},
    {{"threatfox-json", "ThreatFox"}, make_threatfox_json},
    {{"feodo-csv", "Feodo Tracker"}, make_feodo_csv},
    {{"feodo-json", "Feodo Tracker"}, make_feodo_json},
    {{"sslbl-ja3-csv", "SSLBL, JA3 fingerprints"}, make_sslbl_ja3_csv},
    {{"sslbl-cert-csv", "SSLBL, certificates"}, make_sslbl_cert_csv},
    {{"malwarebazaar-csv", "MalwareBazaar"}, make_malwarebazaar_csv},
    {{"phishtank-csv", "PhishTank"}, make_phishtank_csv},
    {{"phishtank-json", "PhishTank"}, make_phishtank_json},
    {{"spamhaus-drop-json", "Spamhaus DROP, JSON lines"}, make_drop_json},
    {{"misp", "events of a MISP feed (protocol: misp), or one event"}, make_misp},
    {{"stix", "a STIX 2.1 bundle, or TAXII 2.1 envelopes (protocol: taxii)"}, make_stix},
});

constexpr auto kFormats = [] {
  std::array<FeedFormatRow, kRows.size()> formats{};
  for (std::size_t i = 0; i < kRows.size(); ++i) formats[i] = kRows[i].about;
  return formats;
}();

}  // namespace

std::unique_ptr<FeedParser> make_feed_parser(std::string_view format, FeedDefaults defaults) {
  const auto found =
      std::ranges::find(kRows, format, [](const Row& row) { return row.about.name; });
  return found == kRows.end() ? nullptr : found->make(std::move(defaults));
}

std::span<const FeedFormatRow> feed_formats() { return kFormats; }

}  // namespace weir
