// AdBlock filter lists (help.adblockplus.org, "How to write filters"): only what names a host or a
// page of one. Rules for parts of pages, and rules that a gateway cannot apply as they are meant
// (only on some sites, only for scripts, …), are rejected, not stretched.
#include <algorithm>
#include <array>

#include "feeds/formats/lines.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

// Options that leave a rule meaning "the whole host". Not third-party or popup: the host itself may
// be visited, and a gateway does not see who embeds whom.
constexpr auto kWide =
    std::to_array<std::string_view>({"document", "doc", "all", "important", "network"});

bool narrows(std::string_view options) {
  while (!options.empty()) {
    const auto comma = std::min(options.find(','), options.size());
    if (std::ranges::find(kWide, trimmed(options.substr(0, comma))) == kWide.end()) return true;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return false;
}

bool is_cosmetic(std::string_view line) {
  constexpr auto kMarks = std::to_array<std::string_view>({"##", "#@#", "#?#", "#$#", "#%#"});
  return std::ranges::any_of(
      kMarks, [line](std::string_view mark) { return line.find(mark) != std::string_view::npos; });
}

class AbpParser final : public LineParser {
 public:
  explicit AbpParser(FeedDefaults given) : LineParser(std::move(given)) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    if (line[0] == '!' || line[0] == '[' || is_cosmetic(line)) return;
    Attributes about = attributes_of(defaults());
    if (line.starts_with("@@")) {
      about.threat = Threat::allow;
      line.remove_prefix(2);
    }
    if (const auto dollar = line.rfind('$'); dollar != std::string_view::npos) {
      if (narrows(line.substr(dollar + 1))) {
        return sink.reject(number, "a rule with options that narrow it");
      }
      line = line.substr(0, dollar);
    }
    if (!line.starts_with("||")) {
      if (line.find_first_of("|^*/") == std::string_view::npos) {
        return offer(defaults(), sink, number, IndicatorKind::domain, line, about);
      }
      return sink.reject(number, "not a rule for a host (||host^)");
    }
    line.remove_prefix(2);
    rule(line, number, about, sink);
  }

  void rule(std::string_view line, std::uint64_t number, const Attributes& about, FeedSink& sink) {
    while (line.ends_with('|') || line.ends_with('*')) line.remove_suffix(1);
    if (line.ends_with('^')) line.remove_suffix(1);
    if (line.starts_with("*.")) line.remove_prefix(2);
    if (line.find_first_of("*^|") != std::string_view::npos) {
      return sink.reject(number, "a pattern inside of the name or path");
    }
    const auto kind = line.find('/') == std::string_view::npos ? IndicatorKind::domain
                                                               : IndicatorKind::url_prefix;
    offer(defaults(), sink, number, kind, line, about);
  }
};

}  // namespace

ParserPtr make_abp(FeedDefaults defaults) {
  return std::make_unique<AbpParser>(std::move(defaults));
}

}  // namespace weir
