// What becomes of a submission after it was taken, and how its end is told.
#include <algorithm>

#include "sandbox_client/queue.h"
#include "sandbox_client/queue_row.h"

namespace weir {
namespace {

using enum SubmissionState;

constexpr std::size_t kMostWhy = 512;  // bytes; it can quote an engine

std::string cut(const std::string& why) { return why.substr(0, kMostWhy); }

std::int64_t in_millis(Duration duration) {
  return std::chrono::duration_cast<Millis>(duration).count();
}

// An engine that failed over a file outweighs those that never take such files: nobody may read the
// end as "there was nothing to look at".
bool is_failure(Reason reason) {
  return reason != Reason::none && reason != Reason::unsupported && reason != Reason::too_large;
}

}  // namespace

Result<> SubmissionQueue::sent(std::int64_t id, const std::string& ticket) {
  const std::scoped_lock lock(mutex_);
  auto kept = database_.change(
      "UPDATE submissions SET state=?2, ticket=?3, due=?4, why='' WHERE id=?1 AND state=?5", id,
      state_number(submitted), ticket, now_ms(), state_number(submitting));
  reached("ticket written");
  return kept;
}

Result<> SubmissionQueue::unsure(std::int64_t id, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  return try_later(id, submitting, why);
}

Result<> SubmissionQueue::not_sent(std::int64_t id, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  return try_later(id, waiting, why);
}

Result<> SubmissionQueue::refused(std::int64_t id, Reason reason, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  return refuse(id, reason, why);
}

Result<> SubmissionQueue::try_later(std::int64_t id, SubmissionState state,
                                    const std::string& why) {
  auto row = database_.query("SELECT attempts FROM submissions WHERE id=?1", id);
  if (!row) return pass(std::move(row));
  if (auto stepped = row->step(); !stepped) return pass(std::move(stepped));
  // Looking for an uncertain one again is an attempt too; a new intent counts itself.
  const std::int64_t attempts = row->integer(0) + (state == submitting ? 1 : 0);
  if (attempts >= options_.max_attempts) {
    return refuse(id, Reason::engine_down,
                  why + " (after " + std::to_string(attempts) + " attempts)");
  }
  const Duration pause = backoff_pause(options_.backoff, static_cast<unsigned>(attempts), random_);
  auto set = database_.change(
      "UPDATE submissions SET state=?2, due=?3, why=?4, attempts=?5 WHERE id=?1"
      " AND state IN (?6,?7)",
      id, state_number(state), now_ms() + in_millis(pause), cut(why), attempts,
      state_number(submitting), state_number(submitted));
  reached("put off");
  return set;
}

Result<> SubmissionQueue::refuse(std::int64_t id, Reason reason, const std::string& why) {
  auto row = database_.query(
      "SELECT tried||','||engine||',', wanted, reason FROM submissions WHERE id=?1", id);
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  if (!*found) return {};
  const std::string tried = row->text(0);
  const bool others = row->text(1).empty() && std::ranges::any_of(engines_, [&](auto& name) {
                        return !tried.contains("," + name + ",");
                      });
  const auto before = static_cast<Reason>(row->integer(2));
  auto set = database_.change(
      "UPDATE submissions SET state=?2, tried=?3, attempts=0, due=?4, why=?5, ticket='', reason=?9"
      " WHERE id=?1 AND state IN (?6,?7,?8)",
      id, state_number(others ? waiting : failed), tried, now_ms(), cut(why), state_number(waiting),
      state_number(submitting), state_number(submitted),
      static_cast<int>(is_failure(before) ? before : reason));
  reached("refused");
  return set;
}

Result<std::vector<Work>> SubmissionQueue::tickets_due(const std::string& engine,
                                                       std::size_t most) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT " + std::string(kWorkColumns) +
                                 " FROM submissions WHERE state=?1 AND engine=?3" +
                                 std::string(kRowIsDue) + " ORDER BY due, id LIMIT ?4",
                             state_number(submitted), now_ms(), engine, most);
  if (!row) return pass(std::move(row));
  std::vector<Work> due;
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return due;
    due.push_back(work_of(*row));
  }
}

Result<> SubmissionQueue::ask_again(std::int64_t id, Duration pause) {
  const std::scoped_lock lock(mutex_);
  return database_.change("UPDATE submissions SET due=?2 WHERE id=?1 AND state=?3", id,
                          now_ms() + in_millis(pause), state_number(submitted));
}

Result<> SubmissionQueue::finish(std::int64_t id) {
  const std::scoped_lock lock(mutex_);
  auto ended =
      database_.change("UPDATE submissions SET state=?2, why='', reason=0 WHERE id=?1 AND state<?2",
                       id, state_number(finished));
  reached("finished");
  return ended;
}

Result<> SubmissionQueue::give_up(std::int64_t id, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  return database_.change(
      "UPDATE submissions SET state=?2, why=?3, reason=?4 WHERE id=?1 AND state<?5", id,
      state_number(failed), cut(why), static_cast<int>(Reason::crashed), state_number(finished));
}

Result<> SubmissionQueue::expire() {
  const std::scoped_lock lock(mutex_);
  auto expired = database_.change(
      "UPDATE submissions SET state=?1, reason=?4,"
      " why='no report before the deadline'||CASE why WHEN '' THEN '' ELSE ': '||why END"
      " WHERE deadline<=?2 AND state<?3",
      state_number(SubmissionState::expired), now_ms(), state_number(finished),
      static_cast<int>(Reason::timeout));
  reached("expired");
  return expired;
}

Result<std::vector<Ended>> SubmissionQueue::ended(std::size_t most) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT " + std::string(kWorkColumns) +
                                 ",engine,why,joins,reason FROM submissions WHERE state>=?1"
                                 " ORDER BY id LIMIT ?2",
                             state_number(finished), most);
  if (!row) return pass(std::move(row));
  std::vector<Ended> ends;
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return ends;
    Work work = work_of(*row);
    ends.push_back({work.id, std::move(work.submission),
                    static_cast<SubmissionState>(row->integer(11)), row->text(15),
                    static_cast<Reason>(row->integer(18)), row->text(16),
                    static_cast<std::uint64_t>(row->integer(17))});
  }
}

// The row first: a file without a row is swept, a row without a file would be stuck.
Result<> SubmissionQueue::told(std::int64_t id) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT sha256, size FROM submissions WHERE id=?1 AND state>=?2", id,
                             state_number(finished));
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  if (!*found) return {};
  const std::string sha256 = row->text(0);
  const auto size = static_cast<std::uint64_t>(row->integer(1));
  row->start();  // a statement under way keeps the commit waiting
  auto gone = database_.change("DELETE FROM submissions WHERE id=?1", id);
  if (!gone) return gone;
  reached("row removed");
  give_back(size);
  remove_file(sha256);
  reached("file removed");
  return {};
}

std::optional<WallTime> SubmissionQueue::next_due(const std::string& engine, bool room) const {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query(
      "SELECT MIN(at) FROM (SELECT MIN(deadline) AS at FROM submissions WHERE state<?1 UNION ALL"
      " SELECT MIN(due) FROM submissions WHERE state IN (?2,?3) AND engine=?5 UNION ALL"
      " SELECT MIN(due) FROM submissions WHERE ?6 AND state=?4 AND wanted IN ('',?5)"
      " AND instr(tried, ','||?5||',')=0)",
      state_number(finished), state_number(submitting), state_number(submitted),
      state_number(waiting), engine, room ? 1 : 0);
  if (!row) return std::nullopt;
  const auto found = row->step();
  if (!found || !*found || row->is_null(0)) return std::nullopt;
  return from_millis(row->integer(0));
}

std::map<SubmissionState, std::uint64_t> SubmissionQueue::counts() const {
  const std::scoped_lock lock(mutex_);
  std::map<SubmissionState, std::uint64_t> counts;
  auto row = database_.query("SELECT state, COUNT(*) FROM submissions GROUP BY state");
  while (row) {
    const auto more = row->step();
    if (!more || !*more) break;
    counts[static_cast<SubmissionState>(row->integer(0))] =
        static_cast<std::uint64_t>(row->integer(1));
  }
  return counts;
}

std::uint64_t SubmissionQueue::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

}  // namespace weir
