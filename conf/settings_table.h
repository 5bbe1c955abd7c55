// The one table of settings: a row for each member of Settings with its key in weir.yaml, its kind,
// its bounds and its help. Reading, the schema, the reference page and the tests walk it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "conf/settings.h"

namespace weir {

enum class SettingKind : std::uint8_t {
  flag,       // true, false
  count,      // whole number, bounds
  bytes,      // size with unit, bounds
  duration,   // time with unit, bounds in milliseconds
  text,       // anything printable
  word,       // one of `words`
  path,       // a file or folder, as seen from the folder of weir.yaml
  paths,      // a list of them
  host,       // a host name or address, or ""
  endpoint,   // host:port
  endpoints,  // a list of them, at least one
  servers,    // a list of addresses, each with or without a port
  sink,       // udp://host:port, tcp://host:port, unix:///path, or ""
  hosts,      // a map of host names to lists of addresses
};
std::string_view setting_kind_name(SettingKind kind);  // for people: "size", "time", ...

// Where the value is.
template <class T>
using SettingIn = T* (*)(Settings&);
using SettingField = std::variant<SettingIn<bool>, SettingIn<int>, SettingIn<std::uint32_t>,
                                  SettingIn<std::uint64_t>, SettingIn<Millis>, SettingIn<Seconds>,
                                  SettingIn<std::string>, SettingIn<std::vector<std::string>>,
                                  SettingIn<std::vector<HostsEntry>>>;

struct SettingRow {
  std::string_view key;  // "limits.header_bytes": section and name, or a name alone
  SettingField field;
  SettingKind kind;
  std::uint64_t least;  // bounds of counts, bytes and durations (ms)
  std::uint64_t most;
  std::string_view words;  // of a word, space separated
  std::string_view help;
};

std::span<const SettingRow> setting_rows();
std::string_view section_of(const SettingRow& row);  // "" on the top level
std::string_view name_of(const SettingRow& row);

// The value as it is written in YAML: "64KiB", "15s", "[a, b]", "''".
std::string setting_text(const SettingRow& row, const Settings& settings);

// The default of a path is what the shipped file, in its folder conf/, says.
std::string default_path_beside_config(std::string_view default_path);

}  // namespace weir
