// One file of the history: some hundred thousand deliveries with their own dictionary and indexes,
// so that what is inserted meets indexes that fit in memory, and removing old ones is removing a
// file. Rows are numbered by their time (milliseconds, then a counter), and so every index is in
// the order of time. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "core/result.h"
#include "sandbox_client/delivery_record.h"
#include "sandbox_client/sqlite.h"

namespace weir {

// The first number that a row of this time can have.
std::int64_t history_row_id(WallTime time);
WallTime history_row_time(std::int64_t id);

struct NumberedDelivery {
  std::int64_t id = 0;
  DeliveryRecord record;
};

// Appends. Made by the history's writer only.
class HistoryWriter {
 public:
  static Result<std::unique_ptr<HistoryWriter>> open(const std::string& path);

  // All or none.
  Result<> append(std::span<const DeliveryRecord> records);
  std::uint64_t rows() const { return rows_; }
  std::int64_t first_id() const { return first_id_; }  // 0 while empty
  std::int64_t last_id() const { return last_id_; }

 private:
  explicit HistoryWriter(Database database) : database_(std::move(database)) {}
  Result<> prepare();
  Result<> insert(const DeliveryRecord& record);
  Result<> insert_inside(const DeliveryRecord& record, std::int64_t id);
  Result<std::int64_t> name_id(char kind, const std::string& text);

  Database database_;
  Statement insert_, find_name_, add_name_;
  std::optional<Statement> add_inside_;                  // there when its table is
  std::unordered_map<std::string, std::int64_t> names_;  // the kind first; emptied when large
  std::uint64_t rows_ = 0;
  std::int64_t first_id_ = 0, last_id_ = 0, counter_ = 0;
};

class HistoryReader {
 public:
  static Result<std::unique_ptr<HistoryReader>> open(const std::string& path);

  // The newest `most` with least <= id < below that fit the filter.
  Result<std::vector<NumberedDelivery>> search(const HistoryFilter& filter, std::int64_t least,
                                               std::int64_t below, std::size_t most);

  void stop_when(const std::atomic<bool>* stop) { database_.stop_when(stop); }

  // Each host, or each hash (hex), that occurs, or all URLs; the visitor says whether to go on. A
  // hash of files and of files inside others comes twice.
  using Visitor = std::function<bool(const std::string&)>;
  Result<bool> hosts(const Visitor& visit);
  Result<bool> hashes(const Visitor& visit);
  Result<bool> urls(const Visitor& visit);  // of each row, so some come often

 private:
  explicit HistoryReader(Database database) : database_(std::move(database)) {}
  struct Question;
  Result<std::optional<std::int64_t>> name_id(char kind, const std::string& text);
  Result<bool> narrow(const HistoryFilter& filter, std::string& sql);
  Result<> read(const Question& question, bool inside, std::vector<NumberedDelivery>& found);
  Result<bool> has_inside();
  Result<bool> visit_column(const char* sql, bool as_hex, const Visitor& visit);

  Database database_;
  bool has_inside_ = false;
};

}  // namespace weir
