#include "sandbox_client/report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/json_writer.h"

namespace weir {
namespace {

using Json = nlohmann::json;
using Limits = ReportLimits;

constexpr std::array<std::string_view, 4> kOutcomes{"finished", "timed-out", "unsupported",
                                                    "failed"};
constexpr std::array<std::string_view, 4> kVerdicts{"unknown", "clean", "suspicious", "malicious"};
constexpr std::array<std::string_view, 4> kDeeds{"written", "deleted", "renamed", "read"};
constexpr int kMostPid = 1 << 30;

// At most `most` bytes, never ending inside a UTF-8 character.
std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return std::string(text.substr(0, most));
}

constexpr int kMostDepth = 16;

// The library builds a million levels if asked to, and takes its time.
bool too_deep(std::string_view json) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char one = json[at];
    if (quoted && one == '\\') ++at;
    if (one == '"') quoted = !quoted;
    if (quoted) continue;
    if (one == '[' || one == '{') ++depth;
    if (one == ']' || one == '}') --depth;
    if (depth > kMostDepth) return true;
  }
  return false;
}

// Reads members of one JSON object. The first problem is kept and the rest is read as empty, so
// that the callers need no check after each member.
class Members {
 public:
  Members(const Json& object, std::string& problem) : object_(object), problem_(problem) {
    if (!object.is_object()) complain("object");
  }

  std::string text(const char* name, std::size_t most = Limits::text) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return complain(name), std::string();
    return cut(value->get_ref<const std::string&>(), most);
  }
  template <class Number>
  Number number(const char* name, Number least, Number most) {
    const Json* value = find(name);
    if (value == nullptr) return least;
    if (auto wide = whole(*value); wide && std::in_range<Number>(*wide)) {
      const auto narrow = static_cast<Number>(*wide);
      if (narrow >= least && narrow <= most) return narrow;
    }
    return complain(name), least;
  }
  bool boolean(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) return complain(name), false;
    return value->get<bool>();
  }
  template <class Enum>
  Enum word(const char* name, std::span<const std::string_view> names) {
    const Json* value = find(name);
    if (value != nullptr && value->is_string()) {
      const auto found = std::ranges::find(names, value->get_ref<const std::string&>());
      if (found != names.end()) return static_cast<Enum>(found - names.begin());
    }
    return complain(name), Enum{};
  }
  std::optional<int> optional_number(const char* name, int least, int most) {
    const Json* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return number<int>(name, least, most);
  }
  std::vector<std::string> texts(const char* name, std::size_t count, std::size_t length) {
    std::vector<std::string> all;
    for (const Json& one : list(name, count)) {
      if (!one.is_string()) return complain(name), all;
      all.push_back(cut(one.get_ref<const std::string&>(), length));
    }
    return all;
  }
  // The first `count` of an array; the report is marked when there are more.
  std::span<const Json> list(const char* name, std::size_t count) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_array()) return complain(name), std::span<const Json>();
    const auto& all = value->get_ref<const Json::array_t&>();
    if (all.size() > count) longer_.emplace_back(name);
    return std::span(all).first(std::min(count, all.size()));
  }
  const std::vector<std::string>& longer() const { return longer_; }

 private:
  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  static std::optional<std::int64_t> whole(const Json& value) {
    if (!value.is_number_integer()) return std::nullopt;
    if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>())) {
      return std::nullopt;
    }
    return value.get<std::int64_t>();
  }
  void complain(std::string_view name) {
    if (problem_.empty()) problem_ = "report: bad " + std::string(name);
  }

  const Json& object_;
  std::string& problem_;
  std::vector<std::string> longer_;
};

constexpr auto kMostBytes = std::uint64_t{1} << 62U;

SignatureHit read_signature(Members from) {
  return {.name = from.text("name", Limits::word),
          .severity = from.number<int>("severity", 0, 10),
          .explanation = from.text("explanation"),
          .attack = from.text("attack", Limits::word)};
}

ProcessSeen read_process(Members from) {
  return {.pid = from.number<int>("pid", 0, kMostPid),
          .parent = from.number<int>("parent", 0, kMostPid),
          .argv = from.texts("argv", Limits::arguments, Limits::argument),
          .exit = from.optional_number("exit", 0, 255)};
}

FileSeen read_file(Members from) {
  return {.path = from.text("path"),
          .how = from.word<FileDeed>("how", kDeeds),
          .refused = from.boolean("refused"),
          .sha256 = from.text("sha256", Limits::word),
          .size = from.number<std::uint64_t>("size", 0, kMostBytes)};
}

NetworkSeen read_network(Members from) {
  return {.proto = from.text("proto", Limits::word),
          .name = from.text("name"),
          .address = from.text("address", Limits::word),
          .port = from.number<int>("port", 0, 65535),
          .first_bytes = from.text("first_bytes")};
}

ActSeen read_act(Members from) {
  return {.what = from.text("what", Limits::word),
          .detail = from.text("detail"),
          .count = from.number<std::uint64_t>("count", 0, kMostBytes)};
}

template <class Item>
std::vector<Item> read_list(Members& from, const char* name, std::size_t most, std::string& problem,
                            Item (*read)(Members)) {
  std::vector<Item> all;
  for (const Json& one : from.list(name, most)) all.push_back(read(Members(one, problem)));
  return all;
}

SandboxReport read_members(const Json& root, std::string& problem) {
  Members from(root, problem);
  SandboxReport report{
      .engine = from.text("engine", Limits::word),
      .sha256 = from.text("sha256", Limits::word),
      .kind = from.text("kind", Limits::word),
      .outcome = from.word<DetonationOutcome>("outcome", kOutcomes),
      .reason = from.text("reason"),
      .score = from.number<int>("score", 0, 100),
      .verdict = from.word<DetonationVerdict>("verdict", kVerdicts),
      .signatures = read_list(from, "signatures", Limits::signatures, problem, read_signature),
      .processes = read_list(from, "processes", Limits::processes, problem, read_process),
      .files = read_list(from, "files", Limits::files, problem, read_file),
      .network = read_list(from, "network", Limits::network, problem, read_network),
      .acts = read_list(from, "acts", Limits::acts, problem, read_act),
      .notes = from.texts("notes", Limits::notes, Limits::text),
      .output = from.text("output", Limits::output),
      .duration_ms = from.number<std::uint64_t>("duration_ms", 0, kMostBytes),
      .truncated = from.texts("truncated", Limits::lists, Limits::word)};
  for (const std::string& name : from.longer()) report.mark_truncated(name);
  return report;
}

void write_processes(JsonWriter& out, const SandboxReport& report) {
  out.begin_array("processes");
  for (const ProcessSeen& one : report.processes) {
    out.begin_object();
    out.member("pid", one.pid);
    out.member("parent", one.parent);
    out.begin_array("argv");
    for (const std::string& word : one.argv) out.string(word);
    out.end_array();
    if (one.exit) out.member("exit", *one.exit);
    out.end_object();
  }
  out.end_array();
}

void write_files(JsonWriter& out, const SandboxReport& report) {
  out.begin_array("files");
  for (const FileSeen& one : report.files) {
    out.begin_object();
    out.member("path", one.path);
    out.member("how", deed_name(one.how));
    if (one.refused) out.member("refused", true);
    if (!one.sha256.empty()) out.member("sha256", one.sha256);
    out.member("size", one.size);
    out.end_object();
  }
  out.end_array();
}

void write_network(JsonWriter& out, const SandboxReport& report) {
  out.begin_array("network");
  for (const NetworkSeen& one : report.network) {
    out.begin_object();
    out.member("proto", one.proto);
    if (!one.name.empty()) out.member("name", one.name);
    if (!one.address.empty()) out.member("address", one.address);
    out.member("port", one.port);
    if (!one.first_bytes.empty()) out.member("first_bytes", one.first_bytes);
    out.end_object();
  }
  out.end_array();
}

void write_signatures(JsonWriter& out, const SandboxReport& report) {
  out.begin_array("signatures");
  for (const SignatureHit& one : report.signatures) {
    out.begin_object();
    out.member("name", one.name);
    out.member("severity", one.severity);
    out.member("explanation", one.explanation);
    out.member("attack", one.attack);
    out.end_object();
  }
  out.end_array();
}

void write_acts(JsonWriter& out, const SandboxReport& report) {
  out.begin_array("acts");
  for (const ActSeen& one : report.acts) {
    out.begin_object();
    out.member("what", one.what);
    if (!one.detail.empty()) out.member("detail", one.detail);
    out.member("count", one.count);
    out.end_object();
  }
  out.end_array();
}

void write_texts(JsonWriter& out, const char* name, const std::vector<std::string>& texts) {
  out.begin_array(name);
  for (const std::string& text : texts) out.string(text);
  out.end_array();
}

}  // namespace

void SandboxReport::mark_truncated(std::string_view list) {
  const bool known = std::ranges::find(truncated, list) != truncated.end();
  if (!known && truncated.size() < Limits::lists) truncated.emplace_back(list);
}

std::string_view outcome_name(DetonationOutcome outcome) {
  return kOutcomes.at(static_cast<std::size_t>(outcome));
}

std::string_view verdict_name(DetonationVerdict verdict) {
  return kVerdicts.at(static_cast<std::size_t>(verdict));
}

std::string_view deed_name(FileDeed deed) { return kDeeds.at(static_cast<std::size_t>(deed)); }

std::string write_report(const SandboxReport& report) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.member("engine", report.engine);
  out.member("sha256", report.sha256);
  out.member("kind", report.kind);
  out.member("outcome", outcome_name(report.outcome));
  if (!report.reason.empty()) out.member("reason", report.reason);
  out.member("score", report.score);
  out.member("verdict", verdict_name(report.verdict));
  out.member("duration_ms", report.duration_ms);
  write_signatures(out, report);
  write_processes(out, report);
  write_files(out, report);
  write_network(out, report);
  write_acts(out, report);
  write_texts(out, "notes", report.notes);
  if (!report.output.empty()) out.member("output", report.output);
  write_texts(out, "truncated", report.truncated);
  out.end_object();
  return json;
}

Result<SandboxReport> parse_report(std::string_view json) {
  if (json.size() > Limits::json_bytes) {
    return fail(Errc::too_large, Fault::helper,
                "report: " + std::to_string(json.size()) + " bytes of JSON");
  }
  if (too_deep(json)) return fail(Errc::malformed, Fault::helper, "report: nested too deep");
  const Json root = Json::parse(json, nullptr, false);
  if (root.is_discarded()) return fail(Errc::malformed, Fault::helper, "report: no JSON");
  std::string problem;
  SandboxReport report = read_members(root, problem);
  if (!problem.empty()) return fail(Errc::malformed, Fault::helper, std::move(problem));
  return report;
}

}  // namespace weir
