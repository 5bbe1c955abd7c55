// The JSON that says what to fetch next: a MISP feed's manifest (misp-project.org, "MISP feed
// format"), and the ends of a TAXII 2.1 envelope (OASIS TAXII 2.1, section 3.7).
#include <nlohmann/json.hpp>

#include "feeds/update/pull.h"

namespace weir {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostEntries = 50'000;
constexpr int kMostDepth = 64;
constexpr std::size_t kUuid = 36;
constexpr std::size_t kLongestNext = 1024;

// Calls for what is at the top of a document, and ends at depth.
class Sax : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool value) override {
    if (depth_ == 1) on_flag(value);
    return true;
  }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ <= 2) on_number(value);
    return true;
  }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override {
    if (depth_ <= 2) on_text(value);
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return ++depth_ <= kMostDepth; }
  bool key(string_t& name) override {
    if (depth_ <= 2) on_key(name);
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return ++depth_ <= kMostDepth; }
  bool end_array() override { return end_object(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 protected:
  int depth() const { return depth_; }
  virtual void on_key(const std::string& name) = 0;
  virtual void on_text(const std::string& value) = 0;
  virtual void on_number(std::uint64_t value) = 0;
  virtual void on_flag(bool value) = 0;

 private:
  int depth_ = 0;
};

bool is_uuid(std::string_view text) {
  return text.size() == kUuid &&
         text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

// {"<uuid>": {"timestamp": "1700000000", …}, …}
class Manifest final : public Sax {
 public:
  std::vector<MispEntry> entries;

 private:
  void on_key(const std::string& name) override {
    if (depth() == 1) {
      current_ = is_uuid(name) && entries.size() < kMostEntries;
      if (current_) entries.push_back({name, 0});
    } else {
      timed_ = name == "timestamp";
    }
  }
  void on_text(const std::string& value) override {
    if (value.size() <= 19 && !value.empty() &&
        value.find_first_not_of("0123456789") == std::string::npos) {
      on_number(std::stoull(value));
    }
  }
  void on_number(std::uint64_t value) override {
    if (depth() == 2 && current_ && timed_) entries.back().timestamp = value;
  }
  void on_flag(bool) override {}

  bool current_ = false, timed_ = false;
};

class Envelope final : public Sax {
 public:
  TaxiiPage page;

 private:
  void on_key(const std::string& name) override {
    if (depth() == 1) name_ = name;
  }
  void on_text(const std::string& value) override {
    if (depth() == 1 && name_ == "next" && value.size() <= kLongestNext) page.next = value;
  }
  void on_number(std::uint64_t) override {}
  void on_flag(bool value) override {
    if (name_ == "more") page.more = value;
  }

  std::string name_;
};

}  // namespace

Result<std::vector<MispEntry>> read_misp_manifest(std::string_view json) {
  Manifest manifest;
  if (!Json::sax_parse(json, &manifest)) {
    return fail(Errc::malformed, Fault::origin, "manifest.json is no JSON of a MISP feed");
  }
  return std::move(manifest.entries);
}

Result<TaxiiPage> read_taxii_page(std::string_view json) {
  Envelope envelope;
  if (!Json::sax_parse(json, &envelope)) {
    return fail(Errc::malformed, Fault::origin, "no TAXII envelope");
  }
  return std::move(envelope.page);
}

}  // namespace weir
