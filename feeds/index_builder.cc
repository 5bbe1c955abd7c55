#include "feeds/index_builder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/net_addr.h"
#include "feeds/index_file.h"
#include "feeds/index_key.h"
#include "feeds/pattern_set.h"
#include "feeds/record_table.h"

namespace weir {

using namespace index_format;

namespace {

// An indicator without its text; `record` becomes the payload once equal ones are joined.
struct Raw {
  std::uint64_t hi, lo;
  std::uint32_t record;
  auto operator<=>(const Raw&) const = default;
  bool same_value(const Raw& other) const { return hi == other.hi && lo == other.lo; }
};

struct RawRange {
  RangeRow row;  // payload: as Raw::record
  auto key() const { return std::tie(row.v6, row.base, row.bits); }
  bool same_value(const RawRange& other) const { return key() == other.key(); }
};

struct Pattern {
  std::string text;
  std::uint32_t payload;
};

// Joins neighbours of the same value, which are sorted, into one with a payload of all records.
template <class T, class Member>
void join(std::vector<T>& all, RecordTable& table, Member payload) {
  auto out = all.begin();
  std::vector<std::uint32_t> records;
  for (auto at = all.begin(); at != all.end();) {
    T one = *at;
    records.clear();
    for (; at != all.end() && at->same_value(one); ++at) {
      if (records.empty() || records.back() != payload(*at)) records.push_back(payload(*at));
    }
    payload(one) = table.payload(records);
    *out++ = one;
  }
  all.erase(out, all.end());
}

bool around(const RangeRow& outer, const RangeRow& inner) {
  IpAddress base{inner.base, inner.v6 != 0};
  return Cidr{{outer.base, outer.v6 != 0}, outer.bits}.contains(base);
}

// Sorted, so whatever is around a range is on the stack of ranges that are still open.
void link_parents(std::vector<RawRange>& ranges) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < ranges.size(); ++i) {
    while (!open.empty() && !around(ranges[open.back()].row, ranges[i].row)) open.pop_back();
    ranges[i].row.parent = open.empty() ? kNone : open.back();
    open.push_back(i);
  }
}

std::string_view host_of_key(std::string_view key) {
  const std::string_view authority = key.substr(0, key.find('/'));
  const auto end = authority.find(authority.starts_with('[') ? ']' : ':');
  const std::size_t start = authority.starts_with('[') ? 1 : 0;
  return authority.substr(start, std::min(end, authority.size()) - start);
}

}  // namespace

struct IndexBuilder::State {
  // By the first byte of the hash: parts that fit a cache sort fast, and grow without big copies.
  struct Shard {
    std::vector<Raw> raws;
    std::vector<std::uint64_t> gates;  // hosts of URLs, for the filter
  };
  Shard& shard(std::uint64_t hi) { return shards[hi >> 56]; }

  void add_name(IndicatorKind kind, std::string_view text, std::uint32_t record) {
    const Hash128 hash = key_hash(key, text);
    shard(hash.hi).raws.push_back({hash.hi, mix(hash.lo, kind), record});
  }
  void add_gate(std::string_view host) {
    const Hash128 hash = key_hash(key, host);
    shard(hash.hi).gates.push_back(hash.hi);
  }
  Result<void> add_range(const Indicator& indicator, std::uint32_t record);
  Result<void> add_address(const Indicator& indicator, std::uint32_t record);
  Result<void> add_pattern(const Indicator& indicator, std::uint32_t record);
  Result<void> add(const Indicator& indicator, std::uint32_t record);

  void sort_all();
  Result<void> check() const;
  void write_filter(IndexFile& file) const;
  Result<void> write_offsets(IndexFile& file) const;
  void write_entries(IndexFile& file) const;
  void write_rest(IndexFile& file) const;
  std::uint64_t buckets() const { return entries == 0 ? 0 : (entries - 1) / kPerBucket + 1; }

  SipKey key{};
  std::int64_t built = 0;
  RecordTable table;
  std::array<Shard, 256> shards;
  std::vector<RawRange> ranges;
  std::vector<Pattern> patterns;
  std::uint64_t added = 0;
  std::uint64_t entries = 0;  // from sort_all() on
  std::uint64_t gates = 0;
};

Result<void> IndexBuilder::State::add_range(const Indicator& indicator, std::uint32_t record) {
  const auto range = Cidr::parse(indicator.value);
  if (!range) return fail(Errc::invalid, Fault::config, "bad cidr \"" + indicator.value + '"');
  ranges.push_back({{.base = range->base.bytes,
                     .parent = kNone,
                     .payload = record,
                     .v6 = range->base.v6,
                     .bits = range->bits,
                     .reserved = 0}});
  return {};
}

Result<void> IndexBuilder::State::add_address(const Indicator& indicator, std::uint32_t record) {
  const auto address = IpAddress::parse(indicator.value);
  if (!address) return fail(Errc::invalid, Fault::config, "bad ip \"" + indicator.value + '"');
  add_name(IndicatorKind::ip, ip_key(*address), record);
  return {};
}

Result<void> IndexBuilder::State::add_pattern(const Indicator& indicator, std::uint32_t record) {
  if (auto sound = PatternSet::check(indicator.value); !sound) return sound;
  const bool fits = patterns.size() < kMostPatterns && indicator.value.size() <= kLongestPattern;
  if (!fits) return fail(Errc::too_large, Fault::config, "too long or too many URL patterns");
  patterns.push_back({indicator.value, record});
  return {};
}

Result<void> IndexBuilder::State::add(const Indicator& indicator, std::uint32_t record) {
  switch (indicator.kind) {
    case IndicatorKind::cidr: return add_range(indicator, record);
    case IndicatorKind::ip: return add_address(indicator, record);
    case IndicatorKind::url_pattern: return add_pattern(indicator, record);
    case IndicatorKind::url:
    case IndicatorKind::url_prefix: add_gate(host_of_key(indicator.value)); [[fallthrough]];
    default: add_name(indicator.kind, indicator.value, record);
  }
  return {};
}

void IndexBuilder::State::sort_all() {
  for (Shard& one : shards) {
    std::ranges::sort(one.raws);
    join(one.raws, table, [](Raw& raw) -> std::uint32_t& { return raw.record; });
    std::ranges::sort(one.gates);
    one.gates.erase(std::ranges::unique(one.gates).begin(), one.gates.end());
    entries += one.raws.size();
    gates += one.gates.size();
  }
  std::ranges::sort(ranges, [](const RawRange& a, const RawRange& b) {
    return std::tuple_cat(a.key(), std::tie(a.row.payload)) <
           std::tuple_cat(b.key(), std::tie(b.row.payload));
  });
  join(ranges, table, [](RawRange& range) -> std::uint32_t& { return range.row.payload; });
  link_parents(ranges);
}

Result<void> IndexBuilder::State::check() const {
  if (entries > kMostEntries || table.lists().size() >= kListBit) {
    return fail(Errc::too_large, Fault::config, "too many indicators for one index");
  }
  std::vector<std::string_view> texts;
  for (const Pattern& one : patterns) texts.push_back(one.text);
  if (auto compiled = PatternSet::compile(texts); !compiled) return pass(std::move(compiled));
  return {};
}

void IndexBuilder::State::write_filter(IndexFile& file) const {
  const std::uint64_t bits = (entries + gates) * kFilterBits;
  std::vector<FilterBlock> blocks(static_cast<std::size_t>((bits + 511) / 512));
  const auto put = [&](std::uint64_t hi) {
    FilterBlock& block = blocks[static_cast<std::size_t>(scale(hi, blocks.size()))];
    each_filter_bit(hi, [&](std::uint64_t word, std::uint64_t mask) {
      block[static_cast<std::size_t>(word)] |= mask;
      return true;
    });
  };
  for (const Shard& one : shards) {
    for (const Raw& raw : one.raws) put(raw.hi);
    std::ranges::for_each(one.gates, put);
  }
  file.begin(kFilter);
  if (!blocks.empty()) file.add_values(blocks);
}

Result<void> IndexBuilder::State::write_offsets(IndexFile& file) const {
  std::vector<std::uint32_t> offsets(static_cast<std::size_t>(buckets() + 1));
  for (const Shard& one : shards) {
    for (const Raw& raw : one.raws)
      ++offsets[static_cast<std::size_t>(scale(raw.hi, buckets()) + 1)];
  }
  if (std::ranges::max(offsets) > kMostInBucket) {
    return fail(Errc::internal, Fault::local, "an overfull bucket: the hash is not random");
  }
  for (std::size_t i = 1; i < offsets.size(); ++i) offsets[i] += offsets[i - 1];
  file.begin(kOffsets);
  file.add_values(offsets);
  return {};
}

void IndexBuilder::State::write_entries(IndexFile& file) const {
  file.begin(kRemainders);
  for (const Shard& one : shards) {
    for (const Raw& raw : one.raws) file.add_values(std::array{raw.lo});
  }
  file.begin(kPayloads);
  for (const Shard& one : shards) {
    for (const Raw& raw : one.raws) file.add_values(std::array{raw.record});
  }
}

void IndexBuilder::State::write_rest(IndexFile& file) const {
  file.begin(kRecords);
  if (!table.records().empty()) file.add_values(table.records());
  file.begin(kLists);
  if (!table.lists().empty()) file.add_values(table.lists());
  file.begin(kStrings);
  file.add(as_bytes(table.strings()));
  file.begin(kRanges);
  if (!ranges.empty()) file.add_values(ranges);
  static_assert(sizeof(RawRange) == sizeof(RangeRow));
  file.begin(kPatterns);
  for (const Pattern& one : patterns) {
    file.add_values(std::array{one.payload, static_cast<std::uint32_t>(one.text.size())});
    file.add(as_bytes(one.text));
  }
}

IndexBuilder::IndexBuilder(Random& random, WallTime now) : state_(std::make_unique<State>()) {
  std::array<std::uint8_t, sizeof(SipKey)> key{};
  random.fill(key);
  std::memcpy(state_->key.data(), key.data(), key.size());
  state_->built = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

IndexBuilder::~IndexBuilder() = default;

Result<void> IndexBuilder::add(const Indicator& indicator) {
  const auto record = state_->table.add(indicator.about);
  if (!record) return std::unexpected(record.error());
  if (auto taken = state_->add(indicator, *record); !taken) return taken;
  ++state_->added;
  return {};
}

std::uint64_t IndexBuilder::added() const { return state_->added; }

Result<IndexSummary> IndexBuilder::write(const std::string& path) {
  const auto state = std::exchange(state_, std::make_unique<State>());
  state->sort_all();
  if (auto sound = state->check(); !sound) return pass(std::move(sound));
  auto file = IndexFile::create(path);
  if (!file) return pass(std::move(file));
  state->write_filter(*file);
  if (auto wrote = state->write_offsets(*file); !wrote) return pass(std::move(wrote));
  state->write_entries(*file);
  state->write_rest(*file);
  Header header{};
  header.built = state->built;
  header.key = state->key;
  header.entries = state->entries;
  header.buckets = state->buckets();
  const auto size = file->finish(header);
  if (!size) return std::unexpected(size.error());
  return IndexSummary{state->entries + state->ranges.size() + state->patterns.size(),
                      state->table.records().size(), *size};
}

}  // namespace weir
