#include "feeds/names/json_walk.h"

#include <nlohmann/json.hpp>

namespace weir {
namespace {

using Json = nlohmann::json;

class Walker final : public nlohmann::json_sax<Json> {
 public:
  explicit Walker(const JsonWalk& walk) : walk_(walk) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t number) override {
    return numeric(static_cast<double>(number));
  }
  bool number_unsigned(number_unsigned_t number) override {
    return numeric(static_cast<double>(number));
  }
  bool number_float(number_float_t number, const string_t&) override { return numeric(number); }
  bool string(string_t& text) override {
    if (walk_.string) walk_.string(path_, text);
    return value();
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(false); }
  bool start_array(std::size_t) override { return enter(true); }
  bool key(string_t& name) override {
    path_.back().key = std::move(name);
    return true;
  }
  bool end_object() override {
    path_.pop_back();
    if (walk_.left) walk_.left(path_);
    return value();
  }
  bool end_array() override {
    path_.pop_back();
    return value();
  }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
    wrong_at_ = at;
    return false;
  }

  std::string problem() const {
    return deep_ ? "goes deeper than " + std::to_string(kDeepestJson)
                 : "no JSON at byte " + std::to_string(wrong_at_);
  }

 private:
  bool enter(bool array) {
    deep_ = path_.size() == kDeepestJson;
    if (!deep_) path_.push_back({.array = array, .key = {}, .index = 0});
    return !deep_;
  }
  bool value() {  // one is complete
    if (!path_.empty() && path_.back().array) ++path_.back().index;
    return true;
  }
  bool numeric(double number) {
    if (walk_.number) walk_.number(path_, number);
    return value();
  }

  const JsonWalk& walk_;
  JsonPath path_;
  bool deep_ = false;
  std::size_t wrong_at_ = 0;
};

}  // namespace

Result<void> walk_json(std::string_view json, std::size_t most_bytes, const JsonWalk& walk) {
  if (json.size() > most_bytes) {
    return fail(Errc::too_large, Fault::origin,
                "JSON of more than " + std::to_string(most_bytes) + " bytes");
  }
  Walker walker(walk);
  try {
    if (Json::sax_parse(json.begin(), json.end(), &walker)) return {};
  } catch (const Json::exception& error) {
    return fail(Errc::malformed, Fault::origin, std::string("JSON: ") + error.what());
  }
  return fail(Errc::malformed, Fault::origin, walker.problem());
}

}  // namespace weir
