#include "sandbox_client/queue.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/digest.h"
#include "sandbox_client/millis.h"
#include "sandbox_client/queue_row.h"

namespace weir {
namespace {

using enum SubmissionState;

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"(
CREATE TABLE submissions(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT NOT NULL, type TEXT NOT NULL,
  password TEXT NOT NULL, wanted TEXT NOT NULL, size INTEGER NOT NULL, priority INTEGER NOT NULL,
  added INTEGER NOT NULL, deadline INTEGER NOT NULL,
  state INTEGER NOT NULL, engine TEXT NOT NULL, ticket TEXT NOT NULL, key TEXT NOT NULL,
  attempts INTEGER NOT NULL, tried TEXT NOT NULL, joins INTEGER NOT NULL,
  due INTEGER NOT NULL, why TEXT NOT NULL, reason INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX by_state ON submissions(state, priority DESC, id);
CREATE INDEX by_deadline ON submissions(deadline);
)";

// What one field may hold: remote text must not fill the disk.
constexpr std::size_t kMostText = 4096;

std::string cut(const std::string& text, std::size_t most) { return text.substr(0, most); }

std::string draw_key(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return hex(bytes);
}

}  // namespace

SubmissionQueue::SubmissionQueue(const QueueOptions& options, const Clock& clock, Random& random,
                                 StepHook step, SampleFiles files, Database database)
    : options_(options),
      clock_(clock),
      random_(random),
      step_(std::move(step)),
      files_(std::move(files)),
      database_(std::move(database)) {}

Result<std::unique_ptr<SubmissionQueue>> SubmissionQueue::open(const std::string& folder,
                                                               const QueueOptions& options,
                                                               const Clock& clock, Random& random,
                                                               StepHook step) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(errno_error("mkdir " + folder, errno));
  }
  auto files = SampleFiles::open(folder + "/files", random, step);
  if (!files) return pass(std::move(files));
  auto database = Database::open(folder + "/queue.sqlite", {});
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  std::unique_ptr<SubmissionQueue> queue(new SubmissionQueue(
      options, clock, random, std::move(step), std::move(*files), std::move(*database)));
  if (auto restored = queue->restore(); !restored) return pass(std::move(restored));
  return queue;
}

std::int64_t SubmissionQueue::now_ms() const { return to_millis(clock_.wall()); }

// Files without a row are what a kill left of an add() or a told().
Result<> SubmissionQueue::restore() {
  auto row = database_.query("SELECT COUNT(*), COALESCE(SUM(size),0) FROM submissions");
  if (!row) return pass(std::move(row));
  if (auto stepped = row->step(); !stepped) return pass(std::move(stepped));
  rows_ = static_cast<std::uint64_t>(row->integer(0));
  bytes_ = static_cast<std::uint64_t>(row->integer(1));
  files_.sweep([this](const std::string& name) { return is_sha256_hex(name) && holds(name); });
  return {};
}

Result<> SubmissionQueue::use_engines(std::vector<std::string> names) {
  std::string listed;
  for (const std::string& name : names) listed += "," + name + ",";
  const std::scoped_lock lock(mutex_);
  engines_ = std::move(names);
  auto freed = database_.change(
      "UPDATE submissions SET state=?1, engine='', ticket='', key='', attempts=0, due=?2"
      " WHERE state IN (?3,?4) AND instr(?5, ','||engine||',')=0",
      state_number(waiting), now_ms(), state_number(submitting), state_number(submitted), listed);
  if (!freed) return freed;
  return database_.change(
      "UPDATE submissions SET state=?1, reason=?4, why='engine '||wanted||' is not configured'"
      " WHERE state=?2 AND wanted<>'' AND instr(?3, ','||wanted||',')=0",
      state_number(failed), state_number(waiting), listed, static_cast<int>(Reason::engine_down));
}

Result<bool> SubmissionQueue::add(const Submission& submission, int fd) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(errno_error("stat a sample", errno));
  Submission one = submission;
  one.size = static_cast<std::uint64_t>(about.st_size);
  {
    const std::scoped_lock lock(mutex_);
    auto joined = join(one);
    if (!joined) return pass(std::move(joined));
    if (*joined) return false;
    if (auto room = reserve(one.size); !room) return pass(std::move(room));
    copying_.insert(one.sha256);
  }
  // Without the lock: two that add the same file race here, and the second then joins.
  auto kept = files_.put(one.sha256, fd, options_.max_file_bytes);
  const std::scoped_lock lock(mutex_);
  copying_.extract(one.sha256);
  auto added = kept ? settle(one) : Result<bool>(pass(std::move(kept)));
  if (!added || !*added) give_back(one.size);
  if (added && *added) reached("row added");
  return added;
}

// The file is placed: a row for it, unless another add() was faster.
Result<bool> SubmissionQueue::settle(const Submission& submission) {
  auto joined = join(submission);
  if (!joined) return joined;
  if (*joined) return false;
  auto inserted = insert(submission);
  if (inserted) return true;
  remove_file(submission.sha256);
  return pass(std::move(inserted));
}

void SubmissionQueue::remove_file(const std::string& sha256) {
  if (!copying_.contains(sha256)) files_.remove(sha256);
}

Result<bool> SubmissionQueue::join(const Submission& submission) {
  auto joined = database_.change(
      "UPDATE submissions SET joins=joins+1, priority=MAX(priority,?2) WHERE sha256=?1",
      submission.sha256, submission.priority);
  if (!joined) return pass(std::move(joined));
  return database_.changes() > 0;
}

Result<> SubmissionQueue::reserve(std::uint64_t bytes) {
  const auto full = [](const std::string& what) {
    return fail(Errc::busy, Fault::local, "sandbox queue is full: " + what, true);
  };
  if (bytes > options_.max_file_bytes) {
    return fail(Errc::too_large, Fault::local,
                "sample of " + std::to_string(bytes) + " bytes; sandbox queue takes up to " +
                    std::to_string(options_.max_file_bytes));
  }
  if (rows_ >= options_.max_rows) return full(std::to_string(rows_) + " submissions");
  if (bytes > options_.max_bytes - std::min(bytes_, options_.max_bytes)) {
    return full(std::to_string(bytes_) + " of " + std::to_string(options_.max_bytes) + " bytes");
  }
  ++rows_;
  bytes_ += bytes;
  return {};
}

void SubmissionQueue::give_back(std::uint64_t bytes) {
  rows_ -= std::min<std::uint64_t>(rows_, 1);
  bytes_ -= std::min(bytes_, bytes);
}

Result<> SubmissionQueue::insert(const Submission& one) {
  const std::int64_t now = now_ms();
  const std::int64_t deadline = now + std::chrono::duration_cast<Millis>(one.deadline).count();
  return database_.change(
      "INSERT INTO submissions(sha256,name,url,type,password,wanted,size,priority,added,deadline,"
      "state,engine,ticket,key,attempts,tried,joins,due,why)"
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,'','','',0,',',0,?9,'')",
      one.sha256, cut(one.name, kMostText), cut(one.source_url, kMostText),
      cut(one.type, kMostText), cut(one.password, kMostText), one.engine, one.size, one.priority,
      now, deadline, state_number(waiting));
}

bool SubmissionQueue::holds(const std::string& sha256) const {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query("SELECT 1 FROM submissions WHERE sha256=?1", sha256);
  const auto found = row ? row->step() : Result<bool>(false);
  return found && *found;
}

Result<std::optional<Work>> SubmissionQueue::candidate(const std::string& engine, unsigned most) {
  const std::string columns = "SELECT " + std::string(kWorkColumns) + " FROM submissions WHERE ";
  auto unsure = database_.query(
      columns + "state=?1 AND engine=?3" + std::string(kRowIsDue) + " ORDER BY id LIMIT 1",
      state_number(submitting), now_ms(), engine);
  if (!unsure) return pass(std::move(unsure));
  auto found = unsure->step();
  if (!found) return pass(std::move(found));
  if (*found) return work_of(*unsure);

  auto fresh = database_.query(
      columns + "state=?1 AND wanted IN ('',?3) AND instr(tried, ','||?3||',')=0" +
          std::string(kRowIsDue) +
          " AND (SELECT COUNT(*) FROM submissions WHERE state IN (?4,?5) AND engine=?3)<?6"
          " ORDER BY priority DESC, id LIMIT 1",
      state_number(waiting), now_ms(), engine, state_number(submitting), state_number(submitted),
      most);
  if (!fresh) return pass(std::move(fresh));
  found = fresh->step();
  if (!found) return pass(std::move(found));
  if (!*found) return std::optional<Work>();
  return work_of(*fresh);
}

Result<std::optional<Work>> SubmissionQueue::take(const std::string& engine, unsigned most) {
  const std::scoped_lock lock(mutex_);
  auto work = candidate(engine, most);
  if (!work || !*work || (*work)->uncertain) return work;
  if (auto intended = intend(**work, engine); !intended) return pass(std::move(intended));
  reached("intent written");
  return work;
}

Result<> SubmissionQueue::intend(Work& work, const std::string& engine) {
  work.key = draw_key(random_);
  ++work.attempts;
  return database_.change(
      "UPDATE submissions SET state=?2, engine=?3, key=?4, attempts=?5, ticket='', due=?6"
      " WHERE id=?1",
      work.id, state_number(submitting), engine, work.key, work.attempts, now_ms());
}

}  // namespace weir
