// The table of first_seen.h: a bounded set of keys with when each was first and last seen, how
// often, and which kinds of files came from it. Lock-free: any number of threads visit and look up
// while one other thread copies out what changed; nobody ever waits. A key has two sets of 16
// places where it can be; when all are taken, the one that was not seen for longest leaves. Two
// threads that bring the same new key at the same instant may both keep it: it is then new twice,
// and one of them fades away. Stamps are minutes since 1970.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>

namespace weir {

struct SeenEntry {
  std::uint64_t key = 0;
  std::uint32_t first = 0;  // 0: known before we looked
  std::uint32_t last = 0;   // to the hour
  std::uint16_t visits = 0;
  std::uint8_t kinds = 0;  // a bit for each FileClass
  bool operator==(const SeenEntry&) const = default;
};

class SeenTable {
 public:
  explicit SeenTable(std::uint32_t most);

  // Notes a visit and gives what was known before; nothing for a new key.
  std::optional<SeenEntry> visit(std::uint64_t key, std::uint32_t minute);
  // Adds kinds and gives those that were there before.
  std::uint8_t add_kinds(std::uint64_t key, std::uint8_t kinds, std::uint32_t minute);
  std::optional<SeenEntry> find(std::uint64_t key) const;
  // What is known of the key from elsewhere: the earlier first, the later last, the larger count.
  // True when the key was not there.
  bool merge(const SeenEntry& entry, bool changed);

  std::uint32_t capacity() const { return sets_count_ * kWays; }

  // Calls `use` with every entry. Entries that change meanwhile come as before or after.
  template <class Use>
  void each(Use use) const {
    for (std::uint32_t i = 0; i < capacity(); ++i) {
      if (const auto entry = read(i)) use(*entry);
    }
  }
  // Calls `use` with what changed since the last drain(). One thread at a time.
  template <class Use>
  void drain(Use use) {
    for (std::uint32_t word = 0; word < changed_words_; ++word) {
      if (changed_[word].load(std::memory_order_relaxed) == 0) continue;
      std::uint64_t bits = changed_[word].exchange(0, std::memory_order_acquire);
      for (; bits != 0; bits &= bits - 1) {
        const auto entry = read(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
        if (entry) use(*entry);
      }
    }
  }

  static std::uint64_t usable_key(std::uint64_t hash) { return hash <= kBusy ? hash + 2 : hash; }

 private:
  static constexpr std::uint32_t kWays = 16;
  static constexpr std::uint64_t kFree = 0, kBusy = 1;  // no key of an entry
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> keys{};
    std::array<std::atomic<std::uint64_t>, kWays> stamps{};  // first << 32 | last
    std::array<std::atomic<std::uint32_t>, kWays> extras{};  // kinds << 16 | visits
  };

  std::array<std::uint32_t, 2> sets_of(std::uint64_t key) const;
  std::optional<std::uint32_t> place_of(std::uint64_t key) const;
  std::optional<std::uint32_t> insert(const SeenEntry& entry);
  std::uint32_t place_for_new(std::uint64_t key) const;
  std::optional<SeenEntry> read(std::uint32_t place) const;
  void touch(std::uint32_t place, const SeenEntry& before, std::uint32_t minute);
  void mark(std::uint32_t place);

  std::atomic<std::uint64_t>& key_at(std::uint32_t place) const {
    return sets_[place / kWays].keys[place % kWays];
  }
  std::atomic<std::uint64_t>& stamps_at(std::uint32_t place) const {
    return sets_[place / kWays].stamps[place % kWays];
  }
  std::atomic<std::uint32_t>& extras_at(std::uint32_t place) const {
    return sets_[place / kWays].extras[place % kWays];
  }

  std::uint32_t sets_count_;
  std::uint32_t changed_words_;
  std::unique_ptr<Set[]> sets_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> changed_;  // a bit for each place
};

}  // namespace weir
