// Response policy zones (draft-vixie-dnsop-dns-rpz) in the text form of zones (RFC 1035 section 5):
// which names and addresses a resolver would refuse, and which it lets pass.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feeds/formats/lines.h"
#include "feeds/formats/offer.h"
#include "feeds/formats/parsers.h"

namespace weir {
namespace {

constexpr std::size_t kMostWords = 32;
constexpr int kMostDepth = 8;
constexpr std::uint64_t kMostLines = 64;  // of one record
constexpr std::string_view kOpen = "a parenthesis that is never closed";
constexpr std::string_view kIpMark = ".rpz-ip";

bool is_ttl(std::string_view word) {
  return !word.empty() &&
         word.find_first_not_of("0123456789smhdwSMHDW") == std::string_view::npos &&
         word[0] >= '0' && word[0] <= '9';
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
  // RFC 1035 section 5.1: parentheses carry a record over lines, quotes and backslashes keep them
  // from doing so.
  void line(std::string_view line, std::uint64_t number, FeedSink& sink) override {
    if (depth_ == 0) {
      words_.clear();
      first_line_ = number;
      no_owner_ = indented();
    }
    if (!split(line)) {
      depth_ = 0;
      return sink.reject(number, "quotes or parentheses that do not match");
    }
    if (depth_ > 0 && number - first_line_ < kMostLines) return;
    if (std::exchange(depth_, 0) > 0) return sink.reject(first_line_, kOpen);
    if (!words_.empty()) record(first_line_, sink);
  }

  void end(FeedSink& sink) override {
    if (depth_ > 0) sink.reject(first_line_, kOpen);
  }

  bool split(std::string_view line) {
    std::string word;
    bool quoted = false;
    const auto end_word = [&] {
      if (!word.empty() && words_.size() < kMostWords) words_.push_back(word);
      word.clear();
    };
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      if (c == '\\' && at + 1 < line.size()) {
        word += line[++at];
      } else if (c == '"') {
        quoted = !quoted;
      } else if (quoted) {
        word += c;
      } else if (c == ';') {
        break;
      } else if (c == '(' || c == ')') {
        end_word();
        depth_ += c == '(' ? 1 : -1;
        if (depth_ < 0 || depth_ > kMostDepth) return false;
      } else if (c == ' ' || c == '\t') {
        end_word();
      } else {
        word += c;
      }
    }
    end_word();
    return !quoted;
  }

  void record(std::uint64_t number, FeedSink& sink) {
    if (words_[0][0] == '$') return directive(number, sink);
    // A line without an owner goes on with the last one.
    if (!no_owner_) {
      owner_ = words_[0];
      words_.erase(words_.begin());
    }
    std::size_t at = 0;
    while (at < words_.size() && (is_ttl(words_[at]) || words_[at] == "IN" || words_[at] == "in")) {
      ++at;
    }
    if (owner_.empty() || at + 1 >= words_.size())
      return sink.reject(number, "no record of a zone");
    const std::string &type = words_[at], &data = words_[at + 1];
    // The zone's name, where no $ORIGIN says it.
    if (type == "SOA" && origin_.empty() && owner_.ends_with('.')) origin_ = owner_;
    if (type == "SOA" || type == "NS" || owner_ == "@") return;
    Attributes about = attributes_of(defaults());
    if (type == "CNAME" && data == "rpz-passthru.") {
      about.threat = Threat::allow;
    } else if (type != "CNAME" && type != "A" && type != "AAAA") {
      return sink.reject(number, "neither CNAME nor address");
    } else if (type == "CNAME" && data == "rpz-tcp-only.") {
      return;
    }
    name(owner_, number, about, sink);
  }

  void directive(std::uint64_t number, FeedSink& sink) {
    if (words_[0] == "$ORIGIN" && words_.size() > 1) {
      origin_ = words_[1];
    } else if (words_[0] != "$TTL") {
      sink.reject(number, "a directive that is not followed");
    }
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

  std::string origin_, owner_;
  std::vector<std::string> words_;  // of the record so far
  std::uint64_t first_line_ = 0;
  bool no_owner_ = false;
  int depth_ = 0;  // parentheses that are open
};

}  // namespace

ParserPtr make_rpz(FeedDefaults defaults) {
  return std::make_unique<RpzParser>(std::move(defaults));
}

}  // namespace weir
