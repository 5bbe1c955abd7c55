#include "proxy/events/event_view.h"

#include <charconv>

#include "proxy/events/event_json.h"

namespace weir {
namespace {

std::vector<std::string> texts(const Json& list, std::string_view member) {
  std::vector<std::string> all;
  if (!list.is_array()) return all;
  for (const Json& one : list) {
    if (std::string found = json_text(one, member); !found.empty()) all.push_back(std::move(found));
  }
  return all;
}

void read_transaction(const Json& json, EventView& view) {
  view.client = json_text(json, "src_endpoint.ip");
  view.user = json_text(json, "actor.user.name");
  view.method = json_text(json, "http_request.http_method");
  view.url = json_text(json, "http_request.url.url_string");
  view.host = json_text(json, "dst_endpoint.hostname");
  if (view.host.empty()) view.host = json_text(json, "http_request.url.hostname");
  view.rule = json_text(json, "policy.name");
  view.file_name = json_text(json, "file.name");
  view.file_type = json_text(json, "file.ext_type");
  view.file_size = json_count(json, "file.size");
  const auto hashes = texts(json_at(json, "file.hashes"), "value");
  if (!hashes.empty()) view.sha256 = hashes.front();
  view.status = static_cast<int>(json_count(json, "http_response.code") % 1000);
  view.bytes_in = json_count(json, "traffic.bytes_in");
  view.bytes_out = json_count(json, "traffic.bytes_out");
  const Json& own = json_at(json, "unmapped.weir");
  view.action = json_text(own, "action");
  // What was refused before it was fetched has no verdict, whatever the field says.
  if (!json_at(own, "artifacts").is_null()) view.verdict = json_text(own, "verdict");
  view.reason = json_text(own, "reason");
  view.error = json_text(own, "error");
  view.inside = texts(json_at(own, "tree"), "sha256");
  view.findings = texts(json_at(own, "findings"), "name");
}

std::optional<std::int64_t> number_after(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == line.npos) return std::nullopt;
  constexpr std::int64_t kMost = 253'402'300'799'999;  // the end of the year 9999
  std::int64_t found = 0;
  const char* begin = line.data() + at + key.size();
  const auto [end, bad] = std::from_chars(begin, line.data() + line.size(), found);
  if (bad != std::errc() || found < 0 || found > kMost) return std::nullopt;
  return found;
}

}  // namespace

std::optional<EventView> view_event(std::string_view line) {
  const auto times = times_of_event_line(line);
  if (!times) return std::nullopt;
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  EventView view;
  view.id = json_text(json, "metadata.uid");
  view.time = times->began;
  view.duration = times->ended - times->began;
  view.notice = json_text(json, "unmapped.weir.notice");
  if (view.notice.empty()) {
    read_transaction(json, view);
  } else {
    view.error = json_text(json, "message");
  }
  return view;
}

std::optional<LineTimes> times_of_event_line(std::string_view line) {
  constexpr std::size_t kHead = 512;  // both stand at the beginning
  const std::string_view head = line.substr(0, kHead);
  const auto begin = number_after(head, "\"time\":");
  if (!begin) return std::nullopt;
  const WallTime time{std::chrono::milliseconds(*begin)};
  return LineTimes{
      time, time + std::chrono::milliseconds(number_after(head, "\"duration\":").value_or(0))};
}

// 48 bits of milliseconds, five a letter.
std::optional<WallTime> time_of_event_id(std::string_view id) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t kTimeLetters = 10, kIdLetters = 26;
  if (id.size() != kIdLetters) return std::nullopt;
  std::uint64_t millis = 0;
  for (const char c : id.substr(0, kTimeLetters)) {
    const std::size_t digit = kLetters.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    millis = millis << 5 | digit;
  }
  if (millis >> 48 != 0) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(millis)));
}

}  // namespace weir
