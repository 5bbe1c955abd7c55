#include "feeds/names/registration.h"

#include <algorithm>
#include <charconv>

#include "core/escape.h"
#include "core/http_message.h"
#include "core/url.h"
#include "feeds/names/json_walk.h"

namespace weir {
namespace {

constexpr std::size_t kMostServices = 20'000;
constexpr int kFirstYear = 1970, kLastYear = 2200;

bool is_key(const JsonPath& path, std::size_t at, std::string_view key) {
  return at < path.size() && !path[at].array && path[at].key == key;
}

// The two digits at `at`, or more; -1 when they are none.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return -1;
  int value = -1;
  const char* end = text.data() + at + count;
  const auto read = std::from_chars(text.data() + at, end, value);
  return read.ec == std::errc() && read.ptr == end ? value : -1;
}

// "Z", "+09:00" and the like, in minutes; nothing is UTC.
std::optional<int> offset_minutes(std::string_view zone) {
  if (zone.empty() || zone == "Z" || zone == "z") return 0;
  if (zone.front() != '+' && zone.front() != '-') return std::nullopt;
  const int hours = digits(zone, 1, 2);
  const int minutes = zone.size() == 6 && zone[3] == ':' ? digits(zone, 4, 2) : -1;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const int offset = hours * 60 + minutes;
  return zone.front() == '-' ? -offset : offset;
}

std::optional<std::chrono::sys_days> date_of(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (year < kFirstYear || year > kLastYear || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() ? std::optional<std::chrono::sys_days>(date) : std::nullopt;
}

// Collects what matters of one domain object.
class DomainReader {
 public:
  void string(const JsonPath& path, std::string_view text) {
    if (path.size() == 1 && path[0].key == "objectClassName") class_ = text;
    if (path.size() == 1 && path[0].key == "ldhName") found_.domain = to_lower(text);
    if (path.size() != 3 || !is_key(path, 0, "events") || !path[1].array) return;
    if (path[2].key == "eventAction") action_ = to_lower(text);
    if (path[2].key == "eventDate") date_ = parse_rfc3339(text);
  }
  void number(const JsonPath& path) { error_ |= path.size() == 1 && path[0].key == "errorCode"; }
  void left(const JsonPath& path) {  // an event
    if (path.size() != 2 || !is_key(path, 0, "events")) return;
    if (date_ && (action_ == "registration" || action_ == "reregistration")) {
      registered_ = registered_ ? std::max(*registered_, *date_) : *date_;
    }
    if (date_ && action_ == "expiration") found_.expires = date_;
    if (date_ && action_ == "last changed") found_.changed = date_;
    action_.clear();
    date_.reset();
  }

  Result<Registration> finish(std::string_view domain) {
    if (error_) return fail(Errc::not_found, Fault::origin, "RDAP knows no such domain");
    if (to_lower(class_) != "domain") {
      return fail(Errc::malformed, Fault::origin, "RDAP answer is about no domain");
    }
    if (found_.domain.ends_with('.')) found_.domain.pop_back();
    if (!found_.domain.empty() && found_.domain != domain) {
      return fail(Errc::malformed, Fault::origin,
                  "RDAP answer is about \"" + escape_for_log(found_.domain, 256) + '"');
    }
    if (!registered_) return fail(Errc::not_found, Fault::origin, "RDAP answer has no date");
    found_.registered = *registered_;
    return std::move(found_);
  }

 private:
  Registration found_;
  std::string class_, action_;
  std::optional<WallTime> date_, registered_;
  bool error_ = false;
};

// Whether the path is services[n][part][m] of a bootstrap file.
bool is_service(const JsonPath& path, std::size_t part) {
  return path.size() == 4 && is_key(path, 0, "services") && path[1].array && path[2].array &&
         path[3].array && path[2].index == part;
}

std::optional<std::string> base_of(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || url->scheme != "https" || !url->query().empty()) return std::nullopt;
  std::string base = url->text();
  if (!base.ends_with('/')) base += '/';
  return base;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto date = date_of(text);
  if (!date) return std::nullopt;
  if (text.size() == 10) return WallTime(*date);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  constexpr std::string_view kSeparators = "Tt ";
  if (kSeparators.find(text[10]) == std::string_view::npos || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60 || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  }
  const auto offset = offset_minutes(rest);
  if (!offset) return std::nullopt;
  return WallTime(*date) + std::chrono::hours(hour) + std::chrono::minutes(minute - *offset) +
         std::chrono::seconds(second);
}

Result<Registration> parse_rdap(std::string_view json, std::string_view domain) {
  DomainReader reader;
  const JsonWalk walk{
      .string = [&](const JsonPath& path, std::string_view text) { reader.string(path, text); },
      .number = [&](const JsonPath& path, double) { reader.number(path); },
      .left = [&](const JsonPath& path) { reader.left(path); }};
  if (auto walked = walk_json(json, kMostRdapBytes, walk); !walked) return pass(std::move(walked));
  return reader.finish(domain);
}

Result<RdapBootstrap> RdapBootstrap::parse(std::string_view json) {
  RdapBootstrap all;
  std::vector<std::string> names;  // of the service at hand
  std::size_t service = 0;
  bool given = false;  // a URL to them
  const auto take = [&](const JsonPath& path, std::string_view text) {
    if (!is_service(path, 0) && !is_service(path, 1)) return;
    if (path[1].index != service) {
      service = path[1].index;
      names.clear();
      given = false;
    }
    if (path[2].index == 0) {
      auto name = canonical_host(text);
      if (name && names.size() < kMostServices) names.push_back(std::move(*name));
      return;
    }
    const auto base = given ? std::nullopt : base_of(text);
    if (!base || all.urls_.size() + names.size() > kMostServices) return;
    given = true;
    for (std::string& name : names) all.urls_.emplace(std::move(name), *base);
    names.clear();
  };
  const JsonWalk walk{.string = take};
  if (auto walked = walk_json(json, kMostBootstrapBytes, walk); !walked) {
    return pass(std::move(walked));
  }
  if (all.urls_.empty()) {
    return fail(Errc::malformed, Fault::origin, "RDAP bootstrap file without services");
  }
  return all;
}

std::string_view RdapBootstrap::base_url(std::string_view domain) const {
  for (std::string_view rest = domain;;) {
    const auto found = urls_.find(rest);
    if (found != urls_.end()) return found->second;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return {};
    rest.remove_prefix(dot + 1);
  }
}

std::string RdapBootstrap::query_url(std::string_view domain) const {
  const std::string_view base = base_url(domain);
  return base.empty() ? std::string() : std::string(base) + "domain/" + std::string(domain);
}

}  // namespace weir
