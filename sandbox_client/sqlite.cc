#include "sandbox_client/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>

#include "core/fd.h"

namespace weir {
namespace {

constexpr int kStepsBetweenLooks = 20'000;  // of SQLite's machine: about a millisecond
constexpr int kBusyMillis = 5000;  // another process reads the file, an administrator's sqlite3 say

Errc code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL: return Errc::no_space;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_PERM:
    case SQLITE_READONLY: return Errc::denied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::malformed;
    case SQLITE_TOOBIG: return Errc::too_large;
    case SQLITE_INTERRUPT: return Errc::cancelled;
    case SQLITE_CONSTRAINT: return Errc::invalid;
    default: return Errc::io;
  }
}

Error error_of(sqlite3* handle) {
  const char* file = sqlite3_db_filename(handle, "main");
  const int code = sqlite3_extended_errcode(handle);
  return Error{code_of(code), Fault::local, false,
               std::string(file ? file : "database") + ": " + sqlite3_errmsg(handle)};
}

// SQLite would make it readable for all.
Result<> make_private(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  return {};
}

std::string settings_of(const DatabaseOptions& options) {
  std::string sql = "PRAGMA cache_size=-" + std::to_string(options.cache_bytes / 1024) +
                    ";PRAGMA mmap_size=" + std::to_string(options.mapped_bytes) +
                    ";PRAGMA trusted_schema=0;PRAGMA foreign_keys=1;PRAGMA temp_store=2;";
  if (options.read_only) return sql + "PRAGMA query_only=1;";
  return sql + "PRAGMA journal_mode=WAL;PRAGMA journal_size_limit=4194304;PRAGMA synchronous=" +
         (options.durable == Durable::full ? "FULL;" : "NORMAL;");
}

}  // namespace

void Statement::Free::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(handle_.get(), index, text.data() ? text.data() : "", text.size(),
                      SQLITE_TRANSIENT,  // NOLINT: the library's own cast
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, ByteView bytes) {
  const void* data = bytes.data() ? static_cast<const void*>(bytes.data()) : "";  // not NULL
  sqlite3_bind_blob64(handle_.get(), index, data, bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle_.get(), index);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  const int ended = sqlite3_reset(handle_.get());
  if (code == SQLITE_DONE && ended == SQLITE_OK) return false;
  return std::unexpected(error_of(sqlite3_db_handle(handle_.get())));
}

Result<> Statement::run() {
  for (;;) {
    auto more = step();
    if (!more) return pass(std::move(more));
    if (!*more) return {};
  }
}

Statement& Statement::start() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  return *this;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const { return blob(column); }

std::string Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::string& path, const DatabaseOptions& options) {
  if (!options.read_only) {
    if (auto made = make_private(path); !made) return pass(std::move(made));
  }
  sqlite3* handle = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database opened;
  opened.handle_.reset(handle);
  if (code != SQLITE_OK) {
    return fail(code_of(code), Fault::local, path + ": " + sqlite3_errstr(code));
  }
  sqlite3_busy_timeout(handle, kBusyMillis);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto set = opened.run(settings_of(options).c_str()); !set) return pass(std::move(set));
  return opened;
}

Result<> Database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(error_of(handle_.get()));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  Statement statement;
  statement.handle_.reset(made);
  if (code != SQLITE_OK) return std::unexpected(error_of(handle_.get()));
  return statement;
}

void Database::stop_when(const std::atomic<bool>* stop) {
  const auto look = [](void* flag) {
    return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed) ? 1 : 0;
  };
  sqlite3_progress_handler(handle_.get(), stop == nullptr ? 0 : kStepsBetweenLooks,
                           stop == nullptr ? nullptr : +look,
                           const_cast<std::atomic<bool>*>(stop));  // NOLINT: a C callback's
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

Result<std::int64_t> Database::schema_version() {
  auto asked = prepare("PRAGMA user_version");
  if (!asked) return pass(std::move(asked));
  if (auto row = asked->step(); !row) return pass(std::move(row));
  return asked->integer(0);
}

Result<> Database::ensure_schema(std::int64_t version, const char* sql) {
  const auto found = schema_version();
  if (!found) return std::unexpected(found.error());
  if (*found == version) return {};
  if (*found != 0) {
    return fail(Errc::unsupported, Fault::local,
                std::string(sqlite3_db_filename(handle_.get(), "main")) + ": has schema " +
                    std::to_string(*found) + ", this program needs " + std::to_string(version));
  }
  auto transaction = WriteTransaction::begin(*this);
  if (!transaction) return pass(std::move(transaction));
  if (auto made = run(sql); !made) return made;
  const std::string stamp = "PRAGMA user_version=" + std::to_string(version);
  if (auto set = run(stamp.c_str()); !set) return set;
  return transaction->commit();
}

Result<> copy_database(const std::string& from, const std::string& to) {
  auto source = Database::open(from, {.read_only = true});
  if (!source) return pass(std::move(source));
  if (auto made = make_private(to); !made) return made;
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(to.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  Database target;
  target.handle_.reset(handle);
  if (opened != SQLITE_OK) {
    return fail(code_of(opened), Fault::local, to + ": " + sqlite3_errstr(opened));
  }
  sqlite3_backup* copy =
      sqlite3_backup_init(target.handle_.get(), "main", source->handle_.get(), "main");
  if (copy == nullptr) return std::unexpected(error_of(target.handle_.get()));
  // All pages in one step, within one read transaction: a writer beside it does not start it anew.
  const int stepped = sqlite3_backup_step(copy, -1);
  sqlite3_backup_finish(copy);
  if (stepped == SQLITE_DONE) return {};
  return fail(code_of(stepped), Fault::local, from + ": " + sqlite3_errstr(stepped));
}

Result<WriteTransaction> WriteTransaction::begin(Database& database) {
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return pass(std::move(begun));
  return WriteTransaction(database);
}

WriteTransaction::~WriteTransaction() {
  // An error here leaves the transaction to SQLite, which rolls it back by itself.
  if (database_ != nullptr) (void)database_->run("ROLLBACK");
}

Result<> WriteTransaction::commit() {
  auto done = database_->run("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace weir
