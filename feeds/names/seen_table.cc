#include "feeds/names/seen_table.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::uint32_t kLastStep = 60;  // minutes that `last` may lag behind
constexpr std::uint32_t kMostVisits = 0xffff;
constexpr int kTries = 4;   // to insert, against other threads
constexpr int kSpins = 64;  // while another thread fills a place, which takes three stores

std::uint64_t pack_stamps(std::uint32_t first, std::uint32_t last) {
  return std::uint64_t{first} << 32 | last;
}

std::uint32_t pack_extras(std::uint16_t visits, std::uint8_t kinds) {
  return std::uint32_t{kinds} << 16 | visits;
}

}  // namespace

SeenTable::SeenTable(std::uint32_t most)
    : sets_count_(std::max(1U, most / kWays)),
      changed_words_((capacity() + 63) / 64),
      sets_(std::make_unique<Set[]>(sets_count_)),
      changed_(std::make_unique<std::atomic<std::uint64_t>[]>(changed_words_)) {}

// Two choices keep the sets evenly full, so hardly anything leaves before nearly all is taken.
std::array<std::uint32_t, 2> SeenTable::sets_of(std::uint64_t key) const {
  const auto scaled = [&](std::uint64_t half) {
    return static_cast<std::uint32_t>(half * sets_count_ >> 32);
  };
  return {scaled(key >> 32), scaled(key & 0xffff'ffff)};
}

std::optional<std::uint32_t> SeenTable::place_of(std::uint64_t key) const {
  for (int spin = 0; spin < kSpins; ++spin) {
    bool busy = false;
    for (const std::uint32_t set : sets_of(key)) {
      for (std::uint32_t way = 0; way < kWays; ++way) {
        const std::uint64_t found = sets_[set].keys[way].load(std::memory_order_acquire);
        if (found == key) return set * kWays + way;
        busy |= found == kBusy;
      }
    }
    if (!busy) break;
  }
  return std::nullopt;
}

// The key is read again at the end: whoever takes a place over changes its key before the rest.
std::optional<SeenEntry> SeenTable::read(std::uint32_t place) const {
  const std::uint64_t key = key_at(place).load(std::memory_order_acquire);
  if (key <= kBusy) return std::nullopt;
  const std::uint64_t stamps = stamps_at(place).load(std::memory_order_acquire);
  const std::uint32_t extras = extras_at(place).load(std::memory_order_acquire);
  if (key_at(place).load(std::memory_order_acquire) != key) return std::nullopt;
  return SeenEntry{key, static_cast<std::uint32_t>(stamps >> 32),
                   static_cast<std::uint32_t>(stamps), static_cast<std::uint16_t>(extras),
                   static_cast<std::uint8_t>(extras >> 16)};
}

// A free place of the emptier set, else the one that was not seen for longest.
std::uint32_t SeenTable::place_for_new(std::uint64_t key) const {
  std::uint32_t best = sets_of(key)[0] * kWays, free_place = 0, most_free = 0;
  std::uint64_t oldest = ~0ULL;
  for (const std::uint32_t set : sets_of(key)) {
    std::uint32_t free = 0;
    for (std::uint32_t way = 0; way < kWays; ++way) {
      const std::uint32_t place = set * kWays + way;
      const std::uint64_t there = key_at(place).load(std::memory_order_relaxed);
      if (there == kFree && ++free > most_free) {
        most_free = free;
        free_place = place;
      }
      if (there <= kBusy) continue;
      const std::uint64_t last = stamps_at(place).load(std::memory_order_relaxed) & 0xffff'ffff;
      if (last >= oldest) continue;
      oldest = last;
      best = place;
    }
  }
  return most_free > 0 ? free_place : best;
}

std::optional<std::uint32_t> SeenTable::insert(const SeenEntry& entry) {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const std::uint32_t place = place_for_new(entry.key);
    std::uint64_t old = key_at(place).load(std::memory_order_relaxed);
    if (old == kBusy) continue;
    if (!key_at(place).compare_exchange_strong(old, kBusy, std::memory_order_acq_rel)) continue;
    stamps_at(place).store(pack_stamps(entry.first, entry.last), std::memory_order_release);
    extras_at(place).store(pack_extras(entry.visits, entry.kinds), std::memory_order_release);
    key_at(place).store(entry.key, std::memory_order_release);
    return place;
  }
  return std::nullopt;
}

void SeenTable::mark(std::uint32_t place) {
  changed_[place / 64].fetch_or(1ULL << (place % 64), std::memory_order_release);
}

// A lost race leaves a count or stamp as somebody else just wrote it, which is as good.
void SeenTable::touch(std::uint32_t place, const SeenEntry& before, std::uint32_t minute) {
  bool changed = false;
  if (minute >= before.last && minute - before.last >= kLastStep) {
    std::uint64_t stamps = pack_stamps(before.first, before.last);
    changed = stamps_at(place).compare_exchange_strong(stamps, pack_stamps(before.first, minute),
                                                       std::memory_order_acq_rel);
  }
  std::uint32_t extras = extras_at(place).load(std::memory_order_relaxed);
  if ((extras & kMostVisits) < kMostVisits &&
      extras_at(place).compare_exchange_strong(extras, extras + 1, std::memory_order_acq_rel)) {
    changed |= std::has_single_bit((extras & kMostVisits) + 1);
  }
  if (changed) mark(place);
}

std::optional<SeenEntry> SeenTable::visit(std::uint64_t key, std::uint32_t minute) {
  if (const auto place = place_of(key)) {
    const auto before = read(*place);
    if (before && before->key == key) {
      touch(*place, *before, minute);
      return before;
    }
  }
  if (const auto place = insert({key, minute, minute, 1, 0})) mark(*place);
  return std::nullopt;
}

std::uint8_t SeenTable::add_kinds(std::uint64_t key, std::uint8_t kinds, std::uint32_t minute) {
  const auto place = place_of(key);
  if (!place) {
    if (const auto fresh = insert({key, minute, minute, 1, kinds})) mark(*fresh);
    return 0;
  }
  const std::uint32_t before = extras_at(*place).load(std::memory_order_acquire);
  const std::uint32_t bits = std::uint32_t{kinds} << 16;
  if ((before & bits) == bits) return static_cast<std::uint8_t>(before >> 16);
  const std::uint32_t old = extras_at(*place).fetch_or(bits, std::memory_order_acq_rel);
  mark(*place);
  return static_cast<std::uint8_t>(old >> 16);
}

std::optional<SeenEntry> SeenTable::find(std::uint64_t key) const {
  const auto place = place_of(key);
  const auto entry = place ? read(*place) : std::nullopt;
  return entry && entry->key == key ? entry : std::nullopt;
}

bool SeenTable::merge(const SeenEntry& entry, bool changed) {
  const auto place = place_of(entry.key);
  if (!place) {
    const auto fresh = insert(entry);
    if (fresh && changed) mark(*fresh);
    return fresh.has_value();
  }
  const auto old = read(*place);
  if (!old) return false;
  const std::uint64_t stamps =
      pack_stamps(std::min(old->first, entry.first), std::max(old->last, entry.last));
  const std::uint32_t extras = pack_extras(std::max(old->visits, entry.visits),
                                           static_cast<std::uint8_t>(old->kinds | entry.kinds));
  std::uint64_t expected = pack_stamps(old->first, old->last);
  stamps_at(*place).compare_exchange_strong(expected, stamps, std::memory_order_acq_rel);
  std::uint32_t counted = pack_extras(old->visits, old->kinds);
  extras_at(*place).compare_exchange_strong(counted, extras, std::memory_order_acq_rel);
  if (changed && (stamps != pack_stamps(old->first, old->last))) mark(*place);
  return false;
}

}  // namespace weir
