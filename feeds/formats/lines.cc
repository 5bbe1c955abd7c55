#include "feeds/formats/lines.h"

#include <algorithm>

#include "feeds/formats/offer.h"

namespace weir {

void LineParser::take(ByteView piece, FeedSink& sink) {
  std::string_view text = as_text(piece);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    if (kept_.size() + part.size() > kLongestFeedRecord) {
      too_long_ = true;
      kept_.clear();
    }
    if (!too_long_) kept_ += part;
    if (end == std::string_view::npos) return;
    end_line(sink);
    text.remove_prefix(end + 1);
  }
}

void LineParser::finish(FeedSink& sink) {
  if (!kept_.empty() || too_long_) end_line(sink);
  end(sink);
}

void LineParser::end_line(FeedSink& sink) {
  if (too_long_) {
    sink.reject(number_, "longer than a record may be");
  } else {
    std::string_view text = kept_;
    if (number_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (text.find('\0') != std::string_view::npos) {
      sink.reject(number_, "binary");
    } else if (!trimmed(text).empty()) {
      indented_ = text[0] == ' ' || text[0] == '\t';
      text = trimmed(text);
      line(text, number_, sink);
    }
  }
  kept_.clear();
  too_long_ = false;
  ++number_;
}

std::string_view without_comment(std::string_view line, std::string_view marks) {
  auto mark = line.find_first_of(marks);
  // A '#' inside of a URL is its fragment.
  while (mark != std::string_view::npos && mark > 0 && line[mark - 1] != ' ' &&
         line[mark - 1] != '\t') {
    mark = line.find_first_of(marks, mark + 1);
  }
  return mark == std::string_view::npos ? line : trimmed(line.substr(0, mark));
}

}  // namespace weir
