// Sets of hosts and URL prefixes, as list files and policy write them:
//   www.example.com       this host
//   *.example.com         every name below it, not itself
//   .example.com          itself and every name below it
//   example.com/a/b       URLs of this host whose path starts with the segments /a/b
// A look-up walks the labels of the host (or the segments of the URL) that is asked for, however
// long the list. Immutable once built, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "policy/name_table.h"

namespace weir {

// One entry in its canonical form.
struct HostPattern {
  std::string host;  // canonical
  bool itself = true;
  bool below = false;
  std::string path;  // "/a/b" without a last slash; "" = any
  std::string text() const;
};
Result<HostPattern> parse_host_pattern(std::string_view text);

class HostTable {
 public:
  void add(const HostPattern& pattern, std::uint32_t label);
  std::size_t size() const { return exact_.size() + below_.size() + urls_.size(); }
  bool has_urls() const { return urls_.size() > 0; }

  bool contains(std::string_view host) const {
    return visit_host(host, [](std::uint32_t) { return true; });
  }

  // visit(label) for each entry that the canonical host is in, until it returns true.
  template <class Visit>
  bool visit_host(std::string_view host, Visit&& visit) const {
    NameHash hash;
    for (std::size_t at = host.size(); at-- > 0;) {
      if (host[at] == '.' && below_.visit(hash.mixed(), host.substr(at + 1), visit)) return true;
      hash.add(host[at]);
    }
    return exact_.visit(hash.mixed(), host, visit);
  }

  // The same for URL prefixes; `url` is canonical, with its scheme.
  template <class Visit>
  bool visit_url(std::string_view host, std::string_view url, Visit&& visit) const {
    if (urls_.size() == 0) return false;
    const std::string_view path = path_of(url);
    NameHash hash = hash_of_host(host);
    for (std::size_t at = 0; at <= path.size(); ++at) {
      const bool boundary = at > 0 && (at == path.size() || path[at] == '/' || path[at] == '?');
      if (boundary && visit_prefix(hash, host, path.substr(0, at), visit)) return true;
      if (at < path.size()) hash.add(path[at]);
    }
    return false;
  }

 private:
  static NameHash hash_of_host(std::string_view host) {
    NameHash hash;
    for (std::size_t at = host.size(); at-- > 0;) hash.add(host[at]);
    return hash;
  }
  static std::string_view path_of(std::string_view url);

  // The table keeps paths; the label of an entry is an index that leads to the host and its label.
  template <class Visit>
  bool visit_prefix(const NameHash& hash, std::string_view host, std::string_view path,
                    Visit& visit) const {
    return urls_.visit(hash.mixed(), path, [&](std::uint32_t index) {
      return url_entries_[index].host == host && visit(url_entries_[index].label);
    });
  }

  struct UrlEntry {
    std::string host;
    std::uint32_t label;
  };
  NameTable exact_, below_, urls_;
  std::vector<UrlEntry> url_entries_;
};

}  // namespace weir
