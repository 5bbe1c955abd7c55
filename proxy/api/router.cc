#include "proxy/api/router.h"

#include <array>

#include "core/escape.h"
#include "proxy/api/handlers.h"

namespace weir {
namespace {

constexpr std::string_view kJson = "application/json", kYaml = "application/yaml";
constexpr auto reader = ApiRole::reader;
constexpr auto operate = ApiRole::operate;

constexpr auto kRoutes = std::to_array<ApiRoute>({
    {"GET", "/status", reader, api_status},
    {"GET", "/openapi.yaml", reader, api_description},
    {"GET", "/history", reader, api_history},
    {"GET", "/history/{event}", reader, api_delivery},
    {"GET", "/timeline", reader, api_timeline},
    {"GET", "/feeds", reader, api_feeds},
    {"POST", "/feeds/{name}/refresh", operate, api_refresh_feed},
    {"GET", "/reputation", reader, api_reputation},
    {"POST", "/policy/explain", reader, api_explain, kJson},
    {"POST", "/policy/check", operate, api_check_policy, kYaml},
    {"GET", "/quarantine", reader, api_quarantine},
    {"GET", "/quarantine/{sha256}", reader, api_quarantined},
    {"POST", "/quarantine/{sha256}/release", operate, api_release},
    {"POST", "/quarantine/{sha256}/delete", operate, api_delete},
    {"GET", "/lists", reader, api_lists},
    {"POST", "/lists", operate, api_put_on_list, kJson},
    {"DELETE", "/lists", operate, api_unlist},
});

constexpr std::size_t kMostSegments = 4, kLongestSegment = 256;

// False: more segments than any route has, or one that is too long.
bool split(std::string_view path, std::vector<std::string_view>& segments) {
  while (!path.empty()) {
    if (path.front() != '/' || segments.size() == kMostSegments) return false;
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > kLongestSegment) return false;
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return true;
}

bool fits(std::string_view pattern, const std::vector<std::string_view>& segments,
          std::vector<std::string>& captures) {
  std::vector<std::string_view> wanted;
  if (!split(pattern, wanted) || wanted.size() != segments.size()) return false;
  captures.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      captures.push_back(percent_decode(segments[i]));
    } else if (wanted[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const ApiRoute> api_routes() { return kRoutes; }

ApiMatch match_api_route(std::string_view method, std::string_view path) {
  ApiMatch match;
  std::vector<std::string_view> segments;
  if (!path.starts_with(kApiRoot) || !split(path.substr(kApiRoot.size()), segments)) return match;
  if (method == "HEAD") method = "GET";
  for (const ApiRoute& route : kRoutes) {
    std::vector<std::string> captures;
    if (!fits(route.path, segments, captures)) continue;
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") match.allow += ", HEAD";
    if (route.method != method) continue;
    match.route = &route;
    match.captures = std::move(captures);
    return match;
  }
  return match;
}

}  // namespace weir
