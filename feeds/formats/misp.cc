// Events of a MISP feed (misp-standard.org, "MISP core format", Attribute): attributes that are
// meant for detection (to_ids), also those inside of objects.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "feeds/formats/json_records.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

using Json = nlohmann::json;

struct TypeRow {
  std::string_view type;
  IndicatorKind kind;
  int part = 0;  // of "a|b"
};

constexpr auto kTypes = std::to_array<TypeRow>({
    {"domain", IndicatorKind::domain},
    {"hostname", IndicatorKind::host},
    {"url", IndicatorKind::url},
    {"uri", IndicatorKind::url},
    {"ip-dst", IndicatorKind::ip},
    {"ip-src", IndicatorKind::ip},
    {"ip-dst|port", IndicatorKind::ip},
    {"ip-src|port", IndicatorKind::ip},
    {"domain|ip", IndicatorKind::domain},
    {"hostname|port", IndicatorKind::host},
    {"md5", IndicatorKind::md5},
    {"sha1", IndicatorKind::sha1},
    {"sha256", IndicatorKind::sha256},
    {"filename|md5", IndicatorKind::md5, 1},
    {"filename|sha1", IndicatorKind::sha1, 1},
    {"filename|sha256", IndicatorKind::sha256, 1},
    {"ja3-fingerprint-md5", IndicatorKind::ja3},
    {"x509-fingerprint-sha1", IndicatorKind::cert_sha1},
    {"x509-fingerprint-sha256", IndicatorKind::cert_sha256},
});

class MispParser final : public JsonParser {
 public:
  explicit MispParser(FeedDefaults given) : JsonParser(std::move(given), Records::elements) {}

 private:
  void record(const Json& object, std::uint64_t number, FeedSink& sink) override {
    const auto event = object.find("Event");  // of a list of events
    if (event != object.end() && event->is_object()) return record(*event, number, sink);
    if (is_deleted(object)) return;
    const auto inner = object.find("Attribute");
    if (inner == object.end()) return attribute(object, number, sink);
    if (!inner->is_array()) return;
    for (const Json& one : *inner) {
      if (one.is_object()) attribute(one, number, sink);
    }
    const auto objects = object.find("Object");
    if (objects == object.end() || !objects->is_array()) return;
    for (const Json& one : *objects) {
      if (one.is_object() && !one.contains("Object")) record(one, number, sink);
    }
  }

  static bool is_deleted(const Json& object) {
    const auto deleted = object.find("deleted");
    return deleted != object.end() && (*deleted == Json(true) || *deleted == Json("1"));
  }

  // Tags, galaxies and the like stand in arrays too: what is no attribute is passed over.
  void attribute(const Json& object, std::uint64_t number, FeedSink& sink) {
    if (is_deleted(object)) return;
    const std::string type = text_of(object, "type");
    std::string value = text_of(object, "value");
    const auto detect = object.find("to_ids");
    if (type.empty() || value.empty() || detect == object.end() || *detect != Json(true)) return;
    const auto row = std::ranges::find(kTypes, type, &TypeRow::type);
    if (row == kTypes.end()) return;
    if (const auto bar = value.find('|'); bar != std::string::npos) {
      value = row->part == 0 ? value.substr(0, bar) : value.substr(bar + 1);
    }
    Attributes about = attributes_of(defaults());
    about.first_seen = read_time(text_of(object, "timestamp"));
    about.note = text_of(object, "comment");
    const bool range = row->kind == IndicatorKind::ip && value.find('/') != std::string::npos;
    offer(defaults(), sink, number, range ? IndicatorKind::cidr : row->kind, value, about);
  }
};

}  // namespace

ParserPtr make_misp(FeedDefaults defaults) {
  return std::make_unique<MispParser>(std::move(defaults));
}

}  // namespace weir
