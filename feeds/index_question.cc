#include "feeds/index_question.h"

namespace weir {

Hits ask_index(const Index& index, const LocalEntry& what, const std::string& text, WallTime now) {
  if (what.kind == IndicatorKind::url) {
    const auto url = parse_url(text.find("://") == std::string::npos ? "http://" + text : text);
    return url ? index.find_url(*url, now) : Hits{};
  }
  if (what.kind == IndicatorKind::domain) return index.find_host(what.value, now);
  if (what.kind == IndicatorKind::ip) {
    const auto address = IpAddress::parse(what.value);
    return address ? index.find_ip(*address, now) : Hits{};
  }
  return index.find_value(what.kind, what.value, now);
}

}  // namespace weir
