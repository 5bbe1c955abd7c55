#include "proxy/notify/outbox.h"

#include "core/escape.h"
#include "core/log.h"
#include "sandbox_client/millis.h"

namespace weir {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"(
CREATE TABLE parcels(
  id INTEGER PRIMARY KEY AUTOINCREMENT, outlet TEXT NOT NULL, made INTEGER NOT NULL,
  due INTEGER NOT NULL, tries INTEGER NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
  json TEXT NOT NULL) STRICT;
CREATE INDEX by_outlet ON parcels(outlet, due);
)";
constexpr std::size_t kMostSubject = 200;

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs,
                       std::string_view between) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    if (!text.empty()) text += between;
    text += name + ": " + escape_for_terminal(value);
  }
  return text;
}

}  // namespace

std::string notice_subject(const Notice& notice) {
  return "[weir] " + std::string(severity_name(notice.severity)) + ": " +
         escape_for_terminal(notice.message, kMostSubject);
}

std::string notice_text(const Notice& notice) {
  std::string text = escape_for_terminal(notice.message) + "\n\ntime: " + iso_time(notice.time) +
                     "\nnotice: " + notice.what + "\n" + pairs_text(notice.details, "\n") + "\n";
  if (!notice.receipts.empty()) text += "\nWho got it:\n";
  for (const auto& receipt : notice.receipts) text += "  " + pairs_text(receipt, ", ") + "\n";
  return text;
}

Result<std::unique_ptr<Outbox>> Outbox::open(const std::string& path, const Clock& clock) {
  auto database = Database::open(path, {});
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  if (auto due = database->change("UPDATE parcels SET due=0"); !due) return pass(std::move(due));
  return std::unique_ptr<Outbox>(new Outbox(clock, std::move(*database)));
}

Result<> Outbox::put(const Notice& notice, const std::vector<std::string>& outlets) {
  const std::string subject = notice_subject(notice), text = notice_text(notice);
  const std::string json = notice_line(notice);
  const std::scoped_lock lock(mutex_);
  auto transaction = WriteTransaction::begin(database_);
  if (!transaction) return pass(std::move(transaction));
  for (const std::string& outlet : outlets) {
    auto kept = database_.change(
        "INSERT INTO parcels(outlet,made,due,tries,subject,text,json) VALUES(?1,?2,0,0,?3,?4,?5)",
        outlet, to_millis(clock_.wall()), subject, text, json);
    if (!kept) return kept;
  }
  auto trimmed = database_.change(
      "DELETE FROM parcels WHERE id<=(SELECT id FROM parcels ORDER BY id DESC LIMIT 1 OFFSET ?1)",
      kMost);
  if (!trimmed) return trimmed;
  return transaction->commit();
}

Result<std::optional<Parcel>> Outbox::next(const std::string& outlet) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query(
      "SELECT id,made,tries,subject,text,json FROM parcels WHERE outlet=?1 AND due<=?2"
      " ORDER BY due, id LIMIT 1",
      outlet, to_millis(clock_.wall()));
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  if (!*found) return std::nullopt;
  Parcel parcel;
  parcel.id = row->integer(0);
  parcel.made = from_millis(row->integer(1));
  parcel.tries = static_cast<unsigned>(row->integer(2));
  parcel.subject = row->text(3);
  parcel.text = row->text(4);
  parcel.json = row->text(5);
  return parcel;
}

Result<std::optional<Duration>> Outbox::wait(const std::string& outlet) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT MIN(due) FROM parcels WHERE outlet=?1", outlet);
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  if (row->is_null(0)) return std::nullopt;
  const std::int64_t left = row->integer(0) - to_millis(clock_.wall());
  return std::optional<Duration>(std::chrono::milliseconds(std::max<std::int64_t>(left, 0)));
}

Result<> Outbox::remove(std::int64_t id) {
  const std::scoped_lock lock(mutex_);
  return database_.change("DELETE FROM parcels WHERE id=?1", id);
}

Result<> Outbox::later(std::int64_t id, Duration pause) {
  const std::int64_t due = to_millis(clock_.wall() + std::chrono::duration_cast<Millis>(pause));
  const std::scoped_lock lock(mutex_);
  return database_.change("UPDATE parcels SET due=?2, tries=tries+1 WHERE id=?1", id, due);
}

std::uint64_t Outbox::waiting(const std::string& outlet) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT COUNT(*) FROM parcels WHERE outlet=?1", outlet);
  if (!row || !row->step().value_or(false)) return 0;
  return static_cast<std::uint64_t>(row->integer(0));
}

}  // namespace weir
