#include "policy/reference.h"

#include <algorithm>

#include "conf/nearest_word.h"
#include "conf/reference.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

using enum ValueKind;

constexpr Stage kStages[] = {Stage::connect, Stage::request, Stage::response, Stage::verdict,
                             Stage::sandbox};

void word_list(JsonWriter& json, std::string_view key, std::span<const std::string_view> words) {
  json.begin_array(key);
  for (const std::string_view word : words) json.string(word);
  json.end_array();
}

void types(JsonWriter& json, std::string_view a, std::string_view b) {
  const std::string_view both[] = {a, b};
  word_list(json, "type", both);
}

// Runs `members` inside an object of its own, or inside `key`.
template <class Members>
void object(JsonWriter& json, std::string_view key, Members members) {
  json.begin_object(key);
  members();
  json.end_object();
}

void text_list(JsonWriter& json) {
  one_or_list_schema(json, [&] { types(json, "string", "integer"); });
}

void condition_schema(JsonWriter& json, const ConditionRow& row, bool negate) {
  json.member("description", (negate ? "Not: " : "") + std::string(row.help));
  if (row.kind == flag) return json.member("type", "boolean");
  const auto words = words_of(row);
  one_or_list_schema(json, [&] {
    if (!words.empty()) return word_list(json, "enum", words);
    if (row.kind == ports || row.kind == statuses) return types(json, "string", "integer");
    json.member("type", "string");
  });
}

void when_schema(JsonWriter& json, Stage stage) {
  types(json, "object", "null");
  json.member("additionalProperties", false);
  object(json, "properties", [&] {
    object(json, "any", [&] { json.member("const", true); });
    for (const ConditionRow& row : condition_rows()) {
      if (row.from > stage) continue;
      object(json, row.name, [&] { condition_schema(json, row, false); });
      if (row.name == "certificate_error") continue;
      object(json, "not_" + std::string(row.name), [&] { condition_schema(json, row, true); });
    }
  });
}

void rule_schema(JsonWriter& json, Stage stage) {
  json.member("type", "object");
  json.member("additionalProperties", false);
  const std::string_view required[] = {"name", "action"};
  word_list(json, "required", required);
  object(json, "properties", [&] {
    object(json, "name", [&] { string_schema(json, "^[A-Za-z0-9._-]{1,64}$"); });
    object(json, "action", [&] { word_list(json, "enum", actions_of(stage)); });
    object(json, "reason", [&] { json.member("type", "string"); });
    object(json, "when", [&] { when_schema(json, stage); });
    if (stage == Stage::response) object(json, "profile", [&] { json.member("type", "string"); });
  });
}

void profile_schema(JsonWriter& json) {
  json.member("type", "object");
  json.member("additionalProperties", false);
  const std::string_view required[] = {"delivery", "scanners"};
  word_list(json, "required", required);
  object(json, "properties", [&] {
    object(json, "delivery", [&] { word_list(json, "enum", policy_keys::kDeliveries); });
    object(json, "scanners", [&] {
      std::vector<std::string_view> names;
      for (int i = 0; i < kScannerCount; ++i) {
        names.push_back(scanner_name(static_cast<Scanner>(i)));
      }
      one_or_list_schema(json, [&] { word_list(json, "enum", names); });
    });
    object(json, "max_bytes", [&] { string_schema(json, kBytesPattern); });
    object(json, "scan_timeout", [&] { string_schema(json, kDurationPattern); });
    object(json, "suspicious_score", [&] {
      json.member("type", "integer");
      json.member("minimum", 0);
      json.member("maximum", 100);
    });
    object(json, "prove_media", [&] { json.member("type", "boolean"); });
  });
}

void unlock_schema(JsonWriter& json) {
  types(json, "object", "null");
  json.member("additionalProperties", false);
  object(json, "properties", [&] {
    object(json, "passwords", [&] { text_list(json); });
    object(json, "page_words", [&] { json.member("type", "boolean"); });
    object(json, "tries", [&] {
      json.member("type", "integer");
      json.member("minimum", 0);
      json.member("maximum", 20);
    });
    object(json, "try_time", [&] { string_schema(json, kDurationPattern); });
    object(json, "keep", [&] { string_schema(json, kDurationPattern); });
  });
}

void coach_schema(JsonWriter& json) {
  types(json, "object", "null");
  json.member("additionalProperties", false);
  object(json, "properties", [&] {
    object(json, "justification", [&] {
      const std::string_view words[] = {"required", "optional", "none"};
      word_list(json, "enum", words);
    });
    object(json, "remember", [&] { string_schema(json, kDurationPattern); });
  });
}

void holding_schema(JsonWriter& json) {
  types(json, "object", "null");
  json.member("additionalProperties", false);
  object(json, "properties", [&] {
    for (const std::string_view key : policy_keys::kHolding) {
      object(json, key, [&] {
        constexpr auto kOtherwise = std::to_array<std::string_view>({"block", "release"});
        constexpr auto kArchives = std::to_array<std::string_view>({"inside", "whole", "both"});
        if (key.starts_with("on_")) return word_list(json, "enum", kOtherwise);
        if (key == "archives") return word_list(json, "enum", kArchives);
        if (key.starts_with("inside_")) return types(json, "string", "integer");
        string_schema(json, kDurationPattern);
      });
    }
  });
}

void test_schema(JsonWriter& json) {
  json.member("type", "object");
  json.member("additionalProperties", false);
  const std::string_view required[] = {"get", "expect"};
  word_list(json, "required", required);
  object(json, "properties", [&] {
    for (const std::string_view key : policy_keys::kTest) {
      object(json, key, [&] {
        const auto row = std::ranges::find(condition_rows(), key, &ConditionRow::name);
        const bool known = row != condition_rows().end();
        if (known && row->kind == flag) return json.member("type", "boolean");
        if (known && !words_of(*row).empty()) return word_list(json, "enum", words_of(*row));
        types(json, "string", "integer");
      });
    }
  });
}

void named_lists(JsonWriter& json) {
  types(json, "object", "null");
  object(json, "additionalProperties", [&] { text_list(json); });
}

void array_of(JsonWriter& json, auto items) {
  json.member("type", "array");
  object(json, "items", items);
}

void top_schema(JsonWriter& json) {
  object(json, "version", [&] { json.member("const", 1); });
  object(json, "network", [&] {
    types(json, "object", "null");
    json.member("additionalProperties", false);
    object(json, "properties", [&] {
      for (const std::string_view key : policy_keys::kNetwork) {
        object(json, key, [&] { text_list(json); });
      }
    });
  });
  object(json, "categories", [&] { named_lists(json); });
  object(json, "groups", [&] { named_lists(json); });
  object(json, "profiles", [&] {
    types(json, "object", "null");
    object(json, "additionalProperties", [&] { profile_schema(json); });
  });
  object(json, "unlock", [&] { unlock_schema(json); });
  object(json, "coach", [&] { coach_schema(json); });
  object(json, "holding", [&] { holding_schema(json); });
  for (const Stage stage : kStages) {
    object(json, stage_name(stage), [&] {
      array_of(json, [&] { rule_schema(json, stage); });
      json.member("minItems", 1);
    });
  }
  object(json, "tests", [&] { array_of(json, [&] { test_schema(json); }); });
}

}  // namespace

std::string policy_schema() {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  schema_head(json, "policy.yaml");
  json.member("type", "object");
  json.member("additionalProperties", false);
  const std::string_view required[] = {"version", "connect", "request", "response", "verdict"};
  word_list(json, "required", required);
  object(json, "properties", [&] { top_schema(json); });
  json.end_object();
  return indented_json(out);
}

std::string conditions_reference() {
  std::string out;
  for (const Stage stage : kStages) {
    out += "\nKnown from the **" + std::string(stage_name(stage)) + "** stage on:\n\n";
    out += "| condition | example | meaning |\n|---|---|---|\n";
    for (const ConditionRow& row : condition_rows()) {
      if (row.from != stage) continue;
      std::string help(row.help);
      if (!row.words.empty()) help += " Words: " + joined(split_words(row.words)) + ".";
      out += "| `" + std::string(row.name) + "` | `" + markdown_cell(row.example) + "` | " +
             markdown_cell(help) + " |\n";
    }
  }
  return out;
}

}  // namespace weir
