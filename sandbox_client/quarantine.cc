#include "sandbox_client/quarantine.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "sandbox_client/millis.h"
#include "sandbox_client/placed_file.h"
#include "sandbox_client/quarantine_zip.h"

namespace weir {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr const char* kTables = R"(
CREATE TABLE items(
  sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, state INTEGER NOT NULL, name TEXT NOT NULL,
  url TEXT NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL, reason TEXT NOT NULL,
  event TEXT NOT NULL, added INTEGER NOT NULL, last INTEGER NOT NULL,
  times INTEGER NOT NULL) STRICT;
CREATE INDEX by_age ON items(last, sha256);
)";
constexpr std::string_view kSelect =
    "SELECT sha256,size,state,name,url,client,user,reason,event,added,last,times FROM items ";
constexpr std::size_t kMostText = 2048;
constexpr std::size_t kMostRows = 1000;
constexpr std::size_t kExpiredAtOnce = 500;

QuarantineEntry entry_of(const Statement& row) {
  QuarantineEntry one;
  one.sha256 = row.text(0);
  one.size = static_cast<std::uint64_t>(row.integer(1));
  one.state = static_cast<QuarantineState>(row.integer(2));
  one.name = row.text(3);
  one.source_url = row.text(4);
  one.client = row.text(5);
  one.user = row.text(6);
  one.reason = row.text(7);
  one.event_id = row.text(8);
  one.added = from_millis(row.integer(9));
  one.last = from_millis(row.integer(10));
  one.times = static_cast<std::uint64_t>(row.integer(11));
  return one;
}

std::string cut(const std::string& text) { return text.substr(0, kMostText); }

std::unexpected<Error> absent(const std::string& sha256) {
  return fail(Errc::not_found, Fault::client, "not in quarantine: " + sha256.substr(0, 64));
}

// Waits only while somebody sweeps.
Result<> share(const UniqueFd& lock) {
  while (::flock(lock.get(), LOCK_SH) != 0) {
    if (errno != EINTR) return std::unexpected(errno_error("lock the quarantine", errno));
  }
  return {};
}

int number(QuarantineState state) { return static_cast<int>(state); }

}  // namespace

std::string_view quarantine_state_name(QuarantineState state) {
  switch (state) {
    case QuarantineState::held: return "held";
    case QuarantineState::blocked: return "blocked";
    case QuarantineState::released: return "released";
  }
  return "unknown";
}

Result<std::unique_ptr<Quarantine>> Quarantine::open(const std::string& folder,
                                                     const std::string& key_file,
                                                     const QuarantineOptions& options,
                                                     const Clock& clock, Random& random) {
  for (const std::string& one : {folder, folder + "/files"}) {
    if (::mkdir(one.c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected(errno_error("mkdir " + one, errno));
    }
  }
  auto key = quarantine_key(key_file, random);
  if (!key) return pass(std::move(key));
  auto database = Database::open(folder + "/quarantine.sqlite", {});
  if (!database) return pass(std::move(database));
  if (auto made = database->ensure_schema(kSchema, kTables); !made) return pass(std::move(made));
  UniqueFd lock(
      ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return std::unexpected(errno_error("open " + folder + "/lock", errno));
  const bool alone = ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
  std::unique_ptr<Quarantine> opened(new Quarantine(folder + "/files", *key, options, clock, random,
                                                    std::move(*database), std::move(lock)));
  if (alone) {
    if (auto swept = opened->sweep(); !swept) return pass(std::move(swept));
  }
  if (auto shared = share(opened->lock_); !shared) return pass(std::move(shared));
  return opened;
}

bool Quarantine::has_file(const std::string& sha256) const {
  return ::access((folder_ + "/" + sha256).c_str(), F_OK) == 0 || errno != ENOENT;
}

// Rows whose file somebody took away: else it would count as kept for ever.
Result<> Quarantine::sweep_rows() {
  auto row = database_.query("SELECT sha256 FROM items");
  if (!row) return pass(std::move(row));
  std::vector<std::string> gone;
  for (;;) {
    const auto more = row->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    std::string sha256 = row->text(0);
    if (!has_file(sha256)) gone.push_back(std::move(sha256));
  }
  for (const std::string& sha256 : gone) {
    if (auto forgotten = forget(sha256); !forgotten) return forgotten;
  }
  return {};
}

Result<> Quarantine::sweep() {
  if (auto swept = sweep_rows(); !swept) return swept;
  Result<> readable;
  sweep_folder(folder_, [&](const std::string& name) {
    const auto row = row_of(name);
    if (!row) readable = std::unexpected(row.error());
    return !row || row->has_value();
  });
  return readable;
}

AuditRecord Quarantine::record(const std::string& actor, const std::string& act,
                               const std::string& sha256, const Result<>& done,
                               const std::string& detail) const {
  return {clock_.wall(), actor, act, sha256, done.has_value(), done ? detail : done.error().what};
}

AuditRecord Quarantine::keep(const QuarantineEntry& entry, int fd) {
  auto kept = keep_file(entry, fd);
  if (!kept) return record("weir", "keep", entry.sha256, pass(std::move(kept)));
  return record("weir", "keep", entry.sha256, {}, *kept);
}

// Says what was done.
Result<std::string> Quarantine::keep_file(const QuarantineEntry& entry, int fd) {
  if (!is_sha256_hex(entry.sha256)) return fail(Errc::invalid, Fault::local, "no SHA-256");
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(errno_error("stat a file", errno));
  QuarantineEntry one = entry;
  one.size = static_cast<std::uint64_t>(about.st_size);
  {
    const std::scoped_lock lock(mutex_);
    auto again = count_again(one.sha256, one.state);
    if (!again) return pass(std::move(again));
    if (*again && has_file(one.sha256)) return "was there already";
    if (*again) {
      if (auto gone = forget(one.sha256); !gone) return pass(std::move(gone));
    }
    if (auto room = make_room(one.size); !room) return pass(std::move(room));
    reserved_ += one.size;
    copying_.insert(one.sha256);
  }
  const auto copy = [&]() -> Result<> {
    auto file = PlacedFile::make(folder_, one.sha256, random_);
    if (!file) return pass(std::move(file));
    auto digest = seal_file(key_, fd, options_.max_file_bytes, random_,
                            [&](ByteView bytes) { return file->write(bytes); });
    if (!digest) return pass(std::move(digest));
    if (*digest != one.sha256) {
      return fail(Errc::invalid, Fault::local, "file has the digest " + *digest);
    }
    return file->place();
  };
  auto copied = copy();
  const std::scoped_lock lock(mutex_);
  reserved_ -= one.size;
  copying_.extract(one.sha256);
  if (!copied) return pass(std::move(copied));
  auto again = count_again(one.sha256, one.state);  // somebody else was faster
  if (!again) return pass(std::move(again));
  if (!*again) {
    if (auto kept = insert(one); !kept) return pass(std::move(kept));
  }
  return std::string(quarantine_state_name(one.state)) + ", " + std::to_string(one.size) + " bytes";
}

Result<bool> Quarantine::count_again(const std::string& sha256, QuarantineState state) {
  // A verdict ends the holding; what came again and is blocked is so for all.
  auto counted = database_.change(
      "UPDATE items SET times=times+1, last=?2, state=CASE WHEN state=?3 THEN state ELSE ?4 END"
      " WHERE sha256=?1",
      sha256, to_millis(clock_.wall()), number(QuarantineState::blocked), number(state));
  if (!counted) return pass(std::move(counted));
  return database_.changes() > 0;
}

Result<std::uint64_t> Quarantine::used() {
  auto row = database_.query("SELECT COALESCE(SUM(size),0) FROM items");
  if (!row) return pass(std::move(row));
  if (auto stepped = row->step(); !stepped) return pass(std::move(stepped));
  return static_cast<std::uint64_t>(row->integer(0));
}

Result<> Quarantine::make_room(std::uint64_t bytes) {
  if (bytes > options_.max_file_bytes || bytes > options_.max_bytes) {
    return fail(Errc::too_large, Fault::local,
                std::to_string(bytes) + " bytes are too many for the quarantine");
  }
  for (;;) {
    auto row = database_.query("SELECT COUNT(*), COALESCE(SUM(size),0) FROM items");
    if (!row) return pass(std::move(row));
    if (auto stepped = row->step(); !stepped) return pass(std::move(stepped));
    const bool has_row = static_cast<std::uint64_t>(row->integer(0)) < options_.max_rows;
    const std::uint64_t sum = static_cast<std::uint64_t>(row->integer(1)) + reserved_;
    if (has_row && sum + bytes <= options_.max_bytes) return {};
    auto oldest =
        database_.query("SELECT sha256 FROM items WHERE state<>?1 ORDER BY last, sha256 LIMIT 1",
                        number(QuarantineState::held));
    if (!oldest) return pass(std::move(oldest));
    auto found = oldest->step();
    if (!found) return pass(std::move(found));
    if (!*found) {
      return fail(Errc::no_space, Fault::local,
                  "quarantine is full of held files: " + std::to_string(sum) + " of " +
                      std::to_string(options_.max_bytes) + " bytes");
    }
    const std::string sha256 = oldest->text(0);
    oldest->start();
    if (auto gone = forget(sha256); !gone) return gone;
  }
}

Result<> Quarantine::insert(const QuarantineEntry& one) {
  return database_.change(
      "INSERT INTO items(sha256,size,state,name,url,client,user,reason,event,added,last,times)"
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?10,1)"
      " ON CONFLICT(sha256) DO UPDATE SET times=times+1, last=excluded.last",  // another process
      one.sha256, one.size, number(one.state), cut(one.name), cut(one.source_url), cut(one.client),
      cut(one.user), cut(one.reason), cut(one.event_id), to_millis(clock_.wall()));
}

// In one transaction: another process that keeps the same file finds both or neither. A row that a
// kill leaves without its file is swept, or replaced when the file comes again.
Result<> Quarantine::forget(const std::string& sha256) {
  auto transaction = WriteTransaction::begin(database_);
  if (!transaction) return pass(std::move(transaction));
  auto gone = database_.change("DELETE FROM items WHERE sha256=?1", sha256);
  if (!gone) return gone;
  if (database_.changes() == 0) return absent(sha256);
  if (!copying_.contains(sha256)) ::unlink((folder_ + "/" + sha256).c_str());
  return transaction->commit();
}

Result<std::optional<QuarantineEntry>> Quarantine::row_of(const std::string& sha256) {
  auto row = database_.query(std::string(kSelect) + "WHERE sha256=?1", sha256);
  if (!row) return pass(std::move(row));
  auto found = row->step();
  if (!found) return pass(std::move(found));
  return *found ? std::optional(entry_of(*row)) : std::nullopt;
}

std::optional<QuarantineEntry> Quarantine::find(const std::string& sha256) {
  const std::scoped_lock lock(mutex_);
  return row_of(sha256).value_or(std::nullopt);
}

std::uint64_t Quarantine::bytes() {
  const std::scoped_lock lock(mutex_);
  return used().value_or(0);
}

Result<std::vector<QuarantineEntry>> Quarantine::list(const QuarantinePage& page) {
  const std::scoped_lock lock(mutex_);
  auto row = database_.query(
      std::string(kSelect) +
          "WHERE (?1='' OR (last,sha256)<(SELECT last,sha256 FROM items WHERE sha256=?1))"
          " AND (?2<0 OR state=?2) ORDER BY last DESC, sha256 DESC LIMIT ?3",
      page.after, page.state ? number(*page.state) : -1, std::min(page.rows, kMostRows));
  if (!row) return pass(std::move(row));
  std::vector<QuarantineEntry> entries;
  for (;;) {
    auto more = row->step();
    if (!more) return pass(std::move(more));
    if (!*more) return entries;
    entries.push_back(entry_of(*row));
  }
}

AuditRecord Quarantine::release(const std::string& sha256, const std::string& actor) {
  const std::scoped_lock lock(mutex_);
  auto done = database_.change("UPDATE items SET state=?2 WHERE sha256=?1", sha256,
                               number(QuarantineState::released));
  if (done && database_.changes() == 0) done = absent(sha256);
  return record(actor, "release", sha256, done);
}

AuditRecord Quarantine::remove(const std::string& sha256, const std::string& actor) {
  const std::scoped_lock lock(mutex_);
  return record(actor, "delete", sha256, forget(sha256));
}

Result<UniqueFd> Quarantine::sealed(const std::string& sha256) {
  const std::scoped_lock lock(mutex_);
  auto row = row_of(sha256);
  if (!row) return pass(std::move(row));
  if (!*row) return absent(sha256);
  UniqueFd fd(::open((folder_ + "/" + sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::unexpected(errno_error("open quarantined " + sha256, errno));
  return fd;
}

AuditRecord Quarantine::read(const std::string& sha256, const std::string& actor,
                             const ByteSink& sink) {
  const auto fd = sealed(sha256);
  const auto done = fd ? unseal_file(key_, fd->get(), sink) : Result<>(std::unexpected(fd.error()));
  return record(actor, "read", sha256, done);
}

AuditRecord Quarantine::fetch_zip(const std::string& sha256, const std::string& actor,
                                  const ByteSink& sink) {
  return record(actor, "fetch", sha256, zip(sha256, sink), "as a ZIP with a password");
}

// The file is called by its hash: its own name is for the list, not for a shell.
Result<> Quarantine::zip(const std::string& sha256, const ByteSink& sink) {
  const auto fd = sealed(sha256);
  if (!fd) return std::unexpected(fd.error());
  const auto entry = find(sha256);
  if (!entry) return absent(sha256);
  PasswordZip zip(sha256 + ".bin", entry->size, options_.zip_password, random_, sink);
  if (auto begun = zip.begin(); !begun) return begun;
  auto fed = unseal_file(key_, fd->get(), [&](ByteView bytes) { return zip.feed(bytes); });
  return fed ? zip.end() : fed;
}

std::vector<AuditRecord> Quarantine::expire() {
  const std::scoped_lock lock(mutex_);
  const auto before = clock_.wall() - options_.keep;
  std::vector<std::string> old;
  auto row = database_.query("SELECT sha256 FROM items WHERE last<=?1 AND state<>?2 LIMIT ?3",
                             to_millis(std::chrono::time_point_cast<WallTime::duration>(before)),
                             number(QuarantineState::held), kExpiredAtOnce);
  while (row) {
    const auto more = row->step();
    if (!more || !*more) break;
    old.push_back(row->text(0));
  }
  std::vector<AuditRecord> records;
  for (const std::string& sha256 : old) {
    records.push_back(record("weir", "expire", sha256, forget(sha256), "kept long enough"));
  }
  return records;
}

}  // namespace weir
