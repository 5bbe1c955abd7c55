#include "feeds/names/special_hosts.h"

#include <algorithm>

#include "conf/bind.h"
#include "conf/text_file.h"
#include "core/net_addr.h"
#include "core/url.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostListBytes = 16ULL << 20;
constexpr std::string_view kBlank = " \t\r";

// RFC 8484 section 4.1: "/dns-query" by custom, and GET with the question in "dns", whose first
// bytes are those of any query with the ID 0 that the section asks for.
constexpr std::string_view kDohPath = "/dns-query";
constexpr std::string_view kDohQuestion = "dns=AAABAAAB";

std::string_view entry_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t from = line.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return line.substr(from, line.find_last_not_of(kBlank) - from + 1);
}

}  // namespace

void SpecialHosts::load(const std::string& file, Set& into, std::vector<Diagnostic>& out) {
  Problems problems(file, out);
  const auto text = read_text_file(file, kMostListBytes);
  if (!text) return problems.error({}, text.error().what);
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view entry = entry_of(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (entry.empty()) continue;
    auto host = canonical_host(entry);
    if (host && (host->find('.') != std::string::npos || is_address_host(*host))) {
      into.insert(std::move(*host));
    } else {
      problems.error({number, 1}, quoted(entry) + " is no host");
    }
  }
}

void SpecialHosts::load_doh(const std::string& file, std::vector<Diagnostic>& out) {
  load(file, doh_, out);
}

void SpecialHosts::load_cloud(const std::string& file, std::vector<Diagnostic>& out) {
  load(file, cloud_, out);
}

std::string_view SpecialHosts::listed_suffix(const Set& set, std::string_view host) {
  for (std::string_view rest = host;;) {
    if (set.contains(rest)) return rest;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || is_address_host(host)) return {};
    rest.remove_prefix(dot + 1);
  }
}

bool SpecialHosts::is_doh_endpoint(std::string_view host, std::string_view path) const {
  if (!listed_suffix(doh_, host).empty()) return true;
  const std::size_t question = std::min(path.find('?'), path.size());
  const std::string_view before = path.substr(0, question);
  if (before == kDohPath || before.starts_with("/dns-query/")) return true;
  const std::size_t dns = path.find(kDohQuestion, question);
  return dns != std::string_view::npos && (path[dns - 1] == '?' || path[dns - 1] == '&');
}

std::optional<std::string_view> SpecialHosts::cloud_suffix(std::string_view host) const {
  if (is_address_host(host)) return std::nullopt;
  const std::string_view listed = listed_suffix(cloud_, host);
  const std::string_view in_psl = private_suffix(host);
  const std::string_view longer = listed.size() > in_psl.size() ? listed : in_psl;
  return longer.empty() ? std::nullopt : std::optional(longer);
}

bool is_address_host(std::string_view host) { return IpAddress::parse(host).has_value(); }

}  // namespace weir
