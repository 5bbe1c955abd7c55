#include "proxy/events/event_json.h"

#include <algorithm>

namespace weir {

const Json& json_at(const Json& json, std::string_view path) {
  static const Json kNull;
  const Json* place = &json;
  while (!path.empty()) {
    if (!place->is_object()) return kNull;
    const std::size_t dot = std::min(path.find('.'), path.size());
    const auto found = place->find(path.substr(0, dot));
    if (found == place->end()) return kNull;
    place = &*found;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return *place;
}

std::string json_text(const Json& json, std::string_view path) {
  const Json& found = json_at(json, path);
  return found.is_string() ? found.get<std::string>() : std::string();
}

std::int64_t json_number(const Json& json, std::string_view path) {
  const Json& found = json_at(json, path);
  return found.is_number_integer() ? found.get<std::int64_t>() : 0;
}

std::uint64_t json_count(const Json& json, std::string_view path) {
  const std::int64_t found = json_number(json, path);
  return found > 0 ? static_cast<std::uint64_t>(found) : 0;
}

}  // namespace weir
