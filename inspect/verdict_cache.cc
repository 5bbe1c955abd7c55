#include "inspect/verdict_cache.h"

#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "inspect/wakeup.h"

namespace weir {
namespace {

// A reply with more text than this is not worth its place.
constexpr std::size_t kMostText = 16 * 1024;

struct KeyHash {
  std::size_t operator()(const VerdictKey& key) const {
    std::size_t hash = 0;
    std::memcpy(&hash, key.sha256.data() + 8, sizeof hash);
    return hash ^ (key.generation << 8) ^ key.scanners.bits() ^ key.name_class;
  }
};

std::size_t text_of(const ScanOutcome& outcome) {
  std::size_t size = outcome.findings.size() * sizeof(Finding);
  for (const Finding& finding : outcome.findings)
    size += finding.name.size() + finding.where.size() + finding.detail.size();
  for (const ArtifactNote& note : outcome.tree)
    size += sizeof note + note.where.size() + note.sha256.size();
  return size;
}

}  // namespace

class VerdictCache::Flight {
 public:
  std::mutex mutex;
  bool ended = false;
  std::optional<ScanOutcome> outcome;  // none: abandoned
  std::vector<std::shared_ptr<Wakeup>> waiting;
};

struct VerdictCache::Shard {
  struct Entry {
    VerdictKey key;
    ScanOutcome outcome;
    SteadyTime until;
  };
  mutable std::mutex mutex;
  std::list<Entry> entries;  // the most recently used first
  std::unordered_map<VerdictKey, std::list<Entry>::iterator, KeyHash> index;
  std::unordered_map<VerdictKey, std::shared_ptr<Flight>, KeyHash> flights;

  std::optional<ScanOutcome> find(const VerdictKey& key, SteadyTime now) {
    const auto found = index.find(key);
    if (found == index.end()) return std::nullopt;
    if (found->second->until <= now) {
      entries.erase(found->second);
      index.erase(found);
      return std::nullopt;
    }
    entries.splice(entries.begin(), entries, found->second);
    return found->second->outcome;
  }

  void keep(const VerdictKey& key, const ScanOutcome& outcome, SteadyTime until, std::size_t most) {
    if (const auto old = index.find(key); old != index.end()) {
      entries.erase(old->second);
      index.erase(old);
    }
    while (entries.size() >= most && !entries.empty()) {
      index.erase(entries.back().key);
      entries.pop_back();
    }
    if (most == 0) return;
    entries.push_front({key, outcome, until});
    index[key] = entries.begin();
  }
};

VerdictCache::Lead::Lead(VerdictCache& cache, const VerdictKey& key, std::shared_ptr<Flight> flight)
    : cache_(&cache), key_(key), flight_(std::move(flight)) {}

VerdictCache::Lead::~Lead() {
  if (flight_) cache_->end(key_, flight_, nullptr);
}

void VerdictCache::Lead::finish(const ScanOutcome& outcome) {
  if (flight_) cache_->end(key_, flight_, &outcome);
  flight_.reset();
}

VerdictCache::VerdictCache(std::size_t entries, Duration ttl, const Clock& clock)
    : entries_per_shard_((entries + kShards - 1) / kShards),
      ttl_(ttl),
      clock_(clock),
      shards_(std::make_unique<Shard[]>(kShards)) {}

VerdictCache::~VerdictCache() = default;

VerdictCache::Shard& VerdictCache::shard_of(const VerdictKey& key) const {
  return shards_[key.sha256[0] % kShards];
}

VerdictCache::Joined VerdictCache::join(const VerdictKey& key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Joined joined;
  joined.known = shard.find(key, clock_.steady());
  if (joined.known) return joined;
  auto& flight = shard.flights[key];
  if (flight) {
    joined.flight = flight;
    return joined;
  }
  flight = std::make_shared<Flight>();
  joined.lead.emplace(*this, key, flight);
  return joined;
}

// First out of the index, then ended: whoever joins later finds the memory or leads a new flight.
void VerdictCache::end(const VerdictKey& key, const std::shared_ptr<Flight>& flight,
                       const ScanOutcome* outcome) {
  Shard& shard = shard_of(key);
  {
    const std::lock_guard lock(shard.mutex);
    shard.flights.erase(key);
    const bool worth_it = outcome != nullptr && outcome->generation == key.generation &&
                          repeatable(*outcome, key.scanners) && text_of(*outcome) <= kMostText;
    if (worth_it) shard.keep(key, *outcome, clock_.steady() + ttl_, entries_per_shard_);
  }
  const std::lock_guard lock(flight->mutex);
  flight->ended = true;
  if (outcome != nullptr) flight->outcome = *outcome;
  for (const auto& waiting : flight->waiting) waiting->notify();
  flight->waiting.clear();
}

Co<VerdictCache::Landed> VerdictCache::wait(std::shared_ptr<Flight> flight, Duration limit) {
  const auto wakeup = std::make_shared<Wakeup>();
  {
    const std::lock_guard lock(flight->mutex);
    if (flight->ended) co_return Landed{flight->outcome, false};
    flight->waiting.push_back(wakeup);
  }
  const bool notified = co_await wakeup->wait(limit);
  const std::lock_guard lock(flight->mutex);
  if (!notified) std::erase(flight->waiting, wakeup);
  co_return Landed{flight->outcome, !flight->ended};
}

std::size_t VerdictCache::size() const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    size += shards_[i].entries.size();
  }
  return size;
}

}  // namespace weir
