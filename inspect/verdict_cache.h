// Remembers what the workers said of a content, and makes those who ask for the same content at the
// same time wait for one scan. Keyed by digest, generation of the rules and scanners asked.
// Bounded, least recently used goes first; only what would come out the same again is kept. Any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/clock.h"
#include "core/co.h"
#include "core/finding.h"
#include "inspect/scan_outcome.h"

namespace weir {

struct VerdictKey {
  std::array<std::uint8_t, 32> sha256{};
  std::uint64_t generation = 0;
  ScannerSet scanners;
  std::uint64_t name_class = 0;  // what of the file's name can matter: its last extensions
  bool operator==(const VerdictKey&) const = default;
};

class VerdictCache {
 public:
  class Flight;

  // The duty to scan for all who wait. Whoever drops it without finish() passes it on to one of
  // them.
  class Lead {
   public:
    Lead(VerdictCache& cache, const VerdictKey& key, std::shared_ptr<Flight> flight);
    Lead(Lead&& other) noexcept = default;
    Lead& operator=(Lead&&) = delete;
    ~Lead();
    void finish(const ScanOutcome& outcome);  // wakes those who wait, and remembers if it may

   private:
    VerdictCache* cache_;
    VerdictKey key_;
    std::shared_ptr<Flight> flight_;  // null once finished or moved from
  };

  // Exactly one is set: the answer, the duty to find it, or the flight to wait for.
  struct Joined {
    std::optional<ScanOutcome> known;
    std::optional<Lead> lead;
    std::shared_ptr<Flight> flight;
  };

  // How a flight ended for one who waited: with an outcome, or in time out, or abandoned (join
  // again).
  struct Landed {
    std::optional<ScanOutcome> outcome;
    bool timed_out = false;
  };

  // `clock` outlives the cache. No entries: single flight only.
  VerdictCache(std::size_t entries, Duration ttl, const Clock& clock);
  ~VerdictCache();
  VerdictCache(const VerdictCache&) = delete;
  VerdictCache& operator=(const VerdictCache&) = delete;

  Joined join(const VerdictKey& key);
  static Co<Landed> wait(std::shared_ptr<Flight> flight, Duration limit);
  std::size_t size() const;

 private:
  struct Shard;
  static constexpr std::size_t kShards = 16;
  Shard& shard_of(const VerdictKey& key) const;
  void end(const VerdictKey& key, const std::shared_ptr<Flight>& flight,
           const ScanOutcome* outcome);

  const std::size_t entries_per_shard_;
  const Duration ttl_;
  const Clock& clock_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace weir
