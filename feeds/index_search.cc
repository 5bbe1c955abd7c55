#include "feeds/index_search.h"

#include <algorithm>
#include <memory_resource>
#include <span>

#include "feeds/index_key.h"
#include "feeds/listed_url.h"

namespace weir {

using namespace index_format;

namespace {

constexpr std::size_t kLongestKeyInPlace = 2048;
constexpr std::size_t kPrefixLabels = 5;  // parents with more do not carry prefixes

// WallTime counts nanoseconds and ends in 2262; a damaged file knows later days.
constexpr std::uint32_t kLastDay = 106'000;

WallTime day_time(std::uint32_t day) {
  return WallTime(std::chrono::seconds(std::min(day, kLastDay) * 86400LL));
}
WallTime hour_time(std::uint32_t hour) {
  return WallTime(std::chrono::seconds(std::min(hour, kLastDay * 24) * 3600LL));
}

// Quick to say no: names end in a letter nearly always.
bool like_address(std::string_view host) {
  if (host.empty()) return false;
  const bool digit = host.back() >= '0' && host.back() <= '9';
  return digit || host.find(':') != std::string_view::npos;
}

RangeRow row_of(const IpAddress& address) {
  return {.base = address.bytes,
          .parent = kNone,
          .payload = 0,
          .v6 = address.v6,
          .bits = static_cast<std::uint8_t>(address.size() * 8),
          .reserved = 0};
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): only as many suffixes as there are
IndexSearch::IndexSearch(const IndexParts& parts, WallTime now)
    : parts_(parts),
      view_(parts.view),
      now_hour_(std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count()) {}

template <class Text>
void IndexSearch::add(IndicatorKind kind, const std::uint32_t& payload, Text matched) {
  for (const std::uint32_t number : view_.record_numbers(payload)) {
    const Record* record = view_.record(number);
    if (record == nullptr) continue;
    if (record->expiry_hour != 0 && now_hour_ >= record->expiry_hour) continue;
    const bool known = record->threat < kThreats;
    hits_.push_back({.kind = kind,
                     .matched = std::string(matched()),
                     .source = view_.string(record->source),
                     .category = view_.string(record->category),
                     .note = view_.string(record->note),
                     .threat = known ? static_cast<Threat>(record->threat) : Threat::unknown,
                     .confidence = std::min<std::uint8_t>(record->confidence, 100),
                     .first_seen = day_time(record->first_day),
                     .last_seen = day_time(record->last_day),
                     .expiry = hour_time(record->expiry_hour)});
  }
}

void IndexSearch::probe(IndicatorKind kind, const Hash128& hash, std::string_view matched) {
  const std::uint32_t payload = view_.find(hash, kind);
  if (payload != kNone) add(kind, payload, [&] { return matched; });
}

void IndexSearch::probe_text(IndicatorKind kind, std::string_view text) {
  const Hash128 hash = key_hash(view_.header().key, text);
  if (view_.may_have(hash.hi)) probe(kind, hash, text);
}

// Whether any suffix may be listed.
bool IndexSearch::hash_suffixes(std::string_view host) {
  count_ = 0;
  for (std::size_t start = 0; count_ < kMostSuffixes;) {
    Suffix& one = suffixes_[count_++];
    one.hash = key_hash(view_.header().key, host.substr(start));
    one.start = static_cast<std::uint32_t>(start);
    view_.prefetch(one.hash.hi);
    const auto dot = host.find('.', start);
    if (dot == std::string_view::npos) break;
    start = dot + 1;
  }
  bool any = false;
  for (std::size_t i = 0; i < count_; ++i) {
    suffixes_[i].listed = view_.may_have(suffixes_[i].hash.hi);
    if (suffixes_[i].listed) view_.prefetch_bucket(suffixes_[i].hash.hi);
    any |= suffixes_[i].listed;
  }
  return any;
}

void IndexSearch::names(std::string_view host) {
  for (std::size_t i = 0; i < count_; ++i) {
    const Suffix& one = suffixes_[i];
    if (!one.listed) continue;
    if (i == 0) probe(IndicatorKind::host, one.hash, host);
    probe(IndicatorKind::domain, one.hash, host.substr(one.start));
  }
}

void IndexSearch::host(std::string_view host) {
  if (like_address(host)) {
    if (const auto ip = IpAddress::parse(host)) return address(*ip);
  }
  if (hash_suffixes(host)) names(host);
}

void IndexSearch::address(const IpAddress& address) {
  const Hash128 hash = key_hash(view_.header().key, ip_key(address));
  if (view_.may_have(hash.hi)) {
    const std::uint32_t payload = view_.find(hash, IndicatorKind::ip);
    if (payload != kNone) add(IndicatorKind::ip, payload, [&] { return address.text(); });
  }
  std::uint32_t number = view_.range_of(row_of(address));
  for (; number != kNone; number = view_.wider(number)) {
    const RangeRow& row = view_.range(number);
    const Cidr range{{row.base, row.v6 != 0}, row.bits};
    if (!range.contains(address)) continue;
    add(IndicatorKind::cidr, row.payload, [&] { return range.text(); });
  }
}

void IndexSearch::value(IndicatorKind kind, std::string_view value) { probe_text(kind, value); }

void IndexSearch::url(const Url& url) {
  if (url.is_ip) address(url.ip);
  // An address has the one "suffix" that its URLs are listed under, and no parents.
  if (url.is_ip) {
    const Hash128 hash = key_hash(view_.header().key, url.host);
    suffixes_[0] = {hash, 0, view_.may_have(hash.hi)};
    count_ = 1;
    if (suffixes_[0].listed) paths(url);
  } else if (hash_suffixes(url.host)) {
    paths(url);
  }
  if (!parts_.patterns.empty()) pattern_hits(url);
}

// The names of the host, its URLs, and prefixes of it and its near parents, where the filter knows
// the name.
void IndexSearch::paths(const Url& url) {
  std::array<std::byte, kLongestKeyInPlace + 64> space;
  std::pmr::monotonic_buffer_resource memory(space.data(), space.size());
  std::pmr::string key(&memory);
  key.reserve(std::max(kLongestKeyInPlace, url.host.size() + url.path_and_query.size() + 16));
  const std::size_t path = write_url_key(url, key);
  Candidates candidates;
  if (suffixes_[0].listed) exact_url(key, candidates);
  for (std::size_t i = 0; i < count_; ++i) {
    const bool near = i == 0 || (count_ - i <= kPrefixLabels && count_ - i >= 2);
    if (near && suffixes_[i].listed) prefixes(key, suffixes_[i].start, path, candidates);
  }
  if (!url.is_ip) names(url.host);  // while the candidates' lines of the filter arrive
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.count; ++i) {
    const Candidate one = candidates.all[i];
    if (!view_.may_have(one.hash.hi)) continue;
    view_.prefetch_bucket(one.hash.hi);
    candidates.all[kept++] = one;
  }
  for (const Candidate& one : std::span(candidates.all).first(kept)) {
    probe(one.kind, one.hash, std::string_view(key).substr(one.start, one.end - one.start));
  }
}

// Hashes a part of the key and has its line of the filter fetched meanwhile.
void IndexSearch::candidate(IndicatorKind kind, std::string_view key, std::size_t start,
                            std::size_t end, Candidates& candidates) {
  if (candidates.count == kMostCandidates) return;
  Candidate& one = candidates.all[candidates.count++];
  one.hash = key_hash(view_.header().key, key.substr(start, end - start));
  one.start = static_cast<std::uint32_t>(start);
  one.end = static_cast<std::uint32_t>(end);
  one.kind = kind;
  view_.prefetch(one.hash.hi);
}

void IndexSearch::exact_url(std::string_view key, Candidates& candidates) {
  const std::size_t question = std::min(key.find('?'), key.size());
  if (question != key.size()) candidate(IndicatorKind::url, key, 0, key.size(), candidates);
  candidate(IndicatorKind::url, key, 0, question, candidates);
}

// host/, host/a, host/a/b, … up to the whole path, without slash at the end but for the root.
void IndexSearch::prefixes(std::string_view key, std::size_t start, std::size_t path,
                           Candidates& candidates) {
  key = key.substr(0, key.find('?'));
  candidate(IndicatorKind::url_prefix, key, start, path + 1, candidates);
  std::size_t end = path;
  for (std::size_t i = 0; i < kPrefixSegments && end + 1 < key.size(); ++i) {
    end = std::min(key.find('/', end + 1), key.size());
    candidate(IndicatorKind::url_prefix, key, start, end, candidates);
  }
}

void IndexSearch::pattern_hits(const Url& url) {
  for (const int number : parts_.patterns.match(url.text())) {
    const auto at = static_cast<std::size_t>(number);
    add(IndicatorKind::url_pattern, parts_.pattern_payloads[at],
        [&] { return parts_.pattern_texts[at]; });
  }
}

}  // namespace weir
