#include "feeds/formats/offer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "core/net_addr.h"

namespace weir {
namespace {

constexpr std::int64_t kLastSecond = 9'000'000'000;  // WallTime ends in 2262

// The number at the front, which goes; -1: none, or more than `digits`.
int take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  std::size_t used = 0;
  while (used < text.size() && used < digits && text[used] >= '0' && text[used] <= '9') {
    value = value * 10 + (text[used++] - '0');
  }
  text.remove_prefix(used);
  return used == 0 ? -1 : value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

struct ThreatWord {
  std::string_view word;
  Threat threat;
};

// The first that occurs counts.
constexpr auto kThreatWords = std::to_array<ThreatWord>({
    {"phish", Threat::phishing},
    {"c2", Threat::c2},
    {"c&c", Threat::c2},
    {"botnet_cc", Threat::c2},
    {"command-and-control", Threat::c2},
    {"botnet", Threat::botnet},
    {"exploit", Threat::exploit},
    {"miner", Threat::cryptominer},
    {"spam", Threat::spam},
    {"scam", Threat::scam},
    {"fraud", Threat::scam},
    {"anonymiz", Threat::anonymizer},
    {"malware", Threat::malware},
    {"malicious-activity", Threat::malware},
    {"payload", Threat::malware},
    {"ransom", Threat::malware},
    {"trojan", Threat::malware},
});

// "+09:00", "-0530" after a time, fractions before it passed over (RFC 3339); zero for "Z" and all
// else.
std::chrono::minutes zone_offset(std::string_view text) {
  if (skip(text, ".")) {
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  text = trimmed(text);
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!skip(text, "+-")) return {};
  const int hours = take_number(text, 2);
  skip(text, ":");
  const int minutes = take_number(text, 2);
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return {};
  return sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Attributes attributes_of(const FeedDefaults& defaults) {
  Attributes about;
  about.source = defaults.source;
  about.threat = defaults.threat;
  about.category = defaults.category;
  about.confidence = defaults.confidence;
  return about;
}

void offer(const FeedDefaults& defaults, FeedSink& sink, std::uint64_t record, IndicatorKind kind,
           std::string_view text, const Attributes& about) {
  auto known = canonical_indicator(kind, trimmed(text), defaults.canonical);
  if (!known) return sink.reject(record, known.error().what);
  known->about = about;
  sink.add(std::move(*known));
}

std::optional<IndicatorKind> guess_kind(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return IndicatorKind::url;
  if (IpAddress::parse(text)) return IndicatorKind::ip;
  if (Cidr::parse(text)) return IndicatorKind::cidr;
  if (is_hex(text) && text.size() == 64) return IndicatorKind::sha256;
  if (is_hex(text) && text.size() == 40) return IndicatorKind::sha1;
  if (is_hex(text) && text.size() == 32) return IndicatorKind::md5;
  if (text.find('/') != std::string_view::npos) return IndicatorKind::url;
  if (text.find('.') != std::string_view::npos) return IndicatorKind::domain;
  return std::nullopt;
}

WallTime read_time(std::string_view text) {
  text = trimmed(text);
  std::int64_t unix_seconds = 0;
  const auto whole = std::from_chars(text.data(), text.data() + text.size(), unix_seconds);
  if (whole.ec == std::errc() && whole.ptr == text.data() + text.size()) {
    return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(unix_seconds, 0, kLastSecond)));
  }
  const int year = take_number(text, 4);
  if (!skip(text, "-/")) return {};
  const int month = take_number(text, 2);
  if (!skip(text, "-/")) return {};
  const int day = take_number(text, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1970 || year > 2200 || !date.ok()) return {};
  std::chrono::seconds time{};
  if (skip(text, " Tt")) {
    const int hour = take_number(text, 2);
    const int minute = skip(text, ":") ? take_number(text, 2) : -1;
    const int second = skip(text, ":") ? take_number(text, 2) : 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return {};
    time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
    time -= zone_offset(text);
  }
  return std::max(WallTime{}, WallTime(std::chrono::sys_days(date) + time));
}

Threat threat_of_words(std::string_view words) {
  std::string small(words);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const ThreatWord& row : kThreatWords) {
    if (small.find(row.word) != std::string::npos) return row.threat;
  }
  return Threat::unknown;
}

}  // namespace weir
