// When a domain was registered, as its registry's RDAP server answers: the domain object of RFC
// 9083 (section 5.3, events of section 4.5), and the bootstrap file of RFC 9224 that says which
// server to ask. Readers of hostile JSON only, bounded in size and depth; nothing here asks
// anybody. Pure functions and plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

inline constexpr std::size_t kMostRdapBytes = 1 << 20;
inline constexpr std::size_t kMostBootstrapBytes = 4 << 20;

struct Registration {
  std::string domain;               // as the answer names it; "" when it does not
  WallTime registered{};            // the last time that somebody registered it
  std::optional<WallTime> expires;  // when the registration ends
  std::optional<WallTime> changed;  // when it was changed last
};

// The answer for `domain` (canonical). An answer about another name is malformed, one that has no
// date of registration, or is an error (RFC 9083 section 6), is not_found.
Result<Registration> parse_rdap(std::string_view json, std::string_view domain);

// RFC 3339 as RDAP has it: "1995-08-14T04:00:00Z", with fractions and offsets. A time without an
// offset is UTC, a date its midnight, as some servers write it.
std::optional<WallTime> parse_rfc3339(std::string_view text);

class RdapBootstrap {
 public:
  // What is no https URL or no name is left out; a file without any service is malformed.
  static Result<RdapBootstrap> parse(std::string_view json);

  // The base URL of the server for a domain, with a slash at its end; "" when none is listed. The
  // longest listed suffix counts.
  std::string_view base_url(std::string_view domain) const;
  std::size_t size() const { return urls_.size(); }

  // "https://rdap.example/domain/example.com" (RFC 9082 section 3.1.3), or "".
  std::string query_url(std::string_view domain) const;

 private:
  std::map<std::string, std::string, std::less<>> urls_;  // suffix → base URL
};

}  // namespace weir
