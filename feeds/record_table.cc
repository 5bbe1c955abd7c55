#include "feeds/record_table.h"

#include <algorithm>

namespace weir {

using namespace index_format;

namespace {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::uint32_t clamped(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, kNone - 1));
}

std::uint32_t day_of(WallTime time) { return clamped(seconds_of(time) / 86400); }

// Rounded up, so that nothing expires early; any expiry is at least hour 1, as 0 means never.
std::uint32_t expiry_hour_of(WallTime time) {
  if (time == WallTime{}) return 0;
  return std::max(1U, clamped((seconds_of(time) + 3599) / 3600));
}

}  // namespace

std::size_t RecordTable::RecordHash::operator()(const Record& record) const {
  const std::string_view bytes(reinterpret_cast<const char*>(&record), sizeof record);
  return std::hash<std::string_view>()(bytes);
}

RecordTable::RecordTable() { intern(""); }

std::uint32_t RecordTable::intern(std::string_view text) {
  if (const auto found = string_at_.find(text); found != string_at_.end()) return found->second;
  const auto at = static_cast<std::uint32_t>(strings_.size());
  strings_ += static_cast<char>(text.size() & 0xff);
  strings_ += static_cast<char>(text.size() >> 8);
  strings_ += text;
  string_at_.emplace(text, at);
  return at;
}

Result<std::uint32_t> RecordTable::add(const Attributes& about) {
  if (last_record_ != kNone && about == last_) return last_record_;
  const std::size_t longest =
      std::max({about.source.size(), about.category.size(), about.note.size()});
  if (longest > kLongestString || strings_.size() > kMostStrings - 3 * (kLongestString + 2) ||
      records_.size() >= kMostRecords) {
    return fail(Errc::too_large, Fault::config,
                "too long or too many words of feed \"" + about.source.substr(0, 64) + '"');
  }
  const Record record{.source = intern(about.source),
                      .category = intern(about.category),
                      .note = intern(about.note),
                      .first_day = day_of(about.first_seen),
                      .last_day = day_of(about.last_seen),
                      .expiry_hour = expiry_hour_of(about.expiry),
                      .threat = static_cast<std::uint8_t>(about.threat),
                      .confidence = std::min<std::uint8_t>(about.confidence, 100),
                      .reserved = 0};
  const auto [at, added] =
      record_at_.try_emplace(record, static_cast<std::uint32_t>(records_.size()));
  if (added) records_.push_back(record);
  last_ = about;
  last_record_ = at->second;
  return last_record_;
}

std::uint32_t RecordTable::payload(std::vector<std::uint32_t> records) {
  if (records.size() == 1) return records.front();
  if (records.size() > kMostInList) records.resize(kMostInList);
  const auto next = static_cast<std::uint32_t>(lists_.size());
  const auto [at, added] = list_at_.try_emplace(std::move(records), next);
  if (added) {
    lists_.push_back(static_cast<std::uint32_t>(at->first.size()));
    lists_.insert(lists_.end(), at->first.begin(), at->first.end());
  }
  return at->second | kListBit;
}

}  // namespace weir
