// What sources say, each word kept once: strings, records, and lists of records for values that
// several sources name. Part of an IndexBuilder; one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "feeds/index_format.h"

namespace weir {

class RecordTable {
 public:
  RecordTable();

  // The number of the record for these attributes. Refused: strings past kLongestString, and more
  // records or strings than a file holds.
  Result<std::uint32_t> add(const Attributes& about);
  // What an entry refers to for these records, sorted and distinct; at most kMostInList are kept.
  std::uint32_t payload(std::vector<std::uint32_t> records);

  const std::vector<index_format::Record>& records() const { return records_; }
  const std::vector<std::uint32_t>& lists() const { return lists_; }
  const std::string& strings() const { return strings_; }

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct RecordHash {
    std::size_t operator()(const index_format::Record& record) const;
  };

  std::uint32_t intern(std::string_view text);

  Attributes last_;  // feeds say the same many times in a row
  std::uint32_t last_record_ = index_format::kNone;
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> string_at_;
  std::unordered_map<index_format::Record, std::uint32_t, RecordHash> record_at_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> list_at_;
  std::vector<index_format::Record> records_;
  std::vector<std::uint32_t> lists_;
  std::string strings_;
};

}  // namespace weir
