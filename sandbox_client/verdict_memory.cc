#include "sandbox_client/verdict_memory.h"

#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "sandbox_client/millis.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"(
CREATE TABLE verdicts(
  sha256 BLOB NOT NULL, engine TEXT NOT NULL, verdict INTEGER NOT NULL, reason INTEGER NOT NULL,
  score INTEGER NOT NULL, versions TEXT NOT NULL, title TEXT NOT NULL,
  learned INTEGER NOT NULL, expires INTEGER NOT NULL,
  PRIMARY KEY(sha256, engine)) STRICT, WITHOUT ROWID;
CREATE INDEX by_expiry ON verdicts(expires);
CREATE INDEX by_age ON verdicts(learned);
CREATE TABLE reports(
  sha256 BLOB NOT NULL, engine TEXT NOT NULL, json BLOB NOT NULL, raw BLOB NOT NULL,
  PRIMARY KEY(sha256, engine)) STRICT;
)";

constexpr std::size_t kMostText = 300;
constexpr std::int64_t kKeptExpired = 24 * 3600 * 1000;

// 32 bytes, or "" for what is no SHA-256.
std::string key_of(const std::string& sha256) {
  if (!is_sha256_hex(sha256)) return {};
  return std::string(as_text(*from_hex(sha256)));
}

SandboxVerdict verdict_of(const Statement& row) {
  SandboxVerdict one;
  one.verdict = static_cast<Verdict>(row.integer(0));
  one.reason = static_cast<Reason>(row.integer(1));
  one.score = static_cast<std::uint8_t>(row.integer(2));
  one.engine = row.text(3);
  one.versions = row.text(4);
  one.title = row.text(5);
  one.learned = from_millis(row.integer(6));
  one.expires = from_millis(row.integer(7));
  return one;
}

bool outweighs(const SandboxVerdict& one, const SandboxVerdict& other) {
  // An engine that could not tell does not hide one that could.
  const auto rank = [](const SandboxVerdict& v) {
    return std::pair(v.verdict == Verdict::uninspectable ? -1 : static_cast<int>(v.verdict),
                     v.score);
  };
  return rank(one) > rank(other);
}

}  // namespace

Result<std::unique_ptr<VerdictMemory>> VerdictMemory::open(const std::string& path,
                                                           const MemoryOptions& options,
                                                           const Clock& clock) {
  DatabaseOptions settings;
  settings.cache_bytes = 16 << 20;
  auto database = Database::open(path, settings);
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  std::unique_ptr<VerdictMemory> memory(new VerdictMemory(options, clock, std::move(*database)));
  auto find = memory->database_.prepare(
      "SELECT verdict,reason,score,engine,versions,title,learned,expires FROM verdicts"
      " WHERE sha256=?1 AND expires>?2");
  if (!find) return pass(std::move(find));
  memory->find_ = std::move(*find);
  return memory;
}

Duration VerdictMemory::lifetime(Verdict verdict) const {
  switch (verdict) {
    case Verdict::clean: return options_.clean;
    case Verdict::suspicious: return options_.suspicious;
    case Verdict::malicious: return options_.malicious;
    case Verdict::uninspectable: return options_.unknown;
  }
  return options_.unknown;
}

Result<> VerdictMemory::put(const std::string& sha256, const SandboxVerdict& verdict,
                            std::string_view report_json, std::string_view raw_json) {
  const std::string key = key_of(sha256);
  if (key.empty()) return fail(Errc::invalid, Fault::local, "no SHA-256: " + sha256);
  const std::int64_t now = to_millis(clock_.wall());
  const std::int64_t until =
      now + std::chrono::duration_cast<Millis>(lifetime(verdict.verdict)).count();
  const std::scoped_lock lock(database_mutex_);
  auto transaction = WriteTransaction::begin(database_);
  if (!transaction) return pass(std::move(transaction));
  auto row = database_.query(
      "INSERT OR REPLACE INTO verdicts(engine,verdict,reason,score,versions,title,learned,expires,"
      "sha256) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
      verdict.engine, static_cast<int>(verdict.verdict), static_cast<int>(verdict.reason),
      verdict.score, verdict.versions.substr(0, kMostText), verdict.title.substr(0, kMostText), now,
      until);
  if (!row) return pass(std::move(row));
  if (auto kept = row->bind_blob(9, as_bytes(key)).run(); !kept) return kept;
  auto text = database_.query(
      "INSERT OR REPLACE INTO reports(engine,json,raw,sha256) VALUES(?1,?2,?3,?4)", verdict.engine);
  if (!text) return pass(std::move(text));
  const auto fits = [this](std::string_view json) {
    return json.size() <= options_.max_report_bytes;
  };
  text->bind_blob(2, as_bytes(fits(report_json) ? report_json : "{}"));
  text->bind_blob(3, as_bytes(fits(raw_json) ? raw_json : "")).bind_blob(4, as_bytes(key));
  if (auto kept = text->run(); !kept) return kept;
  if (auto done = transaction->commit(); !done) return done;
  auto joined = load(key);
  if (!joined) return pass(std::move(joined));
  remember(sha256, std::move(*joined));
  return {};
}

// The worst of what engines have said and is not expired; of those that could not tell, any.
Result<std::optional<SandboxVerdict>> VerdictMemory::load(const std::string& key) {
  find_.start().bind_blob(1, as_bytes(key)).bind(2, to_millis(clock_.wall()));
  std::optional<SandboxVerdict> worst;
  for (;;) {
    auto more = find_.step();
    if (!more) return pass(std::move(more));
    if (!*more) return worst;
    SandboxVerdict one = verdict_of(find_);
    if (!worst || outweighs(one, *worst)) worst = std::move(one);
  }
}

std::optional<SandboxVerdict> VerdictMemory::unexpired(
    const std::optional<SandboxVerdict>& verdict) const {
  return verdict && verdict->expires > clock_.wall() ? verdict : std::nullopt;
}

std::optional<SandboxVerdict> VerdictMemory::peek(const std::string& sha256) {
  const std::scoped_lock lock(cache_mutex_);
  const auto found = index_.find(sha256);
  if (found == index_.end()) return std::nullopt;
  cache_.splice(cache_.begin(), cache_, found->second);
  return unexpired(found->second->verdict);
}

std::optional<SandboxVerdict> VerdictMemory::find(const std::string& sha256) {
  {
    const std::scoped_lock lock(cache_mutex_);
    const auto found = index_.find(sha256);
    // One that has expired may hide another engine's that has not.
    if (found != index_.end() && (!found->second->verdict || unexpired(found->second->verdict))) {
      cache_.splice(cache_.begin(), cache_, found->second);
      return found->second->verdict;
    }
  }
  const std::string key = key_of(sha256);
  if (key.empty()) return std::nullopt;
  const std::scoped_lock lock(database_mutex_);
  const auto loaded = load(key);
  if (!loaded) return std::nullopt;  // and so it is asked for again
  remember(sha256, *loaded);
  return *loaded;
}

void VerdictMemory::remember(const std::string& sha256, std::optional<SandboxVerdict> verdict) {
  const std::scoped_lock lock(cache_mutex_);
  if (const auto found = index_.find(sha256); found != index_.end()) {
    found->second->verdict = std::move(verdict);
    cache_.splice(cache_.begin(), cache_, found->second);
    return;
  }
  cache_.push_front({sha256, std::move(verdict)});
  index_.emplace(cache_.front().sha256, cache_.begin());
  if (cache_.size() <= std::max<std::size_t>(options_.cached, 1)) return;
  index_.erase(cache_.back().sha256);
  cache_.pop_back();
}

void VerdictMemory::forget_cached() {
  const std::scoped_lock lock(cache_mutex_);
  index_.clear();
  cache_.clear();
}

std::optional<std::string> VerdictMemory::report(const std::string& sha256,
                                                 const std::string& engine) {
  return stored("json", sha256, engine);
}

std::optional<std::string> VerdictMemory::raw_report(const std::string& sha256,
                                                     const std::string& engine) {
  return stored("raw", sha256, engine);
}

std::optional<std::string> VerdictMemory::stored(const char* column, const std::string& sha256,
                                                 const std::string& engine) {
  const std::string key = key_of(sha256);
  const std::scoped_lock lock(database_mutex_);
  auto row = database_.query(
      std::string("SELECT ") + column + " FROM reports WHERE engine=?1 AND sha256=?2", engine);
  if (!row) return std::nullopt;
  const auto found = row->bind_blob(2, as_bytes(key)).step();
  if (!found || !*found) return std::nullopt;
  return row->blob(0);
}

Result<> VerdictMemory::each_malicious(std::size_t most, const Visitor& visit) {
  const std::scoped_lock lock(database_mutex_);
  auto rows = database_.query(
      "SELECT verdict,reason,score,engine,versions,title,learned,expires,sha256 FROM verdicts"
      " WHERE verdict=?1 AND expires>?2 ORDER BY learned DESC LIMIT ?3",
      static_cast<int>(Verdict::malicious), to_millis(clock_.wall()),
      static_cast<std::int64_t>(most));
  if (!rows) return pass(std::move(rows));
  for (;;) {
    auto more = rows->step();
    if (!more) return pass(std::move(more));
    if (!*more) return {};
    visit(hex(as_bytes(rows->blob(8))), verdict_of(*rows));
  }
}

// https://www.sqlite.org/pragma.html#pragma_data_version: another number when another connection
// has changed the file.
bool VerdictMemory::changed_elsewhere() {
  const std::scoped_lock lock(database_mutex_);
  auto row = database_.query("PRAGMA data_version");
  if (!row) return false;
  const auto found = row->step();
  if (!found || !*found) return false;
  const bool other = std::exchange(data_version_, row->integer(0)) != row->integer(0);
  if (other) forget_cached();
  return other;
}

Result<std::vector<SandboxVerdict>> VerdictMemory::all_of(const std::string& sha256) {
  const std::string key = key_of(sha256);
  const std::scoped_lock lock(database_mutex_);
  auto rows = database_.query(
      "SELECT verdict,reason,score,engine,versions,title,learned,expires FROM verdicts"
      " WHERE sha256=?1 ORDER BY learned DESC LIMIT 64");
  if (!rows) return pass(std::move(rows));
  rows->bind_blob(1, as_bytes(key));
  std::vector<SandboxVerdict> found;
  for (;;) {
    auto more = rows->step();
    if (!more) return pass(std::move(more));
    if (!*more) return found;
    found.push_back(verdict_of(*rows));
  }
}

Result<> VerdictMemory::outdate(const std::string& sha256) {
  const std::scoped_lock lock(database_mutex_);
  auto row = database_.query("UPDATE verdicts SET expires=?1 WHERE sha256=?2 AND expires>?1",
                             to_millis(clock_.wall()));
  if (!row) return pass(std::move(row));
  auto done = row->bind_blob(2, as_bytes(key_of(sha256))).run();
  if (done) remember(sha256, std::nullopt);
  return done;
}

Result<std::uint64_t> VerdictMemory::outdate_versions(const std::string& engine,
                                                      const std::string& versions,
                                                      bool malicious_too) {
  const std::scoped_lock lock(database_mutex_);
  auto done = database_.change(
      "UPDATE verdicts SET expires=?1 WHERE engine=?2 AND versions<>?3 AND expires>?1"
      " AND (?4 OR verdict<>?5)",
      to_millis(clock_.wall()), engine, versions.substr(0, kMostText), malicious_too ? 1 : 0,
      static_cast<int>(Verdict::malicious));
  if (!done) return pass(std::move(done));
  forget_cached();
  return static_cast<std::uint64_t>(database_.changes());
}

Result<std::uint64_t> VerdictMemory::trim() {
  const std::scoped_lock lock(database_mutex_);
  auto transaction = WriteTransaction::begin(database_);
  if (!transaction) return pass(std::move(transaction));
  auto old = database_.change("DELETE FROM verdicts WHERE expires<=?1",
                              to_millis(clock_.wall()) - kKeptExpired);
  if (!old) return pass(std::move(old));
  std::int64_t removed = database_.changes();
  auto beyond = database_.change(
      "DELETE FROM verdicts WHERE (sha256,engine) IN (SELECT sha256,engine FROM verdicts"
      " ORDER BY learned DESC LIMIT -1 OFFSET ?1)",
      options_.max_rows);
  if (!beyond) return pass(std::move(beyond));
  removed += database_.changes();
  if (removed > 0) {
    auto orphans = database_.run(
        "DELETE FROM reports WHERE NOT EXISTS (SELECT 1 FROM verdicts v"
        " WHERE v.sha256=reports.sha256 AND v.engine=reports.engine)");
    if (!orphans) return pass(std::move(orphans));
  }
  if (auto done = transaction->commit(); !done) return pass(std::move(done));
  if (removed > 0) forget_cached();
  return static_cast<std::uint64_t>(removed);
}

std::uint64_t VerdictMemory::size() {
  const std::scoped_lock lock(database_mutex_);
  auto row = database_.query("SELECT COUNT(*) FROM verdicts");
  const auto found = row ? row->step() : Result<bool>(false);
  return found && *found ? static_cast<std::uint64_t>(row->integer(0)) : 0;
}

}  // namespace weir
