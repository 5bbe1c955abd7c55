// The bytes of seen_file.h, little-endian as they lie in memory: a header of 64 bytes, records of
// 32 after it. Any change here is a new version. Pure functions.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "feeds/names/seen_file.h"

namespace weir::seen_format {

inline constexpr std::size_t kHeaderSize = 64, kRecordSize = 32;

enum class Kind : std::uint32_t { snapshot = 1, log = 2 };

// `count` is 0 in a log.
std::string header(Kind kind, const SeenOrigin& origin, std::uint64_t count);
void add_record(std::string& out, const SipKey& key, const SeenEntry& entry);

struct Header {
  SeenOrigin origin;
  std::uint64_t count = 0;
};
std::optional<Header> read_header(ByteView bytes, Kind kind);
std::optional<SeenEntry> read_record(ByteView bytes, const SipKey& key);

// What a file holds. `sound` is false when not all of it is: for a snapshot that means not to use
// it; a log is good for `good_bytes`, and for those records after them that still are whole.
struct Content {
  std::optional<Header> header;
  std::vector<SeenEntry> entries;
  std::uint64_t good_bytes = 0;   // up to the end of the last whole record
  std::uint64_t bad_records = 0;  // before that
  bool sound = false;
};
Content read_all(ByteView bytes, Kind kind);

}  // namespace weir::seen_format
