// How a feed's bytes become indicators. A parser takes the decoded body piece by piece, keeps no
// more of it than one record, and gives what it finds to a sink; a record that it cannot read is
// rejected with its number and a reason, and the rest goes on. Hostile input: everything is
// bounded. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "feeds/indicator.h"

namespace weir {

inline constexpr std::size_t kLongestFeedRecord = 64 * 1024;  // a line, a row, a JSON object

// What the configuration says of a feed; a record may say more exactly.
struct FeedDefaults {
  std::string source;  // the feed's name
  Threat threat = Threat::unknown;
  std::string category;
  std::uint8_t confidence = 50;
  WallTime now{};  // for what lists no time of its own
  CanonicalOptions canonical;
};

class FeedSink {
 public:
  virtual ~FeedSink() = default;
  virtual void add(Indicator indicator) = 0;
  // `record`: the line, or the number of the JSON object, from 1.
  virtual void reject(std::uint64_t record, std::string_view why) = 0;
};

class FeedParser {
 public:
  virtual ~FeedParser() = default;
  virtual void take(ByteView piece, FeedSink& sink) = 0;
  virtual void finish(FeedSink& sink) = 0;  // what the last piece left over; once
};

// Null for an unknown name.
std::unique_ptr<FeedParser> make_feed_parser(std::string_view format, FeedDefaults defaults);

// "domains", "urls", "ips", "hashes", "hosts", "abp", "urlhaus-csv", …, with a line of help each.
struct FeedFormatRow {
  std::string_view name;
  std::string_view help;
};
std::span<const FeedFormatRow> feed_formats();

}  // namespace weir
