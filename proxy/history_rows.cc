#include "proxy/history_rows.h"

#include <algorithm>

#include "core/escape.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "sandbox_client/http_client.h"

namespace weir {
namespace {

constexpr std::size_t kShownHash = 16;

struct Column {
  std::string_view name;
  std::string DeliveryRecord::* member;
};
constexpr Column kColumns[] = {
    {"event", &DeliveryRecord::event_id}, {"client", &DeliveryRecord::client},
    {"user", &DeliveryRecord::user},      {"host", &DeliveryRecord::host},
    {"domain", &DeliveryRecord::domain},  {"url", &DeliveryRecord::url},
    {"sha256", &DeliveryRecord::sha256},  {"file", &DeliveryRecord::file_name},
    {"action", &DeliveryRecord::action},  {"verdict", &DeliveryRecord::verdict}};

std::string millis_text(WallTime time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

// "" for a part that is not there, or that nobody knows.
std::string part_of(std::string_view name, const DeliveryRecord& row,
                    std::chrono::minutes minutes) {
  if (name == "ms") return millis_text(row.time);
  if (name == "from_ms") return millis_text(row.time - minutes);
  if (name == "to_ms") return millis_text(row.time + minutes);
  if (name == "hash") return row.sha256;
  for (const Column& column : kColumns) {
    if (column.name == name) return row.*column.member;
  }
  return {};
}

std::string shown(std::string_view text, std::size_t most = 200) {
  return text.empty() ? "-" : escape_for_terminal(text, most);
}

}  // namespace

std::string link_of(std::string_view url_template, const DeliveryRecord& row,
                    std::chrono::minutes minutes) {
  std::string url;
  while (!url_template.empty()) {
    const std::size_t open = url_template.find('{');
    url += url_template.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = url_template.find('}', open);
    if (close == std::string_view::npos) return {};
    const std::string part = part_of(url_template.substr(open + 1, close - open - 1), row, minutes);
    if (part.empty()) return {};
    url += percent_encode(part);
    url_template.remove_prefix(close + 1);
  }
  return url;
}

NamedLinks links_of(const LinkSettings& settings, const DeliveryRecord& row,
                    std::chrono::minutes minutes) {
  NamedLinks links;
  for (const auto& [name, text] :
       {std::pair<std::string_view, const std::string&>{"edr", settings.edr},
        {"siem", settings.siem},
        {"intelligence", settings.intelligence}}) {
    std::string url = link_of(text, row, minutes);
    if (!url.empty()) links.emplace_back(name, std::move(url));
  }
  return links;
}

std::string row_text(const DeliveryRecord& row) {
  std::string line = iso_time(row.time) + "  " + shown(row.client) + "  " + shown(row.user) + "  " +
                     shown(row.action) + "  " + shown(row.verdict) + "  " +
                     shown(row.url.empty() ? row.host : row.url);
  if (!row.file_name.empty()) line += "  " + shown(row.file_name, 80);
  if (row.was_inside) line += "  inside";
  if (!row.sha256.empty()) line += "  sha256:" + row.sha256.substr(0, kShownHash);
  return line + "  " + shown(row.event_id) + "\n";
}

std::string row_json(const DeliveryRecord& row, const NamedLinks& links) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.member("time", iso_time(row.time));
  for (const Column& column : kColumns) {
    if (!(row.*column.member).empty()) json.member(column.name, row.*column.member);
  }
  if (row.was_inside) json.member("inside", true);
  if (!links.empty()) {
    json.begin_object("links");
    for (const auto& [name, url] : links) json.member(name, url);
    json.end_object();
  }
  json.end_object();
  return line + "\n";
}

std::string csv_head() {
  std::string line = "time";
  for (const Column& column : kColumns) line += "," + std::string(column.name);
  return line + ",inside\n";
}

std::string row_csv(const DeliveryRecord& row) {
  std::string line;
  add_csv_cell(line, iso_time(row.time));
  for (const Column& column : kColumns) add_csv_cell(line, row.*column.member);
  add_csv_cell(line, row.was_inside ? "true" : "");
  return line + "\n";
}

}  // namespace weir
