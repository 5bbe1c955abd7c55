// Takes typed values out of YAML nodes. Each function reports what is wrong at the node's place and
// then gives nullopt; `what` names the value in the message. Pure but for the problems.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/yaml.h"

namespace weir {

// Reports what is no map, and keys that are not `known`. False when it is no map.
bool check_map(const YamlNode& node, std::string_view what, std::span<const std::string_view> known,
               Problems& problems);

std::optional<std::string> read_text(const YamlNode& node, std::string_view what,
                                     Problems& problems);
std::optional<bool> read_flag(const YamlNode& node, std::string_view what, Problems& problems);
std::optional<std::uint64_t> read_count(const YamlNode& node, std::string_view what,
                                        std::uint64_t least, std::uint64_t most,
                                        Problems& problems);
std::optional<std::uint64_t> read_bytes(const YamlNode& node, std::string_view what,
                                        std::uint64_t least, std::uint64_t most,
                                        Problems& problems);
std::optional<std::chrono::milliseconds> read_duration(const YamlNode& node, std::string_view what,
                                                       std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most,
                                                       Problems& problems);
std::optional<std::string> read_word(const YamlNode& node, std::string_view what,
                                     std::span<const std::string_view> words, Problems& problems);

// The scalars of a list; a scalar stands for a list of one, null for an empty one. What is neither
// is reported and left out.
std::vector<const YamlNode*> read_list(const YamlNode& node, std::string_view what,
                                       Problems& problems);

// "'48x'" for messages: cut and escaped.
std::string quoted(std::string_view text);

}  // namespace weir
