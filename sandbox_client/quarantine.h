// Files that policy held or blocked, kept for an administrator: encrypted (quarantine_cipher.h),
// once for each SHA-256, within a quota and a time. Every act comes back as a record for the audit
// log, done or not. Blocking; any thread but an event loop. A kill leaves no file half there; what
// a row does not know, and rows without a file, are swept at the start. Several processes may have
// it open, the gateway and an administrator's commands: only one that finds itself alone sweeps.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/fd.h"
#include "core/random.h"
#include "core/result.h"
#include "sandbox_client/quarantine_cipher.h"
#include "sandbox_client/sqlite.h"

namespace weir {

struct QuarantineOptions {
  std::uint64_t max_bytes = 10ull << 30;        // of all files
  std::uint64_t max_file_bytes = 512ull << 20;  // of one
  std::uint64_t max_rows = 200'000;
  Duration keep = std::chrono::days(30);  // after it came last
  std::string zip_password = "infected";
};

// held: policy waits for a verdict, and no quota removes it.
enum class QuarantineState : std::uint8_t { held, blocked, released };

struct QuarantineEntry {
  std::string sha256;
  std::uint64_t size = 0;  // bytes
  QuarantineState state = QuarantineState::blocked;
  std::string name, source_url, client, user;  // of the first who wanted it; remote text
  std::string reason;                          // the rule or the finding
  std::string event_id;
  WallTime added{}, last{};
  std::uint64_t times = 1;  // how often it came
};

struct AuditRecord {
  WallTime time{};
  std::string actor;   // the administrator, or "weir"
  std::string act;     // "keep", "release", "delete", "fetch", "read", "expire"; of the API more
  std::string sha256;  // "" = not about a file
  bool done = false;
  std::string detail;  // what was done, or why it was not
};

struct QuarantinePage {
  std::size_t rows = 100;  // at most 1,000
  std::string after;       // sha256 of the last of the page before; "" = from the newest
  std::optional<QuarantineState> state;
};

class Quarantine {
 public:
  // Makes `folder`, mode 0700, and the key file, mode 0600, where they are not. `clock` and
  // `random` outlive it.
  static Result<std::unique_ptr<Quarantine>> open(const std::string& folder,
                                                  const std::string& key_file,
                                                  const QuarantineOptions& options,
                                                  const Clock& clock, Random& random);

  // Takes what `fd` holds. One that is there already is counted, and is blocked again. When the
  // quota is full the oldest go that are not held.
  AuditRecord keep(const QuarantineEntry& entry, int fd);

  std::optional<QuarantineEntry> find(const std::string& sha256);
  Result<std::vector<QuarantineEntry>> list(const QuarantinePage& page);  // the newest first
  std::uint64_t bytes();

  // What an administrator does. The sinks must throw away what they got when it was not done.
  AuditRecord release(const std::string& sha256, const std::string& actor);
  AuditRecord remove(const std::string& sha256, const std::string& actor);
  AuditRecord fetch_zip(const std::string& sha256, const std::string& actor, const ByteSink& sink);
  AuditRecord read(const std::string& sha256, const std::string& actor, const ByteSink& sink);

  std::vector<AuditRecord> expire();  // removes what has been kept long enough

 private:
  Quarantine(std::string folder, const QuarantineKey& key, const QuarantineOptions& options,
             const Clock& clock, Random& random, Database database, UniqueFd lock)
      : folder_(std::move(folder)),
        key_(key),
        options_(options),
        clock_(clock),
        random_(random),
        lock_(std::move(lock)),
        database_(std::move(database)) {}
  Result<> sweep();
  Result<> sweep_rows();
  bool has_file(const std::string& sha256) const;
  Result<std::string> keep_file(const QuarantineEntry& entry, int fd);
  Result<bool> count_again(const std::string& sha256, QuarantineState state);
  Result<> make_room(std::uint64_t bytes);
  Result<> insert(const QuarantineEntry& entry);
  Result<> forget(const std::string& sha256);
  Result<std::uint64_t> used();
  Result<std::optional<QuarantineEntry>> row_of(const std::string& sha256);
  Result<UniqueFd> sealed(const std::string& sha256);
  Result<> zip(const std::string& sha256, const ByteSink& sink);
  AuditRecord record(const std::string& actor, const std::string& act, const std::string& sha256,
                     const Result<>& done, const std::string& detail = {}) const;

  const std::string folder_;
  const QuarantineKey key_;
  const QuarantineOptions options_;
  const Clock& clock_;
  Random& random_;
  const UniqueFd lock_;  // shared with all who have it open
  std::mutex mutex_;     // for all below
  Database database_;
  std::uint64_t reserved_ = 0;          // bytes that keep() is copying
  std::multiset<std::string> copying_;  // and their hashes
};

std::string_view quarantine_state_name(QuarantineState state);

}  // namespace weir
