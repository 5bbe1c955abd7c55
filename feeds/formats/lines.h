// Feeds whose records are lines: split piece by piece, one line kept at most. CR LF and LF end a
// line, a byte order mark is skipped, a line beyond kLongestFeedRecord is rejected by number.
#pragma once

#include <string>
#include <string_view>

#include "feeds/formats/feed_format.h"

namespace weir {

class LineParser : public FeedParser {
 public:
  explicit LineParser(FeedDefaults defaults) : defaults_(std::move(defaults)) {}
  void take(ByteView piece, FeedSink& sink) override;
  void finish(FeedSink& sink) override;

 protected:
  // `line`: without its end, trimmed, not empty.
  virtual void line(std::string_view line, std::uint64_t number, FeedSink& sink) = 0;
  virtual void end(FeedSink&) {}
  const FeedDefaults& defaults() const { return defaults_; }
  bool indented() const { return indented_; }  // blanks stood before this line

 private:
  void end_line(FeedSink& sink);

  FeedDefaults defaults_;
  std::string kept_;
  std::uint64_t number_ = 1;
  bool too_long_ = false, indented_ = false;
};

// "# comment" at the beginning or after a blank, also after '!' and ';' where the format says so:
// what stands before.
std::string_view without_comment(std::string_view line, std::string_view marks);

}  // namespace weir
