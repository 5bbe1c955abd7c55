#include "proxy/doctor/checkup.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/escape.h"
#include "core/json_writer.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"ok", "warning", "error"};
constexpr std::size_t kHealthWidth = 9, kAreaWidth = 12;

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size() + 1), ' ');
  return out;
}

}  // namespace

std::string_view health_name(Health health) { return kNames[static_cast<std::size_t>(health)]; }

void Checkup::ok(std::string area, std::string found) {
  rows_.push_back({std::move(area), Health::ok, std::move(found), {}});
}

void Checkup::warn(std::string area, std::string found, std::string mend) {
  rows_.push_back({std::move(area), Health::warning, std::move(found), std::move(mend)});
}

void Checkup::error(std::string area, std::string found, std::string mend) {
  rows_.push_back({std::move(area), Health::error, std::move(found), std::move(mend)});
}

std::size_t Checkup::count(Health health) const {
  return static_cast<std::size_t>(std::ranges::count(rows_, health, &Observation::health));
}

Health Checkup::worst() const {
  if (count(Health::error) > 0) return Health::error;
  return count(Health::warning) > 0 ? Health::warning : Health::ok;
}

int Checkup::exit_code() const { return static_cast<int>(worst()); }

std::string Checkup::text() const {
  std::string out;
  const std::string indent(kHealthWidth + kAreaWidth, ' ');
  for (const Observation& row : rows_) {
    out += padded(health_name(row.health), kHealthWidth) + padded(row.area, kAreaWidth) +
           escape_for_terminal(row.found) + '\n';
    if (!row.mend.empty()) out += indent + "-> " + escape_for_terminal(row.mend) + '\n';
  }
  return out + "\n" + std::to_string(count(Health::ok)) + " ok, " +
         std::to_string(count(Health::warning)) + " warnings, " +
         std::to_string(count(Health::error)) + " errors\n";
}

std::string Checkup::json() const {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("health", health_name(worst()));
  json.begin_array("checks");
  for (const Observation& row : rows_) {
    json.begin_object();
    json.member("area", row.area);
    json.member("health", health_name(row.health));
    json.member("found", row.found);
    json.member("mend", row.mend);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string age_in_words(std::int64_t seconds) {
  constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
  if (seconds < 2 * kHour)
    return std::to_string(std::max<std::int64_t>(0, seconds / 60)) + " minutes";
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + " hours";
  return std::to_string(seconds / kDay) + " days";
}

}  // namespace weir
