// Response policy zones (draft-vixie-dnsop-dns-rpz) in the text form of zones (RFC 1035 section 5):
// which names and addresses a resolver would refuse, and which it lets pass.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "feeds/formats/lines.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

constexpr std::size_t kMostWords = 32;
constexpr std::string_view kIpMark = ".rpz-ip";

bool is_ttl(std::string_view word) {
  return !word.empty() &&
         word.find_first_not_of("0123456789smhdwSMHDW") == std::string_view::npos &&
         word[0] >= '0' && word[0] <= '9';
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty() && words.size() < kMostWords) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) break;
    line.remove_prefix(first);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// "24.0.2.0.192" → "192.0.2.0/24"; "128.57.zz.103.db8.2001" → "2001:db8:103::57/128".
std::optional<std::string> address_of(std::string_view name) {
  std::vector<std::string> parts;
  while (!name.empty() && parts.size() <= 9) {
    const auto dot = std::min(name.find('.'), name.size());
    parts.emplace_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  if (parts.size() < 3 || parts.size() > 9) return std::nullopt;
  const std::string bits = parts.front();
  parts.erase(parts.begin());
  std::ranges::reverse(parts);
  const bool v4 =
      parts.size() == 4 && std::ranges::all_of(parts, [](const std::string& part) {
        return part.size() <= 3 && part.find_first_not_of("0123456789") == std::string::npos;
      });
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += v4 ? "." : ":";
    text += part == "zz" ? "" : part;
  }
  if (!v4 && parts.front() == "zz") text.insert(0, ":");
  if (!v4 && parts.back() == "zz") text += ":";
  return text + "/" + bits;
}

class RpzParser final : public LineParser {
 public:
  explicit RpzParser(FeedDefaults given) : LineParser(std::move(given)) {}

 private:
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    line = trimmed(line.substr(0, line.find(';')));
    if (line.empty()) return;
    // Only SOA records are written over several lines.
    if (depth_ > 0 || line.find('(') != std::string_view::npos) {
      depth_ += std::ranges::count(line, '(') - std::ranges::count(line, ')');
      depth_ = std::max<std::ptrdiff_t>(depth_, 0);
      return;
    }
    const auto words = words_of(line);
    if (words[0] == "$ORIGIN" && words.size() > 1) {
      origin_ = words[1];
      return;
    }
    if (words[0] == "$TTL") return;
    if (words[0][0] == '$') return sink.reject(number, "a directive that is not followed");
    record(words, number, sink);
  }

  void record(const std::vector<std::string_view>& words, std::uint64_t number, FeedSink& sink) {
    std::size_t at = 1;
    while (at < words.size() && (is_ttl(words[at]) || words[at] == "IN" || words[at] == "in")) ++at;
    if (at + 1 >= words.size()) return sink.reject(number, "no record of a zone");
    const std::string_view type = words[at], data = words[at + 1];
    if (type == "SOA" || type == "NS" || words[0] == "@") return;
    Attributes about = attributes_of(defaults());
    if (type == "CNAME" && data == "rpz-passthru.") {
      about.threat = Threat::allow;
    } else if (type != "CNAME" && type != "A" && type != "AAAA") {
      return sink.reject(number, "neither CNAME nor address");
    } else if (type == "CNAME" && data == "rpz-tcp-only.") {
      return;
    }
    name(std::string(words[0]), number, about, sink);
  }

  void name(std::string owner, std::uint64_t number, const Attributes& about, FeedSink& sink) {
    if (owner.ends_with('.')) {
      if (origin_.size() > 1 && owner.ends_with("." + origin_)) {
        owner.resize(owner.size() - origin_.size() - 1);
      } else {
        owner.pop_back();
      }
    }
    if (owner.ends_with(kIpMark)) {
      owner.resize(owner.size() - kIpMark.size());
      const auto address = address_of(owner);
      if (!address) return sink.reject(number, "no address before rpz-ip");
      return offer(defaults(), sink, number, IndicatorKind::cidr, *address, about);
    }
    if (owner.find(".rpz-") != std::string::npos) {
      return sink.reject(number, "a trigger that a gateway does not see");
    }
    // "*.name" means what is below, which "name" in the same zone completes.
    const auto kind = owner.starts_with("*.") ? IndicatorKind::domain : IndicatorKind::host;
    offer(defaults(), sink, number, kind, owner, about);
  }

  std::string origin_;
  std::ptrdiff_t depth_ = 0;
};

}  // namespace

ParserPtr make_rpz(FeedDefaults defaults) {
  return std::make_unique<RpzParser>(std::move(defaults));
}

}  // namespace weir
