// Reads the members of one YAML map into a struct of defaults: what is there replaces the default,
// a mistake is reported at its place and leaves it. The keys were checked before (check_map).
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/bind.h"

namespace weir {

class MapReader {
 public:
  // Both outlive it.
  MapReader(const YamlNode& map, Problems& problems) : map_(map), problems_(problems) {}

  bool has(std::string_view key) const { return map_.find(key) != nullptr; }

  void text(std::string_view key, std::string& into) const {
    const YamlNode* value = map_.find(key);
    if (value != nullptr) into = read_text(*value, key, problems_).value_or(into);
  }
  void texts(std::string_view key, std::vector<std::string>& into) const {
    const YamlNode* value = map_.find(key);
    if (value == nullptr) return;
    into.clear();
    for (const YamlNode* item : read_list(*value, key, problems_)) into.push_back(item->text);
  }
  void flag(std::string_view key, bool& into) const {
    const YamlNode* value = map_.find(key);
    if (value != nullptr) into = read_flag(*value, key, problems_).value_or(into);
  }
  template <std::integral T>
  void count(std::string_view key, T least, T most, T& into) const {
    const YamlNode* value = map_.find(key);
    if (value == nullptr) return;
    const auto read = read_count(*value, key, static_cast<std::uint64_t>(least),
                                 static_cast<std::uint64_t>(most), problems_);
    if (read) into = static_cast<T>(*read);
  }
  void bytes(std::string_view key, std::uint64_t least, std::uint64_t most,
             std::uint64_t& into) const {
    const YamlNode* value = map_.find(key);
    if (value != nullptr) into = read_bytes(*value, key, least, most, problems_).value_or(into);
  }
  template <class Time>
  void duration(std::string_view key, std::chrono::milliseconds least,
                std::chrono::milliseconds most, Time& into) const {
    const YamlNode* value = map_.find(key);
    if (value == nullptr) return;
    if (const auto read = read_duration(*value, key, least, most, problems_)) into = *read;
  }
  // The place of the word among `words`; nullopt: not there, or none of them.
  std::optional<std::size_t> word(std::string_view key,
                                  std::span<const std::string_view> words) const {
    const YamlNode* value = map_.find(key);
    if (value == nullptr) return std::nullopt;
    const auto read = read_word(*value, key, words, problems_);
    if (!read) return std::nullopt;
    return static_cast<std::size_t>(std::ranges::find(words, *read) - words.begin());
  }

  // Reports at the member, or at the map where it is missing.
  void wrong(std::string_view key, std::string what) const {
    const YamlNode* value = map_.find(key);
    problems_.error(value == nullptr ? map_.place : value->place, std::move(what));
  }

 private:
  const YamlNode& map_;
  Problems& problems_;
};

}  // namespace weir
