// The JSON exports of abuse.ch, PhishTank and Spamhaus DROP: the same fields as their other forms.
#include <nlohmann/json.hpp>

#include "feeds/formats/json_records.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

using Json = nlohmann::json;

struct Fields {
  const Json& object;
  const FeedDefaults& defaults;
  FeedSink& sink;
  std::uint64_t number;

  std::string operator[](const char* name) const { return text_of(object, name); }
  void offer(IndicatorKind kind, std::string_view text, const Attributes& about) const {
    weir::offer(defaults, sink, number, kind, text, about);
  }
};

using Reader = void (*)(const Fields&);

class FieldParser final : public JsonParser {
 public:
  FieldParser(FeedDefaults given, Records which, Reader reader)
      : JsonParser(std::move(given), which), reader_(reader) {}

 private:
  void record(const Json& object, std::uint64_t number, FeedSink& sink) override {
    reader_(Fields{object, defaults(), sink, number});
  }
  Reader reader_;
};

Attributes about(const Fields& fields, const char* threat, const char* first, const char* last,
                 const char* note) {
  Attributes out = attributes_of(fields.defaults);
  const Threat said = threat_of_words(fields[threat]);
  if (said != Threat::unknown) out.threat = said;
  out.first_seen = read_time(fields[first]);
  out.last_seen = read_time(fields[last]);
  out.note = fields[note];
  return out;
}

void read_urlhaus(const Fields& fields) {
  const Attributes words = about(fields, "threat", "dateadded", "last_online", "urlhaus_reference");
  fields.offer(IndicatorKind::url, fields["url"], words);
}

void read_threatfox(const Fields& fields) {
  Attributes words =
      about(fields, "threat_type", "first_seen_utc", "last_seen_utc", "malware_printable");
  if (words.first_seen == WallTime{}) words.first_seen = read_time(fields["first_seen"]);
  const auto level = fields.object.find("confidence_level");
  if (level != fields.object.end() && level->is_number_unsigned()) {
    words.confidence =
        static_cast<std::uint8_t>(std::min<std::uint64_t>(100, level->get<std::uint64_t>()));
  }
  const std::string type = fields["ioc_type"];
  std::string value = fields["ioc_value"];
  if (value.empty()) value = fields["ioc"];
  if (type == "ip:port") {
    return fields.offer(IndicatorKind::ip, value.substr(0, value.rfind(':')), words);
  }
  const auto kind = type == "domain" ? std::optional(IndicatorKind::host) : guess_kind(value);
  if (!kind) return fields.sink.reject(fields.number, "an ioc_type that is not used here");
  fields.offer(*kind, value, words);
}

void read_feodo(const Fields& fields) {
  fields.offer(IndicatorKind::ip, fields["ip_address"],
               about(fields, "", "first_seen", "last_online", "malware"));
}

void read_phishtank(const Fields& fields) {
  fields.offer(IndicatorKind::url, fields["url"],
               about(fields, "", "submission_time", "", "target"));
}

// The last line counts the others: {"type":"metadata", …}.
void read_drop(const Fields& fields) {
  if (fields["type"] == "metadata") return;
  fields.offer(IndicatorKind::cidr, fields["cidr"], about(fields, "", "", "", "sblid"));
}

ParserPtr make(FeedDefaults defaults, Reader reader,
               JsonParser::Records which = JsonParser::Records::elements) {
  return std::make_unique<FieldParser>(std::move(defaults), which, reader);
}

}  // namespace

ParserPtr make_urlhaus_json(FeedDefaults defaults) {
  return make(std::move(defaults), read_urlhaus);
}
ParserPtr make_threatfox_json(FeedDefaults defaults) {
  return make(std::move(defaults), read_threatfox);
}
ParserPtr make_feodo_json(FeedDefaults defaults) { return make(std::move(defaults), read_feodo); }
ParserPtr make_phishtank_json(FeedDefaults defaults) {
  return make(std::move(defaults), read_phishtank);
}
ParserPtr make_drop_json(FeedDefaults defaults) {
  return make(std::move(defaults), read_drop, JsonParser::Records::lines);
}

}  // namespace weir
