#include "conf/diagnostic.h"

namespace weir {
namespace {

constexpr std::size_t kMostProblems = 1000;  // a hostile or binary file has no end of them

}  // namespace

std::string Diagnostic::text() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out + (warning ? ": warning: " : ": ") + message;
}

void Problems::error(Place place, std::string message) {
  ++errors_;
  if (out_.size() >= kMostProblems) return;
  out_.push_back({file_, place.line, place.column, std::move(message), false});
}

void Problems::warn(Place place, std::string message) {
  if (out_.size() >= kMostProblems) return;
  out_.push_back({file_, place.line, place.column, std::move(message), true});
}

std::string text_of(const std::vector<Diagnostic>& problems) {
  std::string text;
  for (const Diagnostic& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
  return text;
}

}  // namespace weir
