#include "feeds/formats/csv.h"

#include "feeds/formats/offer.h"

namespace weir {
namespace {

constexpr std::size_t kMostFields = 64;

// The text of a quoted field; `line` begins after the quote and goes to what follows it.
bool take_quoted(std::string_view& line, std::string& into) {
  for (;;) {
    const auto quote = line.find('"');
    if (quote == std::string_view::npos) return false;
    into += line.substr(0, quote);
    line.remove_prefix(quote + 1);
    if (!line.starts_with('"')) return true;
    into += '"';
    line.remove_prefix(1);
  }
}

}  // namespace

bool split_csv(std::string_view line, std::vector<std::string>& fields) {
  fields.clear();
  for (;;) {
    while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
    std::string field;
    if (line.starts_with('"')) {
      line.remove_prefix(1);
      if (!take_quoted(line, field)) return false;
      line = trimmed(line);
      if (!line.empty() && line[0] != ',') return false;
    } else {
      const auto comma = std::min(line.find(','), line.size());
      field = trimmed(line.substr(0, comma));
      line.remove_prefix(comma);
    }
    fields.push_back(std::move(field));
    if (line.empty()) return true;
    if (fields.size() == kMostFields) return false;
    line.remove_prefix(1);
  }
}

}  // namespace weir
