// Hosts that mean something by themselves: resolvers that are asked over HTTPS, and names below
// which a cloud gives room to anybody. From two lists of conf/lists/ and the Public Suffix List.
// Immutable once loaded; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "conf/diagnostic.h"

namespace weir {

class SpecialHosts {
 public:
  // One host a line, `#` begins a comment; each stands for what is below it too. A line that is no
  // host is a problem and left out; so is a file that cannot be read.
  void load_doh(const std::string& file, std::vector<Diagnostic>& out);
  void load_cloud(const std::string& file, std::vector<Diagnostic>& out);

  // `host` is canonical; `path` with its query, "" when only the host is known, as for CONNECT.
  // True for listed hosts whatever the path, and for any host with a path that DNS over HTTPS
  // (RFC 8484) uses.
  bool is_doh_endpoint(std::string_view host, std::string_view path) const;

  // The suffix of `host` under which anybody gets room: the longer of what the list and the Public
  // Suffix List have. A view into `host`.
  std::optional<std::string_view> cloud_suffix(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

  static void load(const std::string& file, Set& into, std::vector<Diagnostic>& out);
  static std::string_view listed_suffix(const Set& set, std::string_view host);

  Set doh_, cloud_;
};

// Whether the host is an IP address, as canonical_host() writes one.
bool is_address_host(std::string_view host);

}  // namespace weir
