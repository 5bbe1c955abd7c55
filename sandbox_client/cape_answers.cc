#include "sandbox_client/cape_answers.h"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace weir {
namespace {

constexpr std::size_t kMostTasks = 64;
constexpr std::size_t kMostListed = 5'000;  // tasks of one hash that are looked at

std::unexpected<Error> odd(const std::string& what) {
  return fail(Errc::malformed, Fault::helper, "CAPE: " + what);
}

// Task ids are a 32-bit column.
std::optional<std::int64_t> task_id(const JsonValue& value) {
  const auto id = value.integer();
  return id && *id > 0 && *id <= 2'147'483'647 ? id : std::nullopt;
}

std::optional<int> two_digits(std::string_view text, std::size_t at) {
  int value = 0;
  const char* from = text.data() + at;
  const auto [end, error] = std::from_chars(from, from + 2, value);
  return error == std::errc() && end == from + 2 && value >= 0 ? std::optional(value)
                                                               : std::nullopt;
}

// "2026-01-02 03:04:05", also with T; the server's own time, taken as UTC.
std::optional<WallTime> time_of(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[13] != ':') return std::nullopt;
  const auto century = two_digits(text, 0), year_in = two_digits(text, 2);
  const auto month_in = two_digits(text, 5), day_in = two_digits(text, 8);
  const auto hour = two_digits(text, 11), minute = two_digits(text, 14);
  if (!century || !year_in || !month_in || !day_in || !hour || !minute) return std::nullopt;
  const year_month_day date(year(*century * 100 + *year_in),
                            month(static_cast<unsigned>(*month_in)),
                            day(static_cast<unsigned>(*day_in)));
  // Beyond these years nanoseconds do not fit.
  if (!date.ok() || date.year() < year(1971) || date.year() > year(2200)) return std::nullopt;
  return WallTime(sys_days(date)) + hours(*hour) + minutes(*minute);
}

// What a refusal is about decides whether another try can help.
bool is_final(std::string_view text) {
  constexpr std::string_view kFinal[] = {"too big",       "too large",   "empty file",
                                         "not supported", "not allowed", "unsupported",
                                         "banned"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return std::ranges::any_of(kFinal, [&](std::string_view word) { return lower.contains(word); });
}

bool is_unknown_task(std::string_view text) {
  return text.contains("does not exist") || text.contains("not found in database");
}

// A string, or the strings of a list.
std::string text_of(const JsonValue& value) {
  if (!value.text().empty()) return std::string(value.text());
  for (const JsonValue& item : value.items() | std::views::take(4)) {
    if (const std::string text = text_of(item); !text.empty()) return text;
  }
  return {};
}

// "detections" is a family, or a list of objects with one.
std::string family_of(const JsonValue& detections) {
  if (!detections.text().empty()) return std::string(detections.text());
  for (const JsonValue& one : detections.items()) {
    const std::string_view family =
        one.kind() == JsonValue::Kind::object ? one["family"].text() : one.text();
    if (!family.empty()) return std::string(family);
  }
  return {};
}

// Up to `most` strings of a list, or of the member `name` of the objects in it.
std::vector<std::string> texts_of(const JsonValue& list, const char* name, std::size_t most,
                                  std::size_t most_bytes) {
  std::vector<std::string> texts;
  for (const JsonValue& one : list.items()) {
    const bool is_object = one.kind() == JsonValue::Kind::object;
    const std::string_view text = is_object ? one[name].text() : one.text();
    if (text.empty()) continue;
    if (texts.size() == most) break;
    texts.push_back(remote_text(text, most_bytes));
  }
  return texts;
}

// CAPE's severity is 1 to 3, ours goes to 10.
void add_signatures(const JsonValue& list, SandboxReport& report) {
  for (const JsonValue& one : list.items() | std::views::take(ReportLimits::signatures - 1)) {
    const double severity = one["severity"].number().value_or(1);
    report.signatures.push_back({remote_text(one["name"].text(), ReportLimits::word),
                                 static_cast<int>(std::clamp(severity, 0.0, 3.0) * 3),
                                 remote_text(one["description"].text()), ""});
  }
}

void add_files(const JsonValue& list, FileDeed how, SandboxReport& report) {
  for (std::string& path : texts_of(list, "path", ReportLimits::files / 2, ReportLimits::text)) {
    report.files.push_back({std::move(path), how, false, "", 0});
  }
}

void add_network(const JsonValue& network, SandboxReport& report) {
  constexpr std::size_t kHalf = ReportLimits::network / 2;
  for (std::string& name : texts_of(network["domains"], "domain", kHalf, ReportLimits::text)) {
    report.network.push_back({"dns", std::move(name), "", 0, ""});
  }
  for (std::string& address : texts_of(network["hosts"], "ip", kHalf, ReportLimits::word)) {
    report.network.push_back({"tcp", "", std::move(address), 0, ""});
  }
}

DetonationVerdict detonation_verdict(Verdict verdict) {
  if (verdict == Verdict::malicious) return DetonationVerdict::malicious;
  return verdict == Verdict::suspicious ? DetonationVerdict::suspicious : DetonationVerdict::clean;
}

}  // namespace

std::optional<Error> cape_error(const JsonValue& json) {
  if (json.kind() != JsonValue::Kind::object) return std::nullopt;
  const JsonValue& flag = json["error"];
  const bool is_error = flag.boolean().value_or(false) || !text_of(flag).empty();
  if (!is_error) return std::nullopt;
  std::string says = text_of(json["error_value"]);
  if (says.empty()) says = text_of(flag);
  if (says.empty()) says = text_of(json["errors"]);
  Error error{Errc::io, Fault::helper, true, "CAPE says: " + remote_text(says)};
  if (is_unknown_task(says)) error.code = Errc::not_found;
  if (is_final(says)) error.code = Errc::unsupported;
  return error;
}

Result<std::vector<std::int64_t>> cape_task_ids(const JsonValue& json) {
  if (auto error = cape_error(json)) return std::unexpected(std::move(*error));
  const JsonValue& listed = json["data"]["task_ids"];
  std::vector<std::int64_t> ids;
  for (const JsonValue& one : listed.items()) {
    const auto id = task_id(one);
    if (!id) return odd("a task id is none");
    if (ids.size() == kMostTasks) return odd("more than 64 tasks for one file");
    if (std::ranges::find(ids, *id) == ids.end()) ids.push_back(*id);
  }
  if (!ids.empty()) return ids;
  const std::string says = text_of(json["errors"]);
  if (says.empty()) return odd("no task ids");
  const Errc code = is_final(says) ? Errc::unsupported : Errc::io;
  return fail(code, Fault::helper, "CAPE says: " + remote_text(says), true);
}

Result<CapeState> cape_state(const JsonValue& json) {
  if (auto error = cape_error(json)) return std::unexpected(std::move(*error));
  const std::string_view state = json["data"].text();
  if (state.empty()) return odd("no state");
  if (state == "reported") return CapeState::reported;
  if (state.starts_with("failed") || state == "banned") return CapeState::failed;
  return CapeState::under_way;
}

Result<CapeTasks> cape_tasks(const JsonValue& json, const std::string& mark, WallTime oldest) {
  if (auto error = cape_error(json)) return std::unexpected(std::move(*error));
  if (json["data"].kind() != JsonValue::Kind::array) return odd("no list of tasks");
  CapeTasks tasks;
  WallTime newest = oldest;
  for (const JsonValue& one : json["data"].items() | std::views::take(kMostListed)) {
    const auto id = task_id(one["id"]);
    if (!id) continue;
    if (one["custom"].text() == mark && tasks.ours.size() < kMostTasks) tasks.ours.push_back(*id);
    const auto completed = time_of(one["completed_on"].text());
    if (one["status"].text() == "reported" && completed && *completed >= newest) {
      newest = *completed;
      tasks.reported = id;
    }
  }
  return tasks;
}

Result<SandboxReport> cape_report(const JsonValue& json, const std::string& sha256,
                                  const ScoreLimits& limits) {
  if (auto error = cape_error(json)) return std::unexpected(std::move(*error));
  const JsonValue& inner = json["data"];
  const JsonValue& from = inner.kind() == JsonValue::Kind::object ? inner : json;
  const auto score = from["malscore"].number();
  if (!score) return odd("report without malscore");
  SandboxReport report;
  report.engine = "cape";
  report.sha256 = sha256;
  report.outcome = DetonationOutcome::finished;
  report.score = bounded_score(*score * 10);
  report.verdict = detonation_verdict(verdict_of_score(*score * 10, limits));
  if (const std::string family = family_of(from["detections"]); !family.empty()) {
    report.verdict = DetonationVerdict::malicious;
    report.signatures.push_back(
        {remote_text(family, ReportLimits::word), 10, "CAPE knows the family", ""});
  }
  add_signatures(from["signatures"], report);
  for (std::string& line :
       texts_of(from["executed_commands"], "", ReportLimits::processes, ReportLimits::argument)) {
    report.processes.push_back({0, 0, {std::move(line)}, std::nullopt});
  }
  add_files(from["files"]["modified"], FileDeed::written, report);
  add_files(from["files"]["deleted"], FileDeed::deleted, report);
  add_network(from["network"], report);
  return report;
}

std::string cape_version(const JsonValue& json) {
  const JsonValue& info = json["data"].is_null() ? json["info"] : json["data"]["info"];
  return remote_text(info["version"].text());
}

std::string cape_ticket(const std::vector<std::int64_t>& ids) {
  std::string ticket;
  for (const std::int64_t id : ids) ticket += (ticket.empty() ? "" : ",") + std::to_string(id);
  return ticket;
}

std::optional<std::vector<std::int64_t>> cape_ticket_ids(const std::string& ticket) {
  std::vector<std::int64_t> ids;
  for (const auto part : std::views::split(ticket, ',')) {
    std::int64_t id = 0;
    const char* end = part.data() + part.size();
    const auto [rest, error] = std::from_chars(part.data(), end, id);
    if (error != std::errc() || rest != end || id <= 0 || ids.size() == kMostTasks) {
      return std::nullopt;
    }
    ids.push_back(id);
  }
  if (ids.empty()) return std::nullopt;
  return ids;
}

}  // namespace weir
