// Walks over hostile JSON without making a tree of it: calls back for strings and numbers with the
// path to them. Depth is bounded; what is no JSON, or goes deeper, ends the walk. The only file
// that knows the JSON library is json_walk.cc. One owner, one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

inline constexpr std::size_t kDeepestJson = 32;

// A step into an object (by key) or an array (by index).
struct JsonStep {
  bool array = false;
  std::string key;
  std::size_t index = 0;
};
using JsonPath = std::vector<JsonStep>;

struct JsonWalk {
  std::function<void(const JsonPath&, std::string_view text)> string = nullptr;
  std::function<void(const JsonPath&, double value)> number = nullptr;
  std::function<void(const JsonPath&)> left = nullptr;  // an object at this path is complete
};

// Callbacks are made until something is wrong, so act on them only when this succeeded.
Result<void> walk_json(std::string_view json, std::size_t most_bytes, const JsonWalk& walk);

}  // namespace weir
