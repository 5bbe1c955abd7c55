// Lists with one thing on each line: domains, URLs, addresses, digests, hosts files, dnsmasq's
// configuration (dnsmasq(8)), ClamAV's hash signatures (docs.clamav.net, "Hash-based signatures").
#include <algorithm>
#include <array>

#include "core/net_addr.h"
#include "feeds/formats/lines.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(kBlank));
}

// One indicator of a fixed kind for each line.
class SimpleParser final : public LineParser {
 public:
  SimpleParser(FeedDefaults given, IndicatorKind kind)
      : LineParser(std::move(given)), kind_(kind), about_(attributes_of(defaults())) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    line = without_comment(line, "#;");
    if (line.empty() || line[0] == '!') return;
    offer(defaults(), sink, number, kind_, line, about_);
  }
  IndicatorKind kind_;
  Attributes about_;
};

// "1.2.3.0/24 ; SBL123": the word after the semicolon is kept as a note.
class IpParser final : public LineParser {
 public:
  explicit IpParser(FeedDefaults given) : LineParser(std::move(given)) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    const auto mark = line.find_first_of(";#");
    const std::string_view address = trimmed(line.substr(0, mark));
    if (address.empty()) return;
    Attributes about = attributes_of(defaults());
    if (mark != std::string_view::npos) about.note = trimmed(line.substr(mark + 1));
    const auto kind =
        address.find('/') == std::string_view::npos ? IndicatorKind::ip : IndicatorKind::cidr;
    offer(defaults(), sink, number, kind, first_word(address), about);
  }
};

class GuessingParser final : public LineParser {
 public:
  GuessingParser(FeedDefaults given, bool digests_only)
      : LineParser(std::move(given)),
        digests_only_(digests_only),
        about_(attributes_of(defaults())) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    line = first_word(without_comment(line, "#;"));
    if (line.empty() || line[0] == '!') return;
    const auto kind = guess_kind(line);
    const bool digest =
        kind == IndicatorKind::md5 || kind == IndicatorKind::sha1 || kind == IndicatorKind::sha256;
    if (!kind || (digests_only_ && !digest)) {
      return sink.reject(number, digests_only_ ? "not an MD5, SHA-1 or SHA-256"
                                               : "not a host, URL, address or digest");
    }
    offer(defaults(), sink, number, *kind, line, about_);
  }
  bool digests_only_;
  Attributes about_;
};

class HostsParser final : public LineParser {
 public:
  explicit HostsParser(FeedDefaults given)
      : LineParser(std::move(given)), about_(attributes_of(defaults())) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    constexpr auto kOwn = std::to_array<std::string_view>(
        {"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost",
         "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
         "ip6-allhosts", "0.0.0.0"});
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) return;
    const std::string_view address = first_word(line);
    if (!IpAddress::parse(address.substr(0, address.find('%')))) {
      return sink.reject(number, "a hosts file's line begins with an address");
    }
    line = trimmed(line.substr(address.size()));
    if (line.empty()) return sink.reject(number, "no name after the address");
    while (!line.empty()) {
      const std::string_view name = first_word(line);
      line = trimmed(line.substr(name.size()));
      if (std::ranges::find(kOwn, name) != kOwn.end()) continue;
      offer(defaults(), sink, number, IndicatorKind::host, name, about_);
    }
  }
  Attributes about_;
};

class DnsmasqParser final : public LineParser {
 public:
  explicit DnsmasqParser(FeedDefaults given)
      : LineParser(std::move(given)), about_(attributes_of(defaults())) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    if (line[0] == '#') return;
    const auto equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos ||
        (key != "address" && key != "server" && key != "local")) {
      return sink.reject(number, "not address=, server= or local=");
    }
    std::string_view rest = trimmed(line.substr(equals + 1));
    if (!rest.starts_with('/')) return sink.reject(number, "names stand between slashes");
    // What is sent to another resolver is not blocked, and "#" stands for the usual ones or for
    // every address: dnsmasq(8), --server and --address.
    const std::string_view target = trimmed(rest.substr(rest.rfind('/') + 1));
    const bool forwards = key != "address" && !target.empty();
    if (forwards || target == "#") return sink.reject(number, "names that are forwarded");
    rest.remove_prefix(1);
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      offer(defaults(), sink, number, IndicatorKind::domain, rest.substr(0, slash), about_);
      rest.remove_prefix(slash + 1);
    }
  }
  Attributes about_;
};

class ClamavParser final : public LineParser {
 public:
  explicit ClamavParser(FeedDefaults given) : LineParser(std::move(given)) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    if (line[0] == '#') return;
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) return sink.reject(number, "not hash:size:name");
    const auto kind = guess_kind(line.substr(0, first));
    if (kind != IndicatorKind::md5 && kind != IndicatorKind::sha1 &&
        kind != IndicatorKind::sha256) {
      return sink.reject(number, "not an MD5, SHA-1 or SHA-256");
    }
    Attributes about = attributes_of(defaults());
    const std::string_view name = line.substr(second + 1);
    about.note = name.substr(0, name.find(':'));
    offer(defaults(), sink, number, *kind, line.substr(0, first), about);
  }
};

}  // namespace

ParserPtr make_domains(FeedDefaults defaults) {
  return std::make_unique<SimpleParser>(std::move(defaults), IndicatorKind::domain);
}
ParserPtr make_urls(FeedDefaults defaults) {
  return std::make_unique<SimpleParser>(std::move(defaults), IndicatorKind::url);
}
ParserPtr make_ips(FeedDefaults defaults) {
  return std::make_unique<IpParser>(std::move(defaults));
}
ParserPtr make_hashes(FeedDefaults defaults) {
  return std::make_unique<GuessingParser>(std::move(defaults), true);
}
ParserPtr make_mixed(FeedDefaults defaults) {
  return std::make_unique<GuessingParser>(std::move(defaults), false);
}
ParserPtr make_hosts(FeedDefaults defaults) {
  return std::make_unique<HostsParser>(std::move(defaults));
}
ParserPtr make_dnsmasq(FeedDefaults defaults) {
  return std::make_unique<DnsmasqParser>(std::move(defaults));
}
ParserPtr make_clamav_hashes(FeedDefaults defaults) {
  return std::make_unique<ClamavParser>(std::move(defaults));
}

}  // namespace weir
