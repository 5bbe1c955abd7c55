// SQLite for what must survive: one database file in WAL mode, statements, transactions. The only
// file that knows sqlite3.h is sqlite.cc. A Database and its statements belong to one thread at a
// time; whoever shares one puts a mutex around it. On failure the error names the file and what
// SQLite says; a transaction that is not committed is rolled back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/bytes.h"
#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weir {

class Statement {
 public:
  Statement() = default;

  // Parameters count from 1 and stay bound until the next start().
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, ByteView bytes);
  Statement& bind_null(int index);
  template <class... Values>
  Statement& bind_all(const Values&... values) {  // integers and texts, from 1 on
    int index = 0;
    (bind_any(++index, values), ...);
    return *this;
  }

  // True while there is a row, whose columns count from 0. A statement starts over after the end.
  Result<bool> step();
  Result<> run();      // all rows, whatever they hold
  Statement& start();  // back to before the first row, with nothing bound

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::string blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  template <class Value>
  void bind_any(int index, const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      bind(index, static_cast<std::int64_t>(value));
    } else {
      bind(index, std::string_view(value));
    }
  }
  struct Free {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Free> handle_;
};

enum class Durable : std::uint8_t {
  full,    // a commit survives the loss of power
  normal,  // it survives the death of the process; the newest may be lost with the power
};

struct DatabaseOptions {
  Durable durable = Durable::full;
  bool read_only = false;
  std::uint64_t cache_bytes = 2 * 1024 * 1024;
  std::uint64_t mapped_bytes = 0;  // of the file, read through the page cache without copies
};

class Database {
 public:
  // Makes the file, mode 0600, unless read_only. Its folder is there.
  static Result<Database> open(const std::string& path, const DatabaseOptions& options);

  Result<> run(const char* sql);  // several statements, without results
  Result<Statement> prepare(std::string_view sql);

  // prepare() and bind_all() in one; change() also runs it.
  template <class... Values>
  Result<Statement> query(std::string_view sql, const Values&... values) {
    auto statement = prepare(sql);
    if (statement) statement->bind_all(values...);
    return statement;
  }
  template <class... Values>
  Result<> change(std::string_view sql, const Values&... values) {
    auto statement = query(sql, values...);
    if (!statement) return pass(std::move(statement));
    return statement->run();
  }

  // Statements end with Errc::cancelled once *stop is true; null: nothing ends them. It outlives
  // the statements that run.
  void stop_when(const std::atomic<bool>* stop);

  std::int64_t changes() const;  // rows that the last statement touched
  std::int64_t last_id() const;

  // The version of the schema that the file holds; 0 in a new one.
  Result<std::int64_t> schema_version();

  // Makes the schema in a new file. A file of another version is an error.
  Result<> ensure_schema(std::int64_t version, const char* sql);

 private:
  friend Result<> copy_database(const std::string& from, const std::string& to);
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// The database in `from`, whoever writes to it meanwhile, as of one moment, in the new file `to`
// (mode 0600). Readers and writers of `from` go on.
Result<> copy_database(const std::string& from, const std::string& to);

// BEGIN IMMEDIATE now, ROLLBACK at the end unless committed. The database outlives it.
class WriteTransaction {
 public:
  static Result<WriteTransaction> begin(Database& database);
  WriteTransaction(WriteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  WriteTransaction& operator=(WriteTransaction&&) = delete;
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;
  ~WriteTransaction();
  Result<> commit();

 private:
  explicit WriteTransaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace weir
