#include "proxy/api/router.h"

#include <gtest/gtest.h>

#include <set>

#include "conf/yaml.h"
#include "core/http_message.h"
#include "proxy/api/description.h"
#include "proxy/api/failures.h"

namespace weir {
namespace {

const std::string kRoot(kApiRoot);

TEST(ApiRouterTest, FindsARouteOrSaysWhatThePathKnows) {
  const struct {
    const char *method, *path, *route, *allow;  // route "" = none
  } cases[] = {
      {"GET", "/api/v1/status", "/status", "GET, HEAD"},
      {"HEAD", "/api/v1/status", "/status", "GET, HEAD"},
      {"POST", "/api/v1/status", "", "GET, HEAD"},
      {"get", "/api/v1/status", "", "GET, HEAD"},
      {"GET", "/api/v1/history/01ABC", "/history/{event}", "GET, HEAD"},
      {"GET", "/api/v1/status/", "", ""},
      {"GET", "/api/v1//status", "", ""},
      {"GET", "/api/v1", "", ""},
      {"GET", "/api/v1/", "", ""},
      {"GET", "/api/v2/status", "", ""},
      {"GET", "/api/v1x/status", "", ""},
      {"GET", "/api/v1/a/b/c/d/e", "", ""},
      {"GET", "/api/v1/%73tatus", "", ""},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(std::string(one.method) + " " + one.path);
    const ApiMatch match = match_api_route(one.method, one.path);
    EXPECT_EQ(match.route == nullptr ? "" : match.route->path, std::string(one.route));
    EXPECT_EQ(match.allow, one.allow);
  }
}

TEST(ApiRouterTest, CapturesAreDecodedAndBounded) {
  const ApiMatch match = match_api_route("GET", kRoot + "/history/a%2Fb%20c");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.captures, std::vector<std::string>{"a/b c"});
  EXPECT_EQ(match_api_route("GET", kRoot + "/history/" + std::string(257, 'a')).route, nullptr);
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// "GET /status reader application/json", as the document has them.
std::set<std::string> described() {
  std::vector<Diagnostic> found;
  Problems problems("openapi.yaml", found);
  const auto root = parse_yaml(api_description_text(), problems);
  EXPECT_TRUE(root) << text_of(found);
  std::set<std::string> all;
  if (!root || root->find("paths") == nullptr) return all;
  for (const YamlEntry& path : root->find("paths")->entries) {
    for (const YamlEntry& operation : path.value.entries) {
      const YamlNode* text = operation.value.find("description");
      const YamlNode* body = operation.value.find("requestBody");
      const bool operates = text != nullptr && text->text.starts_with("Role: operator");
      EXPECT_TRUE(operates || (text != nullptr && text->text.starts_with("Role: reader")))
          << path.key;
      all.insert(upper(operation.key) + " " + path.key + (operates ? " operator" : " reader") +
                 (body == nullptr ? "" : " " + body->find("content")->entries.front().key));
    }
  }
  return all;
}

TEST(ApiRouterTest, TheDocumentHasEachRouteAndNoOther) {
  std::set<std::string> routes;
  for (const ApiRoute& route : api_routes()) {
    routes.insert(std::string(route.method) + " " + std::string(route.path) + " " +
                  std::string(api_role_name(route.role)) +
                  (route.body.empty() ? "" : " " + std::string(route.body)));
  }
  EXPECT_EQ(routes.size(), api_routes().size());
  EXPECT_EQ(described(), routes);
}

TEST(ApiRouterTest, WhateverChangesSomethingNeedsAnOperator) {
  const std::set<std::string_view> asking = {"/policy/explain"};
  for (const ApiRoute& route : api_routes()) {
    if (route.method == "GET" || asking.contains(route.path)) continue;
    EXPECT_EQ(route.role, ApiRole::operate) << route.path;
  }
}

TEST(ApiFailuresTest, CountsByAddressAndMinute) {
  ManualClock clock;
  ApiFailures failures(clock, 2);
  EXPECT_TRUE(failures.count("192.0.2.1"));
  EXPECT_TRUE(failures.count("192.0.2.1"));
  EXPECT_FALSE(failures.count("192.0.2.1"));
  EXPECT_TRUE(failures.count("192.0.2.2"));
  clock.advance(std::chrono::minutes(1));
  EXPECT_TRUE(failures.count("192.0.2.1"));
}

}  // namespace
}  // namespace weir
