#include "proxy/told_memory.h"

#include "sandbox_client/millis.h"

namespace weir {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"(
CREATE TABLE told(key TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT;
CREATE TABLE questions(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, indicator TEXT NOT NULL,
  source TEXT NOT NULL, threat TEXT NOT NULL, note TEXT NOT NULL) STRICT;
)";

}  // namespace

Result<std::unique_ptr<ToldMemory>> ToldMemory::open(const std::string& path, const Clock& clock) {
  auto database = Database::open(path, {});
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  return std::unique_ptr<ToldMemory>(new ToldMemory(clock, std::move(*database)));
}

Result<bool> ToldMemory::was_told(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT 1 FROM told WHERE key=?1", key);
  if (!row) return pass(std::move(row));
  return row->step();
}

Result<> ToldMemory::ask(const Suspect& suspect) {
  const std::scoped_lock lock(mutex_);
  return database_.change(
      "INSERT INTO questions(kind,value,indicator,source,threat,note) VALUES(?1,?2,?3,?4,?5,?6)",
      suspect.kind, suspect.value, suspect.indicator, suspect.source, suspect.threat, suspect.note);
}

Result<std::vector<std::pair<std::int64_t, Suspect>>> ToldMemory::asked(std::size_t most) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query(
      "SELECT id,kind,value,indicator,source,threat,note FROM questions ORDER BY id LIMIT ?1",
      most);
  if (!row) return pass(std::move(row));
  std::vector<std::pair<std::int64_t, Suspect>> questions;
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return questions;
    questions.emplace_back(row->integer(0), Suspect{row->text(1),
                                                    row->text(2),
                                                    row->text(3),
                                                    row->text(4),
                                                    row->text(5),
                                                    row->text(6),
                                                    {}});
  }
}

Result<> ToldMemory::told(const std::vector<std::string>& keys,
                          const std::vector<std::int64_t>& answered) {
  const std::scoped_lock lock(mutex_);
  auto transaction = WriteTransaction::begin(database_);
  if (!transaction) return pass(std::move(transaction));
  for (const std::string& key : keys) {
    auto kept = database_.change("INSERT OR REPLACE INTO told(key,time) VALUES(?1,?2)", key,
                                 to_millis(clock_.wall()));
    if (!kept) return kept;
  }
  for (const std::int64_t id : answered) {
    auto gone = database_.change("DELETE FROM questions WHERE id=?1", id);
    if (!gone) return gone;
  }
  return transaction->commit();
}

Result<> ToldMemory::forget_before(WallTime time) {
  const std::scoped_lock lock(mutex_);
  return database_.change("DELETE FROM told WHERE time<?1", to_millis(time));
}

}  // namespace weir
