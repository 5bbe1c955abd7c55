// Indicators of a STIX 2.1 bundle or TAXII 2.1 envelope (OASIS STIX 2.1, sections 4.7 and 9): those
// whose pattern compares one thing, or several joined by OR. What joins by AND or FOLLOWEDBY means
// more than one transaction can show and is rejected.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/escape.h"
#include "feeds/formats/json_records.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostComparisons = 256;

struct PathRow {
  std::string_view path;
  IndicatorKind kind;
};

constexpr auto kPaths = std::to_array<PathRow>({
    {"url:value", IndicatorKind::url},
    {"domain-name:value", IndicatorKind::domain},
    {"ipv4-addr:value", IndicatorKind::ip},
    {"ipv6-addr:value", IndicatorKind::ip},
    {"file:hashes.'SHA-256'", IndicatorKind::sha256},
    {"file:hashes.SHA-256", IndicatorKind::sha256},
    {"file:hashes.'SHA256'", IndicatorKind::sha256},
    {"file:hashes.'SHA-1'", IndicatorKind::sha1},
    {"file:hashes.SHA-1", IndicatorKind::sha1},
    {"file:hashes.'SHA1'", IndicatorKind::sha1},
    {"file:hashes.MD5", IndicatorKind::md5},
    {"file:hashes.'MD5'", IndicatorKind::md5},
    {"x509-certificate:hashes.'SHA-256'", IndicatorKind::cert_sha256},
    {"x509-certificate:hashes.'SHA-1'", IndicatorKind::cert_sha1},
});

struct Comparison {
  std::string path, value;
};

// Reads "[path = 'value' OR path = 'value'] OR [...]", nothing else.
class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<Comparison>> read() {
    std::vector<Comparison> all;
    do {
      if (!skip("[") || !observation(all) || !skip("]")) return std::nullopt;
    } while (skip("OR"));
    if (!trimmed(text_).empty()) return std::nullopt;
    return all;
  }

 private:
  bool observation(std::vector<Comparison>& all) {
    do {
      if (all.size() == kMostComparisons || !comparison(all)) return false;
    } while (skip("OR"));
    return true;
  }

  bool comparison(std::vector<Comparison>& all) {
    const auto equals = text_.find('=');
    if (equals == std::string_view::npos) return false;
    Comparison one{std::string(trimmed(text_.substr(0, equals))), ""};
    text_.remove_prefix(equals + 1);
    if (!skip("'")) return false;
    while (!text_.empty() && text_[0] != '\'') {
      if (text_[0] == '\\') text_.remove_prefix(1);
      if (text_.empty()) return false;
      one.value += text_[0];
      text_.remove_prefix(1);
    }
    all.push_back(std::move(one));
    return skip("'");
  }

  bool skip(std::string_view word) {
    const std::string_view rest =
        text_.substr(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
    if (!rest.starts_with(word)) return false;
    text_ = rest.substr(word.size());
    return true;
  }

  std::string_view text_;
};

class StixParser final : public JsonParser {
 public:
  explicit StixParser(FeedDefaults given) : JsonParser(std::move(given), Records::elements) {}

 private:
  void record(const Json& object, std::uint64_t number, FeedSink& sink) override {
    if (text_of(object, "type") != "indicator") return;
    const std::string type = text_of(object, "pattern_type");
    if (!type.empty() && type != "stix")
      return sink.reject(number, "a pattern_type of " + escape_for_log(type, 40));
    const auto revoked = object.find("revoked");
    if (revoked != object.end() && *revoked == Json(true)) return;
    if (is_benign(object)) return;
    const auto comparisons = PatternReader(text_of(object, "pattern")).read();
    if (!comparisons) return sink.reject(number, "a pattern that compares more than one thing");
    const Attributes about = attributes(object);
    if (about.expiry != WallTime{} && about.expiry <= defaults().now) return;
    if (about.first_seen > defaults().now) return;  // not valid yet
    for (const Comparison& one : *comparisons) {
      const auto row = std::ranges::find(kPaths, one.path, &PathRow::path);
      if (row == kPaths.end()) {
        sink.reject(number, "compares " + escape_for_log(one.path, 60));
        continue;
      }
      const bool range = row->kind == IndicatorKind::ip && one.value.find('/') != std::string::npos;
      offer(defaults(), sink, number, range ? IndicatorKind::cidr : row->kind, one.value, about);
    }
  }

  // Of what an indicator says that it shows (STIX 2.1 section 10.7), nothing is bad.
  static bool is_benign(const Json& object) {
    const auto types = object.find("indicator_types");
    if (types == object.end() || !types->is_array() || types->empty()) return false;
    return std::ranges::all_of(*types, [](const Json& type) { return type == Json("benign"); });
  }

  Attributes attributes(const Json& object) const {
    Attributes about = attributes_of(defaults());
    about.first_seen = read_time(text_of(object, "valid_from"));
    about.expiry = read_time(text_of(object, "valid_until"));
    about.note = text_of(object, "name");
    const auto sure = object.find("confidence");
    if (sure != object.end() && sure->is_number_unsigned()) {
      about.confidence =
          static_cast<std::uint8_t>(std::min<std::uint64_t>(100, sure->get<std::uint64_t>()));
    }
    for (const char* name : {"indicator_types", "labels"}) {
      const auto words = object.find(name);
      if (words == object.end() || !words->is_array()) continue;
      for (const Json& word : *words) {
        if (!word.is_string()) continue;
        const Threat said = threat_of_words(word.get<std::string>());
        if (said != Threat::unknown) about.threat = said;
      }
    }
    return about;
  }
};

}  // namespace

ParserPtr make_stix(FeedDefaults defaults) {
  return std::make_unique<StixParser>(std::move(defaults));
}

}  // namespace weir
