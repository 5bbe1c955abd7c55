// The settings table as documents: the JSON Schema for editors and the reference page. Both are
// committed under docs/ and a test compares. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/json_writer.h"

namespace weir {

std::string settings_schema();     // docs/weir.schema.json
std::string settings_reference();  // the tables of docs/configuration.md

// For this and the policy's schema.
std::string indented_json(std::string_view compact);
void schema_head(JsonWriter& json, std::string_view title);  // inside the outermost object
void string_schema(JsonWriter& json, std::string_view pattern);
// A JSON Schema of a scalar or a list of such; `item` writes the members of the scalar's schema.
template <class Item>
void one_or_list_schema(JsonWriter& json, Item item) {
  json.begin_array("oneOf");
  json.begin_object();
  item();
  json.end_object();
  json.begin_object();
  json.member("type", "array");
  json.begin_object("items");
  item();
  json.end_object();
  json.end_object();
  json.end_array();
}
std::string markdown_cell(std::string_view text);  // without what would end the cell

inline constexpr std::string_view kBytesPattern = "^(0|[0-9]+(B|KiB|MiB|GiB|TiB))$";
inline constexpr std::string_view kDurationPattern = "^(0|[0-9]+(ms|s|m|h|d))$";

}  // namespace weir
