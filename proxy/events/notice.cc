#include "proxy/events/notice.h"

#include "core/json_writer.h"

namespace weir {
namespace {

int category_of(Notice::Kind kind) { return kind == Notice::Kind::finding ? 2 : 6; }

std::string_view class_name(Notice::Kind kind) {
  return kind == Notice::Kind::finding ? "Detection Finding" : "Application Error";
}

constexpr std::string_view kSeverities[] = {"informational", "low", "medium", "high", "critical"};

}  // namespace

std::string_view severity_name(int severity) {
  return severity >= 1 && severity <= 5 ? kSeverities[severity - 1] : "unknown";
}

int severity_from_name(std::string_view name) {
  for (int i = 0; i < 5; ++i) {
    if (kSeverities[i] == name) return i + 1;
  }
  return 0;
}

std::string notice_line(const Notice& notice) {
  const auto uid = static_cast<std::uint32_t>(notice.kind);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(notice.time.time_since_epoch());
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.member("class_uid", uid);
  json.member("class_name", class_name(notice.kind));
  json.member("category_uid", category_of(notice.kind));
  json.member("activity_id", 1);
  json.member("type_uid", uid * 100 + 1);
  json.member("time", millis.count());
  json.member("severity_id", notice.severity);
  json.member("message", notice.message);
  json.begin_object("metadata");
  json.member("version", "1.3.0");
  json.begin_object("product");
  json.member("name", "weir");
  json.member("vendor_name", "weir");
  json.member("version", WEIR_VERSION);
  json.end_object();
  json.end_object();
  if (notice.kind == Notice::Kind::finding) {
    json.begin_object("finding_info");
    json.member("uid", notice.what + "-" + std::to_string(millis.count()));
    json.member("title", notice.message);
    json.end_object();
  }
  json.begin_object("unmapped");
  json.begin_object("weir");
  json.member("notice", notice.what);
  for (const auto& [name, value] : notice.details) json.member(name, value);
  if (!notice.receipts.empty()) {
    json.begin_array("receipts");
    for (const auto& receipt : notice.receipts) {
      json.begin_object();
      for (const auto& [name, value] : receipt) json.member(name, value);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  json.end_object();
  json.end_object();
  return line;
}

}  // namespace weir
