// Feeds in JSON: the records are cut out of the stream one by one, so that memory does not depend
// on the document's size, and several documents may follow one another. Depth and size of a record
// are bounded. What is no JSON is rejected once: of elements it ends the reading, of lines the
// line.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "feeds/formats/feed_format.h"

namespace weir {

class JsonParser : public FeedParser {
 public:
  enum class Records : std::uint8_t {
    elements,  // objects that stand in an array, the outermost ones
    lines,     // an object on each line
  };
  JsonParser(FeedDefaults defaults, Records which);
  ~JsonParser() override;
  void take(ByteView piece, FeedSink& sink) override;
  void finish(FeedSink& sink) override;

 protected:
  virtual void record(const nlohmann::json& object, std::uint64_t number, FeedSink& sink) = 0;
  const FeedDefaults& defaults() const { return defaults_; }

 private:
  static constexpr std::size_t kMostDepth = 64;
  void step(char c, FeedSink& sink);
  void end_line(FeedSink& sink);
  bool open(char bracket);
  bool close(char bracket);
  void end_record(FeedSink& sink);

  FeedDefaults defaults_;
  Records which_;
  std::string open_;       // the brackets that are open
  std::size_t start_ = 0;  // depth of the record that is being kept; 0 = none
  std::string kept_;
  std::uint64_t number_ = 0;
  bool in_text_ = false, escaped_ = false, too_long_ = false, broken_ = false;
};

// A member that is text, or a number as text; "" = none.
std::string text_of(const nlohmann::json& object, const char* name);

}  // namespace weir
