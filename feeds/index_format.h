// The file of an Index, version 1. Little-endian; every section starts at a multiple of 64 bytes.
//
//   Header      below
//   filter      blocks of 64 bytes: a blocked Bloom filter over Hash128::hi, 6 bits for each name
//   offsets     uint32 × (buckets + 1): where each bucket's entries begin
//   remainders  uint64 × entries: Hash128::lo, mixed with the kind
//   payloads    uint32 × entries: a record, or with the top bit a place in `lists`
//   records     Record × n: one source's word, shared by all that it says it of
//   lists       uint32: a count, then so many records, for values with several
//   strings     uint16 size and bytes, at any offset
//   ranges      RangeRow × n, sorted: IPv4 before IPv6, then by base, then wide before narrow
//   patterns    uint32 payload, uint32 size and bytes, one after the other
//
// A name's hash is siphash128<1, 3> of its key text (key_of below) under the header's key. The
// filter also holds the host of every url and url_prefix, so that an unlisted host costs one
// probe for each of its parents and no more.
#pragma once

#include <array>
#include <cstdint>

#include "feeds/indicator.h"
#include "feeds/siphash.h"

namespace weir::index_format {

inline constexpr std::array<char, 8> kMagic = {'W', 'E', 'I', 'R', 'I', 'D', 'X', '\n'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint64_t kAlignment = 64;

// Bounds, checked by the builder and at open().
inline constexpr std::uint64_t kMostEntries = 1ULL << 31;
inline constexpr std::uint64_t kMostRecords = 1ULL << 28;
inline constexpr std::uint64_t kMostStrings = 1ULL << 31;  // bytes
inline constexpr std::uint64_t kMostPatterns = 2000;
inline constexpr std::size_t kLongestPattern = 1024;
inline constexpr std::size_t kLongestString = 1024;
inline constexpr std::uint32_t kMostInBucket = 256;  // of 8 expected: never reached
inline constexpr std::uint32_t kMostInList = 4096;
inline constexpr std::uint32_t kListBit = 1U << 31;
inline constexpr std::uint32_t kNone = ~0U;

inline constexpr std::uint64_t kPerBucket = 8;
inline constexpr std::uint64_t kFilterBits = 10;    // for each name
inline constexpr unsigned kFilterProbes = 6;        // of nine bits each
inline constexpr std::size_t kPrefixSegments = 16;  // that a url_prefix may have

enum Section : std::uint8_t {
  kFilter,
  kOffsets,
  kRemainders,
  kPayloads,
  kRecords,
  kLists,
  kStrings,
  kRanges,
  kPatterns,
};
inline constexpr std::size_t kSections = 9;

struct Extent {
  std::uint64_t offset, size;
};

struct Header {
  std::array<char, 8> magic;
  std::uint32_t version, header_size;
  std::uint64_t file_size;
  std::int64_t built;  // seconds since the epoch
  SipKey key;
  std::uint64_t entries, buckets;
  std::array<Extent, kSections> sections;
  std::array<std::uint8_t, 32> body;  // SHA-256 of all after the header
  std::array<std::uint8_t, 32> self;  // SHA-256 of the header before this member
};
static_assert(sizeof(Header) == 64 + 16 * kSections + 64);

struct Record {
  std::uint32_t source, category, note;  // offsets in strings
  std::uint32_t first_day, last_day;     // days since the epoch
  std::uint32_t expiry_hour;             // hours since the epoch; 0 = never
  std::uint8_t threat, confidence;
  std::uint16_t reserved;
  bool operator==(const Record&) const = default;
};
static_assert(sizeof(Record) == 28);

struct RangeRow {
  std::array<std::uint8_t, 16> base;
  std::uint32_t parent;  // the narrowest range around this one, or kNone; always before it
  std::uint32_t payload;
  std::uint8_t v6, bits;
  std::uint16_t reserved;
};
static_assert(sizeof(RangeRow) == 28);

inline std::uint64_t scale(std::uint64_t hash, std::uint64_t range) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(hash) * range) >> 64);
}

inline std::uint64_t mix(std::uint64_t lo, IndicatorKind kind) {
  return lo ^ ((static_cast<std::uint64_t>(kind) + 1) * 0x9e3779b97f4a7c15);
}

using FilterBlock = std::array<std::uint64_t, 8>;

// Calls use(word, mask) for each bit of a name until it returns false; whether none did.
template <class Use>
bool each_filter_bit(std::uint64_t hi, Use use) {
  std::uint64_t bits = hi * 0xd6e8feb86659fd93;
  for (unsigned i = 0; i < kFilterProbes; ++i, bits <<= 9) {
    if (!use(bits >> 61, 1ULL << (bits >> 55 & 63))) return false;
  }
  return true;
}

}  // namespace weir::index_format
