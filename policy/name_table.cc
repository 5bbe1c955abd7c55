#include "policy/name_table.h"

namespace weir {

void NameTable::add(std::uint64_t hash, std::string_view name, std::uint32_t label) {
  if (visit(hash, name, [&](std::uint32_t known) { return known == label; })) return;
  if (entries_.size() + 1 > buckets_.size() / 2) grow();
  std::uint32_t& bucket = buckets_[hash & (buckets_.size() - 1)];
  entries_.push_back({hash, static_cast<std::uint32_t>(names_.size()),
                      static_cast<std::uint32_t>(name.size()), label, bucket});
  bucket = static_cast<std::uint32_t>(entries_.size() - 1);
  names_ += name;
}

void NameTable::grow() {
  buckets_.assign(buckets_.empty() ? 8 : buckets_.size() * 4, kNone);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::uint32_t& bucket = buckets_[entries_[i].hash & (buckets_.size() - 1)];
    entries_[i].next = bucket;
    bucket = i;
  }
}

}  // namespace weir
