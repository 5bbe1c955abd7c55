// A YAML file as a small tree of ours that keeps the place of every value and key. The only user of
// the YAML library is yaml.cc. Bounded: 4 MiB, depth 32, a million nodes with aliases expanded; one
// document; duplicate keys are errors; no tags, no merge keys. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"

namespace weir {

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  Place place;
  std::string text;                // of a scalar
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a map, in the order of the file

  const YamlNode* find(std::string_view key) const;  // null when it is no map or has no such key
};

struct YamlEntry {
  std::string key;
  Place place;  // of the key
  YamlNode value;
};

inline constexpr std::uint64_t kMostYamlBytes = 4ULL * 1024 * 1024;

// nullopt exactly when a problem was reported. An empty file is a null node.
std::optional<YamlNode> parse_yaml(std::string_view text, Problems& problems);
std::optional<YamlNode> load_yaml(const std::string& file, Problems& problems);

}  // namespace weir
