#include "feeds/formats/json_records.h"

#include <nlohmann/json.hpp>

namespace weir {

JsonParser::JsonParser(FeedDefaults defaults, Records which)
    : defaults_(std::move(defaults)), which_(which) {}
JsonParser::~JsonParser() = default;

void JsonParser::take(ByteView piece, FeedSink& sink) {
  for (const char c : as_text(piece)) {
    if (c == '\n' && which_ == Records::lines) {
      end_line(sink);
    } else if (!broken_) {
      step(c, sink);
    } else if (which_ == Records::elements) {
      return;
    }
  }
}

void JsonParser::finish(FeedSink& sink) {
  if (!broken_ && !open_.empty()) sink.reject(number_ + 1, "the JSON ends in the middle");
}

void JsonParser::step(char c, FeedSink& sink) {
  bool fine = true, closed = false;
  if (in_text_) {
    in_text_ = escaped_ || c != '"';
    escaped_ = !escaped_ && c == '\\';
  } else if (c == '"') {
    in_text_ = true;
  } else if (c == '{' || c == '[') {
    fine = open(c);
  } else if (c == '}' || c == ']') {
    fine = close(c);
    closed = true;
  }
  if (!fine) {
    broken_ = true;
    return sink.reject(number_ + 1, "not JSON, or nested too deeply");
  }
  if (start_ == 0) return;
  if (kept_.size() < kLongestFeedRecord) {
    kept_ += c;
  } else {
    too_long_ = true;
  }
  if (closed && open_.size() < start_) end_record(sink);
}

// The next line is read whatever this one was.
void JsonParser::end_line(FeedSink& sink) {
  if (!broken_ && !open_.empty()) sink.reject(++number_, "the JSON ends in the middle");
  if (broken_) ++number_;
  open_.clear();
  kept_.clear();
  start_ = 0;
  in_text_ = escaped_ = too_long_ = broken_ = false;
}

bool JsonParser::open(char bracket) {
  const bool here = which_ == Records::elements ? open_.ends_with('[') : open_.empty();
  if (open_.size() == kMostDepth) return false;
  open_ += bracket;
  if (start_ == 0 && bracket == '{' && here) start_ = open_.size();
  return true;
}

bool JsonParser::close(char bracket) {
  const char opening = bracket == '}' ? '{' : '[';
  if (!open_.ends_with(opening)) return false;
  open_.pop_back();
  return true;
}

void JsonParser::end_record(FeedSink& sink) {
  start_ = 0;
  ++number_;
  const std::string text = std::exchange(kept_, {});
  if (std::exchange(too_long_, false)) {
    return sink.reject(number_, "longer than a record may be");
  }
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (object.is_discarded()) return sink.reject(number_, "not JSON");
  record(object, number_, sink);
}

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_unsigned()) return std::to_string(found->get<std::uint64_t>());
  return "";
}

}  // namespace weir
