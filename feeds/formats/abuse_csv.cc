// The CSV exports of abuse.ch (URLhaus, ThreatFox, Feodo Tracker, SSLBL, MalwareBazaar: each site's
// "API" page) and PhishTank (phishtank.org/developer_info.php). Columns are found by the names in
// the header, so that a new column does not shift them: abuse.ch writes it as a comment before the
// first record, PhishTank as the first line. A record that looks like a header is a record: anybody
// can report a URL with the tag "url".
#include <algorithm>
#include <array>
#include <charconv>

#include "feeds/formats/csv.h"
#include "feeds/formats/lines.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

using Columns = std::vector<std::string>;

// One record, its fields by name.
class Row {
 public:
  Row(const Columns& columns, const Columns& fields) : columns_(columns), fields_(fields) {}
  std::string_view operator[](std::string_view name) const {
    const auto found = std::ranges::find(columns_, name);
    const auto at = static_cast<std::size_t>(found - columns_.begin());
    if (found == columns_.end() || at >= fields_.size()) return {};
    const std::string_view text = fields_[at];
    return text == "None" || text == "n/a" ? std::string_view() : text;
  }

 private:
  const Columns& columns_;
  const Columns& fields_;
};

struct Record {
  const FeedDefaults& defaults;
  FeedSink& sink;
  std::uint64_t number;

  void offer(IndicatorKind kind, std::string_view text, const Attributes& about) const {
    weir::offer(defaults, sink, number, kind, text, about);
  }
};

struct CsvFormat {
  std::string_view key;      // the column that a header must name
  std::string_view columns;  // their order when there is no header
  bool bare_header;          // the header is no comment
  void (*read)(const Row&, const Record&);
};

class CsvParser final : public LineParser {
 public:
  CsvParser(FeedDefaults given, const CsvFormat& format)
      : LineParser(std::move(given)), format_(format) {
    split_csv(format.columns, columns_);
  }

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    const bool comment = line[0] == '#';
    if (comment) line = trimmed(line.substr(1));
    std::vector<std::string> fields;
    const bool sound = split_csv(line, fields);
    const bool header = !begun_ && comment != format_.bare_header;
    if (!comment) begun_ = true;
    if (header && sound && std::ranges::find(fields, format_.key) != fields.end()) {
      columns_ = std::move(fields);
      return;
    }
    if (comment) return;
    if (!sound) return sink.reject(number, "quotes that do not match, or too many fields");
    if (fields.size() + 1 < columns_.size()) return sink.reject(number, "fields are missing");
    format_.read(Row(columns_, fields), Record{defaults(), sink, number});
  }

  CsvFormat format_;
  Columns columns_;
  bool begun_ = false;  // a record was there: no header comes any more
};

unsigned number_of(std::string_view text, unsigned otherwise) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? value : otherwise;
}

void set_threat(Attributes& about, std::string_view words) {
  const Threat threat = threat_of_words(words);
  if (threat != Threat::unknown) about.threat = threat;
}

void read_urlhaus(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  set_threat(about, row["threat"]);
  about.first_seen = read_time(row["dateadded"]);
  about.last_seen = read_time(row["last_online"]);
  about.note = row["tags"];
  record.offer(IndicatorKind::url, row["url"], about);
}

// "1.2.3.4:80" is an address of a host that does nothing else.
void offer_typed(const Record& record, std::string_view type, std::string_view value,
                 const Attributes& about) {
  if (type == "url") return record.offer(IndicatorKind::url, value, about);
  if (type == "domain") return record.offer(IndicatorKind::host, value, about);
  if (type == "ip:port") {
    return record.offer(IndicatorKind::ip, value.substr(0, value.rfind(':')), about);
  }
  if (type == "md5_hash") return record.offer(IndicatorKind::md5, value, about);
  if (type == "sha1_hash") return record.offer(IndicatorKind::sha1, value, about);
  if (type == "sha256_hash") return record.offer(IndicatorKind::sha256, value, about);
  record.sink.reject(record.number, "an ioc_type that is not used here");
}

void read_threatfox(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  set_threat(about, row["threat_type"]);
  about.first_seen = read_time(row["first_seen_utc"]);
  about.last_seen = read_time(row["last_seen_utc"]);
  about.confidence = static_cast<std::uint8_t>(
      std::min(100U, number_of(row["confidence_level"], about.confidence)));
  about.note = row["malware_printable"];
  offer_typed(record, row["ioc_type"], row["ioc_value"], about);
}

void read_feodo(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  about.first_seen = read_time(row["first_seen_utc"]);
  about.last_seen = read_time(row["last_online"]);
  about.note = row["malware"];
  record.offer(IndicatorKind::ip, row["dst_ip"], about);
}

void read_ja3(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  about.first_seen = read_time(row["Firstseen"]);
  about.last_seen = read_time(row["Lastseen"]);
  about.note = row["Listingreason"];
  record.offer(IndicatorKind::ja3, row["ja3_md5"], about);
}

void read_certificate(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  about.first_seen = read_time(row["Listingdate"]);
  about.note = row["Listingreason"];
  record.offer(IndicatorKind::cert_sha1, row["SHA1"], about);
}

void read_bazaar(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  about.first_seen = read_time(row["first_seen_utc"]);
  about.note = row["signature"];
  record.offer(IndicatorKind::sha256, row["sha256_hash"], about);
}

void read_phishtank(const Row& row, const Record& record) {
  Attributes about = attributes_of(record.defaults);
  about.first_seen = read_time(row["submission_time"]);
  about.note = row["target"];
  record.offer(IndicatorKind::url, row["url"], about);
}

ParserPtr make(FeedDefaults defaults, std::string_view key, std::string_view columns,
               void (*read)(const Row&, const Record&), bool bare_header = false) {
  return std::make_unique<CsvParser>(std::move(defaults),
                                     CsvFormat{key, columns, bare_header, read});
}

}  // namespace

ParserPtr make_urlhaus_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "url",
              "id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter",
              read_urlhaus);
}
ParserPtr make_threatfox_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "ioc_value",
              "first_seen_utc,ioc_id,ioc_value,ioc_type,threat_type,fk_malware,malware_alias,"
              "malware_printable,last_seen_utc,confidence_level,reference,tags,anonymous,reporter",
              read_threatfox);
}
ParserPtr make_feodo_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "dst_ip",
              "first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware", read_feodo);
}
ParserPtr make_sslbl_ja3_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "ja3_md5", "ja3_md5,Firstseen,Lastseen,Listingreason", read_ja3);
}
ParserPtr make_sslbl_cert_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "SHA1", "Listingdate,SHA1,Listingreason", read_certificate);
}
ParserPtr make_malwarebazaar_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "sha256_hash",
              "first_seen_utc,sha256_hash,md5_hash,sha1_hash,reporter,file_name,file_type_guess,"
              "mime_type,signature,clamav,vtpercent,imphash,ssdeep,tlsh",
              read_bazaar);
}
ParserPtr make_phishtank_csv(FeedDefaults defaults) {
  return make(std::move(defaults), "url",
              "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,"
              "target",
              read_phishtank, true);
}

}  // namespace weir
