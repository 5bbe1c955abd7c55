// The routes of the API, one table: method, path, who may, what does it. docs/api/openapi.yaml
// describes exactly these. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/api/tokens.h"
#include "proxy/api/world.h"

namespace weir {

inline constexpr std::string_view kApiRoot = "/api/v1";

struct ApiRoute {
  std::string_view method;
  std::string_view path;  // below kApiRoot; {name} stands for one segment
  ApiRole role;
  ApiHandler handler;
  std::string_view body = {};  // media type of the request; "" = it has none
};

std::span<const ApiRoute> api_routes();

struct ApiMatch {
  const ApiRoute* route = nullptr;    // null: none, then see `allow`
  std::vector<std::string> captures;  // decoded
  std::string allow;                  // methods of this path; "" = there is no such path
};

// `path`: whole, without the query, as it came. HEAD is as GET.
ApiMatch match_api_route(std::string_view method, std::string_view path);

}  // namespace weir
