#include "feeds/names/near_names.h"

#include <algorithm>
#include <array>
#include <bit>

namespace weir {
namespace {

constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15;
constexpr std::size_t kLongestText = kLongestName + kMostErrors;
constexpr unsigned kFilterBitsPerEntry = 32;

constexpr auto kPowers = [] {
  std::array<std::uint64_t, kLongestText + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * kBase;
  return powers;
}();

// The hash of s is the sum of s[i] * base^(size-1-i), so parts of a text can be joined.
class Hashes {
 public:
  explicit Hashes(std::string_view text) : size_(text.size()) {
    for (std::size_t i = 0; i < size_; ++i) {
      prefix_[i + 1] = prefix_[i] * kBase + static_cast<unsigned char>(text[i]);
    }
  }
  std::uint64_t part(std::size_t from, std::size_t to) const {
    return prefix_[to] - prefix_[from] * kPowers[to - from];
  }
  // Calls `use` with the hash of the text less up to `most` letters.
  template <class Use>
  void deletions(std::size_t most, Use use) const {
    use(mixed(prefix_[size_]));
    for (std::size_t i = 0; most >= 1 && i < size_; ++i) {
      const std::uint64_t one = joined(prefix_[i], i + 1, size_);
      use(mixed(one));
      for (std::size_t j = i + 1; most >= 2 && j < size_; ++j) {
        use(mixed(joined(joined(prefix_[i], i + 1, j), j + 1, size_)));
      }
    }
  }

 private:
  std::uint64_t joined(std::uint64_t head, std::size_t from, std::size_t to) const {
    return head * kPowers[to - from] + part(from, to);
  }
  static std::uint64_t mixed(std::uint64_t hash) {  // the filter takes the upper bits
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    return hash ^ hash >> 32;
  }

  std::size_t size_;
  std::array<std::uint64_t, kLongestText + 1> prefix_{};
};

}  // namespace

void NearNames::add(std::string_view name, std::uint32_t id) {
  const std::size_t bound = errors_allowed(name.size());
  if (bound == 0 || name.size() > kLongestName) return;
  shortest_ = std::min(shortest_, name.size() - bound);
  longest_ = std::max(longest_, name.size() + bound);
  Hashes(name).deletions(bound, [&](std::uint64_t hash) { entries_.push_back({hash, id}); });
}

void NearNames::build() {
  std::ranges::sort(entries_);
  entries_.erase(std::ranges::unique(entries_).begin(), entries_.end());
  const std::size_t bits =
      std::bit_ceil(std::max<std::size_t>(64, entries_.size()) * kFilterBitsPerEntry);
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(bits));
  filter_.assign(bits / 64, 0);
  for (const Entry& one : entries_) {
    const std::uint64_t bit = one.hash >> shift_;
    filter_[bit >> 6] |= 1ULL << (bit & 63);
  }
}

std::vector<std::uint32_t> NearNames::candidates(std::string_view text) const {
  std::vector<std::uint32_t> found;
  if (text.size() < shortest_ || text.size() > longest_ || filter_.empty()) return found;
  const std::size_t most =
      text.size() >= 7 ? kMostErrors : 1;  // 7 = the shortest with two, less two
  Hashes(text).deletions(most, [&](std::uint64_t hash) {
    if (!may_have(hash)) return;
    auto at = std::ranges::lower_bound(entries_, hash, {}, &Entry::hash);
    for (; at != entries_.end() && at->hash == hash; ++at) {
      if (found.size() == kMostCandidates) return;
      if (std::ranges::find(found, at->id) == found.end()) found.push_back(at->id);
    }
  });
  return found;
}

}  // namespace weir
