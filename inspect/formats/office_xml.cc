#include "inspect/formats/office_xml.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/utf16.h"

namespace weir {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view without_prefix(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  while (!text.empty()) {
    const auto named = [&](const auto& row) { return text.starts_with(row.first); };
    const auto entity = std::ranges::find_if(kEntities, named);
    const bool found = text[0] == '&' && entity != kEntities.end();
    out += found ? entity->second : text[0];
    text.remove_prefix(found ? entity->first.size() : 1);
  }
  return out;
}

// Where the tag ends that begins before `text`: the first '>' outside of quotes.
std::size_t tag_end(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string XmlTag::attribute(std::string_view wanted) const {
  std::string_view in = inside;
  while (true) {
    const std::size_t equals = in.find('=');
    if (equals == std::string_view::npos) return {};
    std::string_view key = in.substr(0, equals);
    key = key.substr(0, key.find_last_not_of(kBlank) + 1);
    if (const std::size_t blank = key.find_last_of(kBlank); blank != std::string_view::npos) {
      key.remove_prefix(blank + 1);
    }
    const std::size_t open = in.find_first_not_of(kBlank, equals + 1);
    if (open == std::string_view::npos || (in[open] != '"' && in[open] != '\'')) return {};
    const std::size_t close = in.find(in[open], open + 1);
    if (close == std::string_view::npos) return {};
    if (without_prefix(key) == wanted) return unescaped(in.substr(open + 1, close - open - 1));
    in.remove_prefix(close + 1);
  }
}

bool XmlTags::pass(std::string_view opening, std::string_view ending) {
  if (!rest_.starts_with(opening)) return false;
  const std::size_t end = rest_.find(ending, opening.size());
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + ending.size());
  return true;
}

std::optional<XmlTag> XmlTags::next() {
  while (true) {
    const std::size_t open = rest_.find('<');
    if (open == std::string_view::npos) return std::nullopt;
    rest_.remove_prefix(open);
    if (pass("<!--", "-->") || pass("<![CDATA[", "]]>") || pass("<?", "?>") || pass("<!", ">")) {
      continue;
    }
    rest_.remove_prefix(1);
    const std::size_t end = tag_end(rest_);
    if (end == std::string_view::npos) return std::nullopt;
    XmlTag tag;
    tag.closing = rest_.starts_with('/');
    const std::string_view whole = rest_.substr(tag.closing ? 1 : 0, end - (tag.closing ? 1 : 0));
    const std::size_t name = std::min(whole.find_first_of(" \t\r\n/"), whole.size());
    tag.name = without_prefix(whole.substr(0, name));
    tag.inside = whole.substr(name);
    rest_.remove_prefix(end + 1);
    return tag;
  }
}

std::string xml_text(ByteView bytes) {
  const bool little = bytes.size() >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe;
  const bool big = bytes.size() >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff;
  if (!little && !big) return std::string(as_text(bytes));
  std::vector<std::uint8_t> units(bytes.begin() + 2, bytes.end() - (bytes.size() & 1));
  for (std::size_t i = 0; big && i + 1 < units.size(); i += 2) std::swap(units[i], units[i + 1]);
  return utf8_from_utf16le(units);
}

}  // namespace weir
