// Members of a parsed event by their path ("http_request.url.hostname"), forgiving: what is not
// there, or is of another type, is empty. Pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace weir {

using Json = nlohmann::json;

const Json& json_at(const Json& json, std::string_view path);  // null when it is not there
std::string json_text(const Json& json, std::string_view path);
std::int64_t json_number(const Json& json, std::string_view path);
std::uint64_t json_count(const Json& json, std::string_view path);

}  // namespace weir
