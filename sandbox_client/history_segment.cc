#include "sandbox_client/history_segment.h"

#include <algorithm>
#include <ranges>

#include "core/cursor.h"
#include "core/digest.h"
#include "sandbox_client/millis.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr int kCounterBits = 22;
constexpr std::int64_t kCounterMask = (std::int64_t{1} << kCounterBits) - 1;
constexpr std::size_t kNamesInMemory = 200'000;
constexpr std::size_t kMostUrl = 2048;
constexpr std::size_t kMostName = 512;

// hash_key is the beginning of the hash: a quarter of the index that the whole would need.
constexpr const char* kTables = R"(
CREATE TABLE names(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, UNIQUE(kind, text)) STRICT;
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, client INTEGER NOT NULL, user INTEGER NOT NULL,
  host INTEGER NOT NULL, domain INTEGER NOT NULL, url TEXT NOT NULL, hash_key INTEGER,
  sha256 BLOB, name TEXT NOT NULL, action INTEGER NOT NULL, verdict INTEGER NOT NULL) STRICT;
CREATE INDEX by_hash ON deliveries(hash_key) WHERE hash_key IS NOT NULL;
CREATE INDEX by_host ON deliveries(host);
CREATE INDEX by_domain ON deliveries(domain);
CREATE INDEX by_client ON deliveries(client);
CREATE INDEX by_user ON deliveries(user);
)";

// Made when the first row needs it: files of earlier versions have none and stay as they are, and
// earlier versions read the new ones.
constexpr const char* kInsideTable = R"(
CREATE TABLE IF NOT EXISTS inside(
  sha256 BLOB NOT NULL, delivery INTEGER NOT NULL,
  PRIMARY KEY(sha256, delivery)) STRICT, WITHOUT ROWID;
)";

constexpr std::string_view kColumns =
    "SELECT d.id,d.event,c.text,u.text,h.text,m.text,d.url,d.sha256,d.name,a.text,v.text FROM ";
constexpr std::string_view kNames =
    " CROSS JOIN names c ON c.id=d.client CROSS JOIN names u ON u.id=d.user"
    " CROSS JOIN names h ON h.id=d.host CROSS JOIN names m ON m.id=d.domain"
    " CROSS JOIN names a ON a.id=d.action CROSS JOIN names v ON v.id=d.verdict";
constexpr std::string_view kRows = " WHERE d.id>=?1 AND d.id<?2";
constexpr std::string_view kRowsInside = " WHERE i.sha256=?3 AND i.delivery>=?1 AND i.delivery<?2";

std::int64_t hash_key(ByteView digest) { return static_cast<std::int64_t>(Cursor(digest).u64be()); }

DeliveryRecord record_of(const Statement& row) {
  DeliveryRecord one;
  one.time = history_row_time(row.integer(0));
  one.event_id = row.text(1);
  one.client = row.text(2);
  one.user = row.text(3);
  one.host = row.text(4);
  one.domain = row.text(5);
  one.url = row.text(6);
  one.sha256 = hex(as_bytes(row.blob(7)));
  one.file_name = row.text(8);
  one.action = row.text(9);
  one.verdict = row.text(10);
  return one;
}

// For LIKE with ESCAPE '\'.
std::string somewhere(const std::string& part) {
  std::string pattern = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace

std::int64_t history_row_id(WallTime time) {
  return std::max<std::int64_t>(to_millis(time), 0) << kCounterBits;
}

WallTime history_row_time(std::int64_t id) { return from_millis(id >> kCounterBits); }

Result<std::unique_ptr<HistoryWriter>> HistoryWriter::open(const std::string& path) {
  DatabaseOptions options;
  options.durable = Durable::normal;
  options.cache_bytes = 64 << 20;
  auto database = Database::open(path, options);
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  std::unique_ptr<HistoryWriter> writer(new HistoryWriter(std::move(*database)));
  if (auto ready = writer->prepare(); !ready) return pass(std::move(ready));
  return writer;
}

Result<> HistoryWriter::prepare() {
  const struct {
    Statement& statement;
    const char* sql;
  } all[] = {{insert_,
              "INSERT INTO deliveries(id,event,client,user,host,domain,url,name,action,verdict,"
              "hash_key,sha256) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"},
             {find_name_, "SELECT id FROM names WHERE kind=?1 AND text=?2"},
             {add_name_, "INSERT INTO names(kind,text) VALUES(?1,?2)"}};
  for (const auto& one : all) {
    auto made = database_.prepare(one.sql);
    if (!made) return pass(std::move(made));
    one.statement = std::move(*made);
  }
  auto row = database_.query(
      "SELECT (SELECT COUNT(*) FROM deliveries), (SELECT MIN(id) FROM deliveries),"
      " (SELECT MAX(id) FROM deliveries)");
  if (!row) return pass(std::move(row));
  if (auto stepped = row->step(); !stepped) return pass(std::move(stepped));
  rows_ = static_cast<std::uint64_t>(row->integer(0));
  first_id_ = row->integer(1);
  last_id_ = row->integer(2);
  counter_ = static_cast<std::int64_t>(rows_) & kCounterMask;
  return {};
}

Result<> HistoryWriter::append(std::span<const DeliveryRecord> records) {
  const auto before = std::tuple(rows_, first_id_, last_id_);
  auto done = [&]() -> Result<> {
    auto transaction = WriteTransaction::begin(database_);
    if (!transaction) return pass(std::move(transaction));
    for (const DeliveryRecord& record : records) {
      if (auto kept = insert(record); !kept) return kept;
    }
    return transaction->commit();
  }();
  if (!done) {  // the names that it added are gone too, and a table
    names_.clear();
    add_inside_.reset();
    std::tie(rows_, first_id_, last_id_) = before;
  }
  return done;
}

Result<> HistoryWriter::insert(const DeliveryRecord& record) {
  const std::pair<char, const std::string*> named[] = {
      {'c', &record.client}, {'u', &record.user},   {'h', &record.host},
      {'d', &record.domain}, {'a', &record.action}, {'v', &record.verdict}};
  std::int64_t ids[std::size(named)] = {};
  for (std::size_t i = 0; i < std::size(named); ++i) {
    auto id = name_id(named[i].first, *named[i].second);
    if (!id) return pass(std::move(id));
    ids[i] = *id;
  }
  counter_ = (counter_ + 1) & kCounterMask;
  const std::int64_t id = history_row_id(record.time) | counter_;
  insert_.start().bind_all(id, record.event_id, ids[0], ids[1], ids[2], ids[3],
                           std::string_view(record.url).substr(0, kMostUrl),
                           std::string_view(record.file_name).substr(0, kMostName), ids[4], ids[5]);
  if (is_sha256_hex(record.sha256)) {
    const auto digest = *from_hex(record.sha256);
    insert_.bind(11, hash_key(digest)).bind_blob(12, digest);
  }
  if (auto kept = insert_.run(); !kept) return kept;
  if (auto kept = insert_inside(record, id); !kept) return kept;
  ++rows_;
  first_id_ = first_id_ == 0 ? id : std::min(first_id_, id);
  last_id_ = std::max(last_id_, id);
  return {};
}

// A row is found once for one hash, so its own is left out.
Result<> HistoryWriter::insert_inside(const DeliveryRecord& record, std::int64_t id) {
  if (record.inside.empty()) return {};
  if (!add_inside_) {
    if (auto made = database_.run(kInsideTable); !made) return made;
    auto add = database_.prepare("INSERT OR IGNORE INTO inside(sha256,delivery) VALUES(?1,?2)");
    if (!add) return pass(std::move(add));
    add_inside_ = std::move(*add);
  }
  for (const std::string& one : record.inside | std::views::take(kMostInside)) {
    if (!is_sha256_hex(one) || one == record.sha256) continue;
    if (auto kept = add_inside_->start().bind_blob(1, *from_hex(one)).bind(2, id).run(); !kept) {
      return kept;
    }
  }
  return {};
}

Result<std::int64_t> HistoryWriter::name_id(char kind, const std::string& text) {
  const std::string cut = text.substr(0, kMostName);
  const auto [entry, is_new] = names_.try_emplace(kind + cut);
  if (!is_new) return entry->second;
  const std::string_view letter(&kind, 1);
  auto found = find_name_.start().bind_all(letter, cut).step();
  if (!found) return pass(std::move(found));
  std::int64_t id = *found ? find_name_.integer(0) : 0;
  find_name_.start();
  if (id == 0) {
    if (auto added = add_name_.start().bind_all(letter, cut).run(); !added) {
      return pass(std::move(added));
    }
    id = database_.last_id();
  }
  entry->second = id;
  if (names_.size() > kNamesInMemory) names_.clear();
  return id;
}

Result<std::unique_ptr<HistoryReader>> HistoryReader::open(const std::string& path) {
  DatabaseOptions options;
  options.read_only = true;
  options.cache_bytes = 1 << 20;
  options.mapped_bytes = 1ull << 30;
  auto database = Database::open(path, options);
  if (!database) return pass(std::move(database));
  return std::unique_ptr<HistoryReader>(new HistoryReader(std::move(*database)));
}

Result<std::optional<std::int64_t>> HistoryReader::name_id(char kind, const std::string& text) {
  auto row = database_.query("SELECT id FROM names WHERE kind=?1 AND text=?2",
                             std::string_view(&kind, 1), text);
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  return *found ? std::optional(row->integer(0)) : std::nullopt;
}

// What narrows the rows by the dictionary. False: one of the names does not occur in this file.
Result<bool> HistoryReader::narrow(const HistoryFilter& filter, std::string& sql) {
  const struct {
    char kind;
    const char* column;
    const std::string& text;
  } named[] = {{'h', "host", filter.host},     {'d', "domain", filter.domain},
               {'c', "client", filter.client}, {'u', "user", filter.user},
               {'a', "action", filter.action}, {'v', "verdict", filter.verdict}};
  for (const auto& one : named) {
    if (one.text.empty()) continue;
    const auto id = name_id(one.kind, one.text);
    if (!id) return std::unexpected(id.error());
    if (!*id) return false;
    // An action is no way in: nearly all rows have the same.
    const bool weak = one.kind == 'a' || one.kind == 'v';
    sql +=
        std::string(" AND ") + (weak ? "+" : "") + "d." + one.column + "=" + std::to_string(**id);
  }
  return true;
}

struct HistoryReader::Question {
  const HistoryFilter& filter;
  std::int64_t least, below;
  std::size_t most;
  std::string narrowed;
  std::vector<std::uint8_t> digest;  // of filter.sha256
};

// `inside`: the rows of files that hold the one that is asked for.
Result<> HistoryReader::read(const Question& question, bool inside,
                             std::vector<NumberedDelivery>& found) {
  const HistoryFilter& filter = question.filter;
  std::string sql(kColumns);
  sql += inside ? "inside i CROSS JOIN deliveries d ON d.id=i.delivery" : "deliveries d";
  sql += kNames;
  sql += inside ? kRowsInside : kRows;
  if (!inside && !question.digest.empty()) {
    sql += " AND d.hash_key=" + std::to_string(hash_key(question.digest)) + " AND d.sha256=?3";
  }
  sql += question.narrowed;
  if (!filter.event_id.empty()) sql += " AND d.event=?4";
  if (!filter.url_part.empty()) sql += " AND d.url LIKE ?5 ESCAPE '\\'";
  if (!filter.name_part.empty()) sql += " AND d.name LIKE ?6 ESCAPE '\\'";
  sql += inside ? " ORDER BY i.delivery DESC LIMIT ?7" : " ORDER BY d.id DESC LIMIT ?7";
  auto row = database_.query(sql, question.least, question.below);
  if (!row) return pass(std::move(row));
  row->bind_blob(3, question.digest).bind(4, filter.event_id).bind(5, somewhere(filter.url_part));
  row->bind(6, somewhere(filter.name_part)).bind(7, static_cast<std::int64_t>(question.most));
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return {};
    found.push_back({row->integer(0), record_of(*row)});
    found.back().record.was_inside = inside;
  }
}

Result<std::vector<NumberedDelivery>> HistoryReader::search(const HistoryFilter& filter,
                                                            std::int64_t least, std::int64_t below,
                                                            std::size_t most) {
  std::vector<NumberedDelivery> found;
  Question question{filter, least, below, most, {}, {}};
  if (!filter.sha256.empty()) {
    if (!is_sha256_hex(filter.sha256)) return found;
    question.digest = *from_hex(filter.sha256);
  }
  const auto some = narrow(filter, question.narrowed);
  if (!some) return std::unexpected(some.error());
  if (!*some) return found;
  if (auto done = read(question, false, found); !done) return pass(std::move(done));
  const auto also = filter.sha256.empty() ? Result<bool>(false) : has_inside();
  if (!also) return std::unexpected(also.error());
  if (!*also) return found;
  if (auto done = read(question, true, found); !done) return pass(std::move(done));
  std::ranges::sort(found, std::ranges::greater(), &NumberedDelivery::id);
  if (found.size() > most) found.resize(most);
  return found;
}

// It may come while this reader is open.
Result<bool> HistoryReader::has_inside() {
  if (has_inside_) return true;
  auto row = database_.query("SELECT 1 FROM sqlite_master WHERE type='table' AND name='inside'");
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (found) has_inside_ = *found;
  return found;
}

Result<bool> HistoryReader::hosts(const Visitor& visit) {
  return visit_column("SELECT text FROM names WHERE kind='h' AND text<>''", false, visit);
}

Result<bool> HistoryReader::hashes(const Visitor& visit) {
  auto more = visit_column("SELECT DISTINCT sha256 FROM deliveries WHERE hash_key IS NOT NULL",
                           true, visit);
  if (!more || !*more) return more;
  const auto also = has_inside();
  if (!also || !*also) return also ? Result<bool>(true) : also;
  return visit_column("SELECT DISTINCT sha256 FROM inside", true, visit);
}

Result<bool> HistoryReader::urls(const Visitor& visit) {
  return visit_column("SELECT url FROM deliveries WHERE url<>''", false, visit);
}

Result<bool> HistoryReader::visit_column(const char* sql, bool as_hex, const Visitor& visit) {
  auto row = database_.query(sql);
  if (!row) return pass(std::move(row));
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return true;
    const std::string text = row->blob(0);
    if (!visit(as_hex ? hex(as_bytes(text)) : text)) return false;
  }
}

}  // namespace weir
