#include "conf/bind.h"

#include <algorithm>

#include "conf/nearest_word.h"
#include "conf/units.h"
#include "core/escape.h"

namespace weir {
namespace {

using Kind = YamlNode::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::scalar: return "a single value";
    case Kind::list: return "a list";
    case Kind::map: return "a map";
  }
  return "?";
}

std::string wants(std::string_view what, std::string_view wanted, const YamlNode& node) {
  const bool scalar = node.kind == Kind::scalar;
  return std::string(what) + " must be " + std::string(wanted) + ", not " +
         (scalar ? quoted(node.text) : std::string(kind_name(node.kind)));
}

// The value when it lies within its bounds; `text_of` writes bounds in the value's unit.
template <class Value, class TextOf>
std::optional<Value> bounded(const YamlNode& node, std::string_view what, Value value, Value least,
                             Value most, TextOf text_of, Problems& problems) {
  if (value >= least && value <= most) return value;
  problems.error(node.place, std::string(what) + " is " + text_of(value) + ", must be from " +
                                 text_of(least) + " to " + text_of(most));
  return std::nullopt;
}

}  // namespace

std::string quoted(std::string_view text) { return "'" + escape_for_log(text, 64) + "'"; }

bool check_map(const YamlNode& node, std::string_view what, std::span<const std::string_view> known,
               Problems& problems) {
  if (node.kind != Kind::map) {
    problems.error(node.place, wants(what, "a map", node));
    return false;
  }
  for (const YamlEntry& entry : node.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    const std::string hint = did_you_mean(entry.key, known);
    problems.error(entry.place, "unknown key " + quoted(entry.key) + " in " + std::string(what) +
                                    (hint.empty() ? " (known: " + joined(known) + ")" : hint));
  }
  return true;
}

std::optional<std::string> read_text(const YamlNode& node, std::string_view what,
                                     Problems& problems) {
  if (node.kind == Kind::scalar) return node.text;
  problems.error(node.place, wants(what, "text", node));
  return std::nullopt;
}

std::optional<bool> read_flag(const YamlNode& node, std::string_view what, Problems& problems) {
  if (node.kind == Kind::scalar && node.text == "true") return true;
  if (node.kind == Kind::scalar && node.text == "false") return false;
  problems.error(node.place, wants(what, "true or false", node));
  return std::nullopt;
}

std::optional<std::uint64_t> read_count(const YamlNode& node, std::string_view what,
                                        std::uint64_t least, std::uint64_t most,
                                        Problems& problems) {
  const auto value = node.kind == Kind::scalar ? parse_number(node.text) : std::nullopt;
  if (!value) {
    problems.error(node.place, wants(what, "a whole number", node));
    return std::nullopt;
  }
  const auto text_of = [](std::uint64_t number) { return std::to_string(number); };
  return bounded(node, what, *value, least, most, text_of, problems);
}

std::optional<std::uint64_t> read_bytes(const YamlNode& node, std::string_view what,
                                        std::uint64_t least, std::uint64_t most,
                                        Problems& problems) {
  const auto value = node.kind == Kind::scalar ? parse_bytes(node.text) : std::nullopt;
  if (!value) {
    problems.error(node.place, wants(what, "a size with its unit, like 64KiB", node) +
                                   " (units: " + joined(split_words(kByteUnits)) + ")");
    return std::nullopt;
  }
  return bounded(node, what, *value, least, most, bytes_text, problems);
}

std::optional<std::chrono::milliseconds> read_duration(const YamlNode& node, std::string_view what,
                                                       std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most,
                                                       Problems& problems) {
  const auto value = node.kind == Kind::scalar ? parse_duration(node.text) : std::nullopt;
  if (!value) {
    problems.error(node.place, wants(what, "a time with its unit, like 15s", node) +
                                   " (units: " + joined(split_words(kDurationUnits)) + ")");
    return std::nullopt;
  }
  return bounded(node, what, *value, least, most, duration_text, problems);
}

std::optional<std::string> read_word(const YamlNode& node, std::string_view what,
                                     std::span<const std::string_view> words, Problems& problems) {
  const bool scalar = node.kind == Kind::scalar;
  if (scalar && std::ranges::find(words, node.text) != words.end()) return node.text;
  const std::string hint = scalar ? did_you_mean(node.text, words) : "";
  problems.error(node.place, wants(what, "one of " + joined(words), node) + hint);
  return std::nullopt;
}

std::vector<const YamlNode*> read_list(const YamlNode& node, std::string_view what,
                                       Problems& problems) {
  std::vector<const YamlNode*> values;
  if (node.kind == Kind::scalar) values.push_back(&node);
  if (node.kind == Kind::map) problems.error(node.place, wants(what, "a list", node));
  for (const YamlNode& item : node.items) {
    if (item.kind == Kind::scalar) {
      values.push_back(&item);
    } else {
      problems.error(item.place, wants("an item of " + std::string(what), "a single value", item));
    }
  }
  return values;
}

}  // namespace weir
