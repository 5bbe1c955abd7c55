#include "policy/host_table.h"

#include <algorithm>

#include "core/escape.h"
#include "core/url.h"

namespace weir {
namespace {

// The path of an entry as canonical URLs have it, so that what a person wrote can match at all.
Result<std::string> canonical_prefix(std::string_view host, std::string_view path) {
  const auto url = url_from_parts("https", host, path);
  if (!url) return std::unexpected(url.error());
  std::string prefix = url->path_and_query;
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

}  // namespace

std::string HostPattern::text() const {
  if (!below) return host + path;
  return (itself ? "." : "*.") + host;
}

Result<HostPattern> parse_host_pattern(std::string_view text) {
  HostPattern pattern;
  if (text.starts_with("*.")) {
    pattern.itself = false;
    pattern.below = true;
    text.remove_prefix(2);
  } else if (text.starts_with('.')) {
    pattern.below = true;
    text.remove_prefix(1);
  }
  if (text.find('*') != std::string_view::npos) {
    return fail(Errc::invalid, Fault::config,
                "'*' may only stand for whole labels in front, like *.example.com");
  }
  const std::size_t slash = text.find('/');
  auto host = canonical_host(text.substr(0, slash));
  if (!host) return std::unexpected(host.error());
  pattern.host = std::move(*host);
  if (slash == std::string_view::npos) return pattern;
  if (pattern.below) {
    return fail(Errc::invalid, Fault::config, "a path goes with one host, not with all below it");
  }
  auto path = canonical_prefix(text.substr(0, slash), text.substr(slash));
  if (!path) return std::unexpected(path.error());
  pattern.path = std::move(*path);
  return pattern;
}

void HostTable::add(const HostPattern& pattern, std::uint32_t label) {
  NameHash hash = hash_of_host(pattern.host);
  if (!pattern.path.empty()) {
    for (const char c : pattern.path) hash.add(c);
    url_entries_.push_back({pattern.host, label});
    urls_.add(hash.mixed(), pattern.path, static_cast<std::uint32_t>(url_entries_.size() - 1));
    return;
  }
  if (pattern.itself) exact_.add(hash.mixed(), pattern.host, label);
  if (pattern.below) below_.add(hash.mixed(), pattern.host, label);
}

std::string_view HostTable::path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t slash = url.find('/', from);
  return slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
}

}  // namespace weir
