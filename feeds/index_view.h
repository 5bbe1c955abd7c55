// The sections of an index file in memory, checked once, and bounded access to them: whatever the
// bytes say, nothing is read outside of them and every loop ends. Immutable; any thread.
#pragma once

#include <span>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "feeds/index_format.h"

namespace weir {

class IndexView {
 public:
  IndexView() = default;  // of an empty index
  // `bytes` outlives the view and starts at an address that is a multiple of kAlignment.
  static Result<IndexView> check(ByteView bytes);

  const index_format::Header& header() const { return header_; }
  std::uint64_t patterns() const { return patterns_.size(); }
  std::uint64_t ranges() const { return ranges_.size(); }
  std::span<const std::uint8_t> pattern_bytes() const { return patterns_; }

  void prefetch(std::uint64_t hi) const {
    if (!filter_.empty()) __builtin_prefetch(&filter_[block_of(hi)]);
  }
  void prefetch_bucket(std::uint64_t hi) const {
    if (header_.buckets == 0) return;
    __builtin_prefetch(
        &offsets_[static_cast<std::size_t>(index_format::scale(hi, header_.buckets))]);
  }
  bool may_have(std::uint64_t hi) const {
    if (filter_.empty()) return false;
    const index_format::FilterBlock& block = filter_[block_of(hi)];
    return index_format::each_filter_bit(hi, [&](std::uint64_t word, std::uint64_t mask) {
      return (block[static_cast<std::size_t>(word)] & mask) != 0;
    });
  }
  // The payload of this hash, or kNone.
  std::uint32_t find(const Hash128& hash, IndicatorKind kind) const;

  // The records that a payload stands for; empty if it stands for none that is there.
  std::span<const std::uint32_t> record_numbers(const std::uint32_t& payload) const;
  const index_format::Record* record(std::uint32_t number) const {
    return number < records_.size() ? &records_[number] : nullptr;
  }
  std::string_view string(std::uint32_t at) const;

  // The narrowest range with this address, or kNone; `wider` goes on from there.
  std::uint32_t range_of(const index_format::RangeRow& address) const;
  std::uint32_t wider(std::uint32_t range) const;
  const index_format::RangeRow& range(std::uint32_t number) const { return ranges_[number]; }

 private:
  std::size_t block_of(std::uint64_t hi) const {
    return static_cast<std::size_t>(index_format::scale(hi, filter_.size()));
  }
  Result<void> take_sections(ByteView bytes);

  index_format::Header header_{};
  std::span<const index_format::FilterBlock> filter_;
  std::span<const std::uint32_t> offsets_;
  std::span<const std::uint64_t> remainders_;
  std::span<const std::uint32_t> payloads_;
  std::span<const index_format::Record> records_;
  std::span<const std::uint32_t> lists_;
  ByteView strings_;
  std::span<const index_format::RangeRow> ranges_;
  ByteView patterns_;
};

}  // namespace weir
