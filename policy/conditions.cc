#include "policy/conditions.h"

#include <algorithm>

#include "conf/nearest_word.h"
#include "core/file_type.h"

namespace weir {
namespace {

using enum ValueKind;

constexpr std::string_view kFirstBytes =
    "h2-preface ssh smtp shell http stun rdp socks tls empty unknown";
constexpr std::string_view kCertificateErrors =
    "revoked other unknown-issuer self-signed wrong-host invalid-purpose weak expired "
    "not-yet-valid "
    "revocation-unknown any";
constexpr std::string_view kVerdicts = "clean suspicious uninspectable malicious";
constexpr std::string_view kSandboxSays = "clean suspicious uninspectable malicious any";
constexpr std::string_view kReasons =
    "encrypted partly-encrypted multi-volume too-large too-deep too-many ratio timeout crashed "
    "queue-full partial truncated unknown-coding corrupt parsers-disagree unsupported engine-down "
    "any";

// feeds/indicator.h, all that is said of what is bad
constexpr std::string_view kThreats =
    "unknown malware phishing c2 botnet spam exploit cryptominer scam anonymizer "
    "newly_registered deny any";

// proxy/name_knowledge.h; the last from the response stage on
constexpr std::string_view kLookalikes = "homoglyph typo combo tld subdomain any";
constexpr std::string_view kSites = "ip-literal cloud-hosting doh fronting new-kind-of-file any";

constexpr TextFact text(TextFact fact) { return fact; }
constexpr FlagFact yes(FlagFact fact) { return fact; }
constexpr NumberFact number(NumberFact fact) { return fact; }
constexpr WordsFact several(WordsFact fact) { return fact; }
constexpr AddressFact address(AddressFact fact) { return fact; }
constexpr TimeFact time_of(TimeFact fact) { return fact; }

// What follows the last dot of a file name.
std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

// clang-format off
constexpr ConditionRow kRows[] = {
  {"client", Stage::connect, addresses, address([](const Facts& f) -> const IpAddress& { return f.client; }), {},
   "[10.0.0.0/8, '2001:db8::/32']", "The client's address is one of these or in one of these ranges."},
  {"user", Stage::connect, users, text([](const Facts& f) { return f.user; }), {},
   "[alice, bob]", "The authenticated user. `any`: whoever has authenticated."},
  {"group", Stage::connect, groups, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.groups; }), {},
   "[finance]", "The user is in one of these groups (see `groups:`)."},
  {"host", Stage::connect, hosts, text([](const Facts& f) { return f.host; }), {},
   "[www.example.com, '*.example.org', .example.net, '@lists/blocked-hosts.txt']", "The host that is asked for. `*.x` is every name below x, `.x` also x itself, `@file` a list. From the request stage on, `host/path` is every URL of the host below that path."},
  {"sni", Stage::connect, hosts, text([](const Facts& f) { return f.sni; }), {},
   "['*.example.org']", "The name in the client's TLS hello, written like `host`. The client can put there what it likes."},
  {"port", Stage::connect, ports, number([](const Facts& f) { return std::optional<std::uint64_t>(f.port); }), {},
   "[443, 8000-8999]", "The port that is asked for."},
  {"scheme", Stage::connect, words, text([](const Facts& f) { return f.scheme; }), "http https tunnel",
   "http", "`tunnel` is a CONNECT whose content is not TLS."},
  {"category", Stage::connect, categories, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.categories; }), {},
   "[malware]", "The host (or URL, from the request stage on) is in one of these categories (see `categories:`). `uncategorised`: in none."},
  {"reputation", Stage::connect, names, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.reputation; }), kThreats,
   "[malware, phishing, c2]", "A feed or a local list has the host (or URL, from the request stage on) as one of these (docs/feeds.md). `any`: it is listed."},
  {"source", Stage::connect, names, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.sources; }), {},
   "[urlhaus, local]", "The feed that lists it has this name; `local` is what people here blocked."},
  {"confidence", Stage::connect, scores, number([](const Facts& f) { return std::optional<std::uint64_t>(f.confidence); }), {},
   "'>=75'", "How sure the surest of the feeds is, to 100; 0 when none lists it."},
  {"lookalike", Stage::connect, names, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.lookalike; }), kLookalikes,
   "[homoglyph, subdomain]", "The host's name passes for that of a protected brand in this way (docs/names.md). `any`: it does."},
  {"lookalike_score", Stage::connect, scores, number([](const Facts& f) { return std::optional<std::uint64_t>(f.lookalike_score); }), {},
   "'>=80'", "How much it does so, to 100."},
  {"machine_made", Stage::connect, scores, number([](const Facts& f) { return std::optional<std::uint64_t>(f.machine_made); }), {},
   "'>=75'", "How much the registered name looks as if a program had made it up, to 100."},
  {"first_seen_here", Stage::connect, ages, number([](const Facts& f) { return f.seen_since; }), {},
   "'<24h'", "How long ago the host's domain was first asked for through this gateway. `unknown`, and no other: popular, or the gateway's memory is too young (names.learn)."},
  {"domain_age", Stage::connect, ages, number([](const Facts& f) { return f.domain_age; }), {},
   "'<7d'", "How long ago the host's domain was registered, as its registry says (names.rdap). `unknown`, and no other: it was not asked for yet, or the registry does not say."},
  {"site", Stage::connect, names, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.site; }), kSites,
   "[ip-literal, cloud-hosting]", "What kind of place it is: an address instead of a name; a cloud where anybody gets room; a resolver over HTTPS (`doh`); one that is asked for under another name in the TLS (`fronting`); from the response stage on, one that never before gave this kind of file here (`new-kind-of-file`)."},
  {"tls", Stage::connect, flag, yes([](const Facts& f) { return f.tls; }), {},
   "true", "The client speaks TLS."},
  {"sni_missing", Stage::connect, flag, yes([](const Facts& f) { return f.tls && f.sni.empty(); }), {},
   "true", "The client speaks TLS and names no host in it."},
  {"sni_differs", Stage::connect, flag, yes([](const Facts& f) { return !f.sni.empty() && f.sni != f.host; }), {},
   "true", "The name in the TLS hello is not the host of the CONNECT."},
  {"ech", Stage::connect, flag, yes([](const Facts& f) { return f.ech; }), {},
   "true", "The TLS hello has an encrypted one inside (ECH), or pretends to."},
  {"ja4", Stage::connect, words, text([](const Facts& f) { return f.ja4; }), {},
   "[t13d1516h2_8daaf6152771_e5627efa2ab1]", "The JA4 fingerprint of the TLS hello."},
  {"first_bytes", Stage::connect, words, text([](const Facts& f) { return f.first_bytes; }), kFirstBytes,
   "[ssh, rdp]", "What a CONNECT carries that is not TLS. Only `bypass` lets it through."},
  {"time", Stage::connect, times, time_of([](const Facts& f) { return f.now; }), {},
   "mon-fri 08:00-18:00", "Local time. Days, hours or both; hours may go past midnight."},
  {"method", Stage::request, methods, text([](const Facts& f) { return f.method; }), {},
   "[POST, PUT]", "The request's method."},
  {"url", Stage::request, regexes, text([](const Facts& f) { return f.url; }), {},
   "['^https://[^/]+/(?i)wp-login']", "The canonical URL, by regular expressions (RE2), anywhere in it. For hosts use `host`: its cost does not grow with the number of names."},
  {"path", Stage::request, globs, text([](const Facts& f) { return f.path; }), {},
   "['/downloads/*']", "Path and query, as a whole: `*` any bytes, `?` one. `re:` begins a regular expression instead."},
  {"user_agent", Stage::request, regexes, text([](const Facts& f) { return f.user_agent; }), {},
   "['(?i)powershell']", "The User-Agent field, by regular expressions."},
  {"certificate_error", Stage::request, words, text([](const Facts& f) { return f.certificate_error; }), kCertificateErrors,
   "[expired]", "Why the origin's certificate does not verify. Only a request rule that names it, with `allow` or `alert`, lets such an origin through."},
  {"status", Stage::response, statuses, number([](const Facts& f) { return std::optional<std::uint64_t>(static_cast<std::uint64_t>(f.status)); }), {},
   "[404, 5xx]", "The response's status."},
  {"content_type", Stage::response, globs, text([](const Facts& f) { return f.content_type; }), {},
   "['video/*', image/png]", "What the response says it is, without parameters."},
  {"size", Stage::response, sizes, number([](const Facts& f) { return f.size; }), {},
   "'>10MiB'", "Bytes of the body as announced. `unknown`: it is not announced."},
  {"file_type", Stage::response, file_types, text([](const Facts& f) { return f.file_type; }), {},
   "[pe, zip, pdf]", "The type by content, whatever the response says."},
  {"file_family", Stage::response, families, text([](const Facts& f) { return f.file_family; }), {},
   "[executable, script]", "The family of that type."},
  {"file_name", Stage::response, globs, text([](const Facts& f) { return f.file_name; }), {},
   "['invoice*.zip']", "The name that a browser would save it under, in any case."},
  {"extension", Stage::response, extensions, text([](const Facts& f) { return extension_of(f.file_name); }), {},
   "[exe, scr]", "What follows the last dot of that name."},
  {"endless", Stage::response, flag, yes([](const Facts& f) { return f.endless; }), {},
   "true", "An event stream, gRPC or the like, known never to end by itself."},
  {"verdict", Stage::verdict, words, text([](const Facts& f) { return verdict_name(f.verdict); }), kVerdicts,
   "[suspicious, malicious]", "What inspection came to."},
  {"reason", Stage::verdict, words, text([](const Facts& f) { return f.reason == Reason::none ? std::string_view{} : reason_name(f.reason); }), kReasons,
   "[encrypted, partly-encrypted]", "Why it could not be inspected."},
  {"threat", Stage::verdict, regexes, text([](const Facts& f) { return f.threat; }), {},
   "['^Win\\.Test']", "The name of the deciding finding, by regular expressions."},
  {"finding", Stage::verdict, names, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.findings; }), {},
   "[zip-two-directories, name-rtlo, macro-autoexec]", "One of the findings of inspection has this name, whatever its weight (docs/scanning.md, docs/signs.md). `any`: there is one."},
  {"score", Stage::verdict, scores, number([](const Facts& f) { return std::optional<std::uint64_t>(f.score); }), {},
   "'>=70'", "The weights of the signs that were found, added up, to 100."},
  {"contains", Stage::verdict, contents, several([](const Facts& f) -> const std::vector<std::string_view>& { return f.contains; }), {},
   "[executable, script, lnk]", "One of the files inside, at any depth, is of this type or family. `any`: there are files inside."},
  {"publisher", Stage::verdict, publishers, text([](const Facts& f) { return f.publisher; }), {},
   "['Example Software GmbH']", "The file is a Windows program with a whole Authenticode signature, and this is its signer's name (CN, else O), in any case; a root of `inspect.publisher_roots` vouches for it. `any`: whoever is proven. Files inside archives do not count."},
  {"sandbox", Stage::verdict, words, text([](const Facts& f) { return f.sandbox; }), kSandboxSays,
   "[suspicious]", "What a sandbox says of it. `any`: one has seen it."},
  {"sha256", Stage::verdict, digests, text([](const Facts& f) { return f.sha256; }), {},
   "['@lists/allowed-files.txt']", "The SHA-256 of the content in hex, or a list of them."},
};
// clang-format on

std::vector<std::string_view> type_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kFileTypeCount; ++i) {
    names.push_back(file_type_name(static_cast<FileType>(i)));
  }
  return names;
}

std::vector<std::string_view> family_names() {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(FileFamily::text); ++i) {
    names.push_back(family_name(static_cast<FileFamily>(i)));
  }
  return names;
}

}  // namespace

std::span<const ConditionRow> condition_rows() { return kRows; }

std::vector<std::string_view> words_of(const ConditionRow& row) {
  if (row.kind == file_types) return type_names();
  if (row.kind == families) return family_names();
  if (row.kind == contents) {
    auto names = type_names();
    for (const auto family : family_names()) {
      if (std::ranges::find(names, family) == names.end()) names.push_back(family);
    }
    names.emplace_back("any");
    return names;
  }
  return split_words(row.words);
}

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::connect: return "connect";
    case Stage::request: return "request";
    case Stage::response: return "response";
    case Stage::verdict: return "verdict";
    case Stage::sandbox: return "sandbox";
  }
  return "unknown";
}

}  // namespace weir
