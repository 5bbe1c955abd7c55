// Category collections in the manner of Shalla and UT1 (dsi.ut-capitole.fr/blacklists): a tar whose
// folders are categories, with the files `domains` and `urls`. The tar is read as it streams (POSIX
// ustar, pax(1)); names that are too long for its header do not occur and are passed over.
#include <algorithm>
#include <array>
#include <cstring>

#include "feeds/formats/parsers.h"

namespace weir {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kName = 100, kSizeAt = 124, kSizeDigits = 12, kTypeAt = 156;
constexpr std::size_t kLongestCategory = 64;

std::uint64_t octal(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c >= '0' && c <= '7') value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

class Ut1Parser final : public FeedParser {
 public:
  explicit Ut1Parser(FeedDefaults defaults) : defaults_(std::move(defaults)) {}

  void take(ByteView piece, FeedSink& sink) override {
    while (!piece.empty() && !broken_) {
      piece = left_ > 0 ? contents(piece, sink) : header(piece, sink);
    }
  }

  void finish(FeedSink& sink) override {
    end_member(sink);
    if (!broken_ && (left_ > 0 || filled_ > 0)) sink.reject(members_, "the tar ends in the middle");
  }

 private:
  ByteView header(ByteView piece, FeedSink& sink) {
    const std::size_t used = std::min(piece.size(), kBlock - filled_);
    std::memcpy(block_.data() + filled_, piece.data(), used);
    filled_ += used;
    if (filled_ == kBlock) {
      filled_ = 0;
      begin_member(sink);
    }
    return piece.subspan(used);
  }

  void begin_member(FeedSink& sink) {
    const std::string_view all(block_.data(), kBlock);
    if (all.find_first_not_of('\0') == std::string_view::npos) return;  // the end is zeros
    if (all.substr(257, 5) != "ustar") {
      broken_ = true;
      return sink.reject(members_ + 1, "not a tar");
    }
    ++members_;
    std::string_view name = all.substr(0, kName);
    name = name.substr(0, name.find('\0'));
    size_ = octal(all.substr(kSizeAt, kSizeDigits));
    left_ = (size_ + kBlock - 1) / kBlock * kBlock;
    const bool plain = all[kTypeAt] == '0' || all[kTypeAt] == '\0';
    if (plain) open_list(name);
    if (left_ == 0) end_member(sink);
  }

  // "blacklists/phishing/domains"
  void open_list(std::string_view name) {
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos) return;
    const std::string_view file = name.substr(slash + 1);
    std::string_view category = name.substr(0, slash);
    category = category.substr(category.rfind('/') + 1);
    if (category.empty() || category.size() > kLongestCategory) return;
    FeedDefaults defaults = defaults_;
    if (defaults.category.empty()) defaults.category = category;
    if (file == "domains") list_ = make_domains(std::move(defaults));
    if (file == "urls") list_ = make_urls(std::move(defaults));
  }

  ByteView contents(ByteView piece, FeedSink& sink) {
    const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left_));
    const auto real = static_cast<std::size_t>(std::min<std::uint64_t>(used, size_));
    if (list_) list_->take(piece.first(real), sink);
    size_ -= real;
    left_ -= used;
    if (left_ == 0) end_member(sink);
    return piece.subspan(used);
  }

  void end_member(FeedSink& sink) {
    if (list_) list_->finish(sink);
    list_.reset();
  }

  FeedDefaults defaults_;
  std::array<char, kBlock> block_{};
  std::size_t filled_ = 0;
  std::uint64_t size_ = 0, left_ = 0, members_ = 0;
  ParserPtr list_;
  bool broken_ = false;
};

}  // namespace

ParserPtr make_ut1(FeedDefaults defaults) {
  return std::make_unique<Ut1Parser>(std::move(defaults));
}

}  // namespace weir
