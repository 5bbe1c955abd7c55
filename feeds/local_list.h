// What people of this gateway block and allow by themselves (`weir block`, `weir allow`): a small
// file in the state directory, JSON (read as YAML), replaced as a whole. It wins over every feed.
// One writer at a time; not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "core/result.h"
#include "feeds/indicator.h"

namespace weir {

struct LocalEntry {
  IndicatorKind kind = IndicatorKind::domain;
  std::string value;  // canonical
  bool allow = false;
  WallTime added{}, expiry{};  // epoch: never
  std::string why;
  bool operator==(const LocalEntry&) const = default;
};

// The kind that a person means: a URL, an address or range, a digest, else a domain with all below.
Result<LocalEntry> local_entry(std::string_view text);

class LocalList {
 public:
  static constexpr std::size_t kMost = 100'000;

  // A missing file is an empty list. Damage is an error: what people decided is not dropped.
  static Result<LocalList> load(const std::string& path);
  Result<void> save(const std::string& path) const;  // 0600, synced, renamed

  // Replaces what was said of the same thing; Errc::too_large when full.
  Result<void> put(LocalEntry entry);
  bool remove(IndicatorKind kind, std::string_view value);
  void drop_expired(WallTime now);

  const std::vector<LocalEntry>& entries() const { return entries_; }
  std::vector<Indicator> indicators() const;  // of the source kLocalSource

 private:
  std::vector<LocalEntry> entries_;
};

}  // namespace weir
