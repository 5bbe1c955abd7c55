#include "conf/reference.h"

#include <algorithm>

#include "conf/nearest_word.h"
#include "conf/settings_table.h"
#include "conf/units.h"

namespace weir {
namespace {

using enum SettingKind;

std::string bound_text(const SettingRow& row, std::uint64_t bound) {
  if (row.kind == bytes) return bytes_text(bound);
  if (row.kind == duration) return duration_text(Millis(static_cast<std::int64_t>(bound)));
  return std::to_string(bound);
}

std::string range_text(const SettingRow& row) {
  if (row.kind == word) return joined(split_words(row.words));
  if (row.most == 0) return std::string(setting_kind_name(row.kind));
  return bound_text(row, row.least) + " to " + bound_text(row, row.most);
}

// As the shipped file, in its folder, has it.
std::string default_text(const SettingRow& row) {
  Settings defaults;
  if (row.kind == path) {
    std::string& value = *std::get<SettingIn<std::string>>(row.field)(defaults);
    value = default_path_beside_config(value);
  }
  return setting_text(row, defaults);
}

void text_list_schema(JsonWriter& json) {
  one_or_list_schema(json, [&] { json.member("type", "string"); });
}

void value_schema(JsonWriter& json, const SettingRow& row) {
  switch (row.kind) {
    case flag: json.member("type", "boolean"); break;
    case count:
      json.member("type", "integer");
      json.member("minimum", row.least);
      json.member("maximum", row.most);
      break;
    case bytes: string_schema(json, kBytesPattern); break;
    case duration: string_schema(json, kDurationPattern); break;
    case word:
      json.begin_array("enum");
      for (const std::string_view one : split_words(row.words)) json.string(one);
      json.end_array();
      break;
    case text:
    case path:
    case host:
    case endpoint:
    case sink: json.member("type", "string"); break;
    case endpoints:
    case servers:
    case paths: text_list_schema(json); break;
    case hosts:
      json.member("type", "object");
      json.begin_object("additionalProperties");
      text_list_schema(json);
      json.end_object();
      break;
  }
}

void rows_schema(JsonWriter& json, std::string_view section) {
  for (const SettingRow& row : setting_rows()) {
    if (section_of(row) != section) continue;
    json.begin_object(name_of(row));
    json.member("description", std::string(row.help) + " Default: " + default_text(row));
    value_schema(json, row);
    json.end_object();
  }
}

std::vector<std::string_view> sections() {
  std::vector<std::string_view> names;
  for (const SettingRow& row : setting_rows()) {
    const std::string_view name = section_of(row);
    if (!name.empty() && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

void table_of(std::string& out, std::string_view section) {
  out += "\n## " + std::string(section.empty() ? "Top level" : section) + "\n\n";
  out += "| setting | default | may be | meaning |\n|---|---|---|---|\n";
  for (const SettingRow& row : setting_rows()) {
    if (section_of(row) != section) continue;
    out += "| `" + std::string(row.key) + "` | `" + markdown_cell(default_text(row)) + "` | " +
           markdown_cell(range_text(row)) + " | " + markdown_cell(row.help) + " |\n";
  }
}

}  // namespace

void schema_head(JsonWriter& json, std::string_view title) {
  json.member("$schema", "http://json-schema.org/draft-07/schema#");
  json.member("title", title);
}

void string_schema(JsonWriter& json, std::string_view pattern) {
  json.member("type", "string");
  json.member("pattern", pattern);
}

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string settings_schema() {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  schema_head(json, "weir.yaml");
  json.member("type", "object");
  json.member("additionalProperties", false);
  json.begin_object("properties");
  rows_schema(json, "");
  for (const std::string_view section : sections()) {
    json.begin_object(section);
    json.begin_array("type");
    json.string("object");
    json.string("null");
    json.end_array();
    json.member("additionalProperties", false);
    json.begin_object("properties");
    rows_schema(json, section);
    json.end_object();
    json.end_object();
  }
  json.end_object();
  json.end_object();
  return indented_json(out);
}

std::string settings_reference() {
  std::string out;
  table_of(out, "");
  for (const std::string_view section : sections()) table_of(out, section);
  return out;
}

std::string indented_json(std::string_view compact) {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  const auto line = [&] { out += '\n' + std::string(depth * 2, ' '); };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    const char next = i + 1 < compact.size() ? compact[i + 1] : '\0';
    if (c == '"') quoted = !quoted;  // escaped ones are skipped below
    if (quoted && c == '\\' && next != '\0') {
      out += c;
      out += compact[++i];
      continue;
    }
    const bool closes = !quoted && (c == '}' || c == ']');
    const bool empty = i > 0 && (compact[i - 1] == '{' || compact[i - 1] == '[');
    if (closes) --depth;
    if (closes && !empty) line();
    out += c;
    if (quoted) continue;
    const bool opens = c == '{' || c == '[';
    if (opens) ++depth;
    if ((opens && next != '}' && next != ']') || c == ',') line();
    if (c == ':') out += ' ';
  }
  return out + "\n";
}

}  // namespace weir
