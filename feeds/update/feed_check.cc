#include "feeds/update/feed_check.h"

#include <algorithm>
#include <fstream>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::uint64_t kTooFewToShrink = 20;  // short lists come and go
constexpr std::size_t kLongestReason = 160;

class CheckingSink final : public FeedSink {
 public:
  CheckingSink(const FeedSpec& spec, const FeedList& list, WallTime good,
               const std::function<Result<void>(Indicator)>& take)
      : spec_(spec), list_(list), good_(good), take_(take) {}

  void add(Indicator indicator) override {
    if (guarded(indicator)) {
      ++counts.guarded;
      if (counts.guarded_name.empty()) counts.guarded_name = indicator.value;
      if (spec_.guard != GuardAction::off) return;
    }
    ++counts.indicators;
    set_expiry(indicator.about);
    if (taken) taken = take_(std::move(indicator));
  }

  void reject(std::uint64_t record, std::string_view why) override {
    ++counts.rejected;
    if (counts.reasons.size() == kMostReasons) return;
    counts.reasons.push_back(std::to_string(record) + ": " + escape_for_log(why, kLongestReason));
  }

  FeedCounts counts;
  Result<void> taken;

 private:
  // A site of the guard list as a whole; single pages of it may be listed.
  bool guarded(const Indicator& indicator) const {
    const bool whole =
        indicator.kind == IndicatorKind::host || indicator.kind == IndicatorKind::domain;
    return whole && indicator.about.threat != Threat::allow &&
           indicator.about.threat != Threat::category && list_.guards(indicator.value);
  }

  void set_expiry(Attributes& about) const {
    if (spec_.expire.count() == 0) return;
    const WallTime seen = about.last_seen == WallTime{} ? good_ : about.last_seen;
    const WallTime until = seen + spec_.expire;
    about.expiry = about.expiry == WallTime{} ? until : std::min(about.expiry, until);
  }

  const FeedSpec& spec_;
  const FeedList& list_;
  WallTime good_;
  const std::function<Result<void>(Indicator)>& take_;
};

FeedDefaults defaults_of(const FeedSpec& spec, WallTime now) {
  FeedDefaults defaults;
  defaults.source = spec.name;
  defaults.threat = spec.threat;
  defaults.category = spec.category;
  defaults.confidence = static_cast<std::uint8_t>(spec.confidence);
  defaults.now = now;
  defaults.canonical.public_suffixes = spec.public_suffixes;
  return defaults;
}

}  // namespace

Result<FeedCounts> read_feed(const FeedSpec& spec, const FeedList& list, const std::string& path,
                             WallTime good, const std::function<Result<void>(Indicator)>& take) {
  const auto parser = make_feed_parser(spec.format, defaults_of(spec, good));
  if (!parser) return fail(Errc::invalid, Fault::config, "no format " + spec.format);
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::io, Fault::local, path + " cannot be opened");
  CheckingSink sink(spec, list, good, take);
  std::string piece(256 * 1024, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const auto size = static_cast<std::size_t>(in.gcount());
    sink.counts.bytes += size;
    parser->take(as_bytes(piece).first(size), sink);
    if (!sink.taken) return pass(std::move(sink.taken));
  }
  parser->finish(sink);
  if (!sink.taken) return pass(std::move(sink.taken));
  return std::move(sink.counts);
}

std::string distrust(const FeedSpec& spec, const FeedCounts& fresh, std::uint64_t before) {
  if (fresh.guarded > 0 && spec.guard == GuardAction::quarantine) {
    return "lists " + fresh.guarded_name + " and " + std::to_string(fresh.guarded - 1) +
           " more of the guard list";
  }
  if (fresh.indicators == 0 && !spec.allow_empty) {
    return fresh.rejected == 0 ? "is empty"
                               : "none of its " + std::to_string(fresh.rejected) +
                                     " records can be read as " + spec.format;
  }
  if (fresh.rejected > fresh.indicators) {
    return std::to_string(fresh.rejected) + " of its " +
           std::to_string(fresh.rejected + fresh.indicators) + " records cannot be read as " +
           spec.format;
  }
  if (before >= kTooFewToShrink && fresh.indicators * 100 < before * (100 - spec.max_shrink)) {
    return "shrank from " + std::to_string(before) + " to " + std::to_string(fresh.indicators) +
           " indicators";
  }
  return "";
}

}  // namespace weir
