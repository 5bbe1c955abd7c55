// From a record's words to an indicator: the canonical form, times, threats. Private to the
// parsers.
#pragma once

#include <optional>
#include <string_view>

#include "feeds/formats/feed_format.h"

namespace weir {

// What the configuration says of every record of the feed.
Attributes attributes_of(const FeedDefaults& defaults);

// Gives the indicator to the sink in its canonical form, or rejects the record.
void offer(const FeedDefaults& defaults, FeedSink& sink, std::uint64_t record, IndicatorKind kind,
           std::string_view text, const Attributes& about);

// A host, URL, address, range or digest by its looks; nullopt: none of these.
std::optional<IndicatorKind> guess_kind(std::string_view text);

// "2026-02-26 12:05:20", also with "T", "Z", " UTC" or fractions, or only the day; Unix seconds.
// Epoch when it is none.
WallTime read_time(std::string_view text);

// What lists call "malware_download", "botnet_cc", "payload_delivery", …; unknown: none of these.
Threat threat_of_words(std::string_view words);

std::string_view trimmed(std::string_view text);

}  // namespace weir
