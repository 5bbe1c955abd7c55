#include "feeds/index_view.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <tuple>

#include "core/digest.h"
#include "core/net_addr.h"

namespace weir {

using namespace index_format;

namespace {

std::unexpected<Error> damaged(std::string_view why) {
  return fail(Errc::malformed, Fault::local, "not a sound index file: " + std::string(why));
}

Result<void> check_header(const Header& header, std::uint64_t size) {
  if (header.magic != kMagic) return damaged("wrong magic");
  if (header.version != kVersion) {
    return damaged("version " + std::to_string(header.version) + ", known is " +
                   std::to_string(kVersion));
  }
  if (header.header_size != sizeof(Header)) return damaged("header size");
  const ByteView own(reinterpret_cast<const std::uint8_t*>(&header), offsetof(Header, self));
  if (sha256(own) != header.self) return damaged("checksum of the header");
  if (header.file_size != size) {
    return damaged("it has " + std::to_string(size) + " bytes and should have " +
                   std::to_string(header.file_size));
  }
  return {};
}

// Whether the counts can be, before anything is multiplied with them.
Result<void> check_counts(const Header& header) {
  const std::uint64_t buckets = header.entries == 0 ? 0 : (header.entries - 1) / kPerBucket + 1;
  if (header.entries > kMostEntries || header.buckets != buckets) return damaged("counts");
  for (const Extent& one : header.sections) {
    const bool inside = one.offset >= sizeof(Header) && one.offset <= header.file_size &&
                        one.size <= header.file_size - one.offset;
    if (!inside || one.offset % kAlignment != 0) return damaged("a section outside of it");
  }
  return {};
}

template <class T>
bool take(std::span<const T>& out, ByteView bytes, const Extent& extent, std::uint64_t most) {
  if (extent.size % sizeof(T) != 0 || extent.size / sizeof(T) > most) return false;
  const std::uint8_t* start = bytes.data() + extent.offset;
  out = {reinterpret_cast<const T*>(start), static_cast<std::size_t>(extent.size / sizeof(T))};
  return true;
}

auto sort_key(const RangeRow& row) { return std::tie(row.v6, row.base); }

bool holds(const RangeRow& range, const RangeRow& address) {
  const Cidr cidr{{range.base, range.v6 != 0}, range.bits};
  return cidr.contains({address.base, address.v6 != 0});
}

}  // namespace

Result<void> IndexView::take_sections(ByteView bytes) {
  const auto& at = header_.sections;
  const bool taken = take(filter_, bytes, at[kFilter], kMostEntries) &&
                     take(offsets_, bytes, at[kOffsets], kMostEntries) &&
                     take(remainders_, bytes, at[kRemainders], kMostEntries) &&
                     take(payloads_, bytes, at[kPayloads], kMostEntries) &&
                     take(records_, bytes, at[kRecords], kMostRecords) &&
                     take(lists_, bytes, at[kLists], kListBit) &&
                     take(strings_, bytes, at[kStrings], kMostStrings) &&
                     take(ranges_, bytes, at[kRanges], kNone - 1) &&
                     take(patterns_, bytes, at[kPatterns], kMostPatterns * (kLongestPattern + 8));
  if (!taken) return damaged("the size of a section");
  const bool agree = offsets_.size() == header_.buckets + 1 &&
                     remainders_.size() == header_.entries && payloads_.size() == header_.entries;
  if (!agree) return damaged("its sections do not agree");
  return {};
}

Result<IndexView> IndexView::check(ByteView bytes) {
  if (bytes.size() < sizeof(Header)) return damaged("shorter than a header");
  IndexView view;
  std::memcpy(&view.header_, bytes.data(), sizeof(Header));
  if (auto sound = check_header(view.header_, bytes.size()); !sound) return pass(std::move(sound));
  if (auto sound = check_counts(view.header_); !sound) return pass(std::move(sound));
  if (auto sound = view.take_sections(bytes); !sound) return pass(std::move(sound));
  return view;
}

std::uint32_t IndexView::find(const Hash128& hash, IndicatorKind kind) const {
  if (header_.buckets == 0) return kNone;
  const auto bucket = static_cast<std::size_t>(scale(hash.hi, header_.buckets));
  const std::size_t begin = offsets_[bucket];
  const std::size_t end = std::min<std::size_t>(offsets_[bucket + 1], remainders_.size());
  if (begin > end || end - begin > kMostInBucket) return kNone;
  if (begin < payloads_.size()) __builtin_prefetch(&payloads_[begin]);
  const std::uint64_t wanted = mix(hash.lo, kind);
  for (std::size_t i = begin; i < end; ++i) {
    if (remainders_[i] == wanted) return payloads_[i];
  }
  return kNone;
}

std::span<const std::uint32_t> IndexView::record_numbers(const std::uint32_t& payload) const {
  if ((payload & kListBit) == 0) return {&payload, 1};
  const std::size_t at = payload & ~kListBit;
  if (at >= lists_.size()) return {};
  const std::size_t count = lists_[at];
  if (count > kMostInList || count > lists_.size() - at - 1) return {};
  return lists_.subspan(at + 1, count);
}

std::string_view IndexView::string(std::uint32_t at) const {
  if (at >= strings_.size() || strings_.size() - at < 2) return {};
  const auto size = static_cast<std::size_t>(strings_[at] | strings_[at + 1] << 8);
  if (size > strings_.size() - at - 2) return {};
  return as_text(strings_.subspan(at + 2, size));
}

std::uint32_t IndexView::range_of(const RangeRow& address) const {
  const auto after = std::ranges::upper_bound(ranges_, sort_key(address), {},
                                              [](const RangeRow& row) { return sort_key(row); });
  if (after == ranges_.begin()) return kNone;
  // The last range that begins before the address: it or one around it has the address, or none.
  auto number = static_cast<std::uint32_t>(after - ranges_.begin() - 1);
  while (number != kNone && !holds(ranges_[number], address)) number = wider(number);
  return number;
}

std::uint32_t IndexView::wider(std::uint32_t range) const {
  const std::uint32_t parent = ranges_[range].parent;
  return parent < range ? parent : kNone;  // ever smaller: an end is sure
}

}  // namespace weir
