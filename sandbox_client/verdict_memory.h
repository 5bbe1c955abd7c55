// What sandboxes have said of files, kept across restarts: SHA-256 and engine → verdict, score,
// versions, time, until a lifetime that policy gives runs out; and the report itself. SQLite, with
// the files asked for last in memory before it. Any thread. find() may read the disk (some
// microseconds when the page is cached); peek() never does.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "sandbox_client/sqlite.h"
#include "sandbox_client/verdict.h"

namespace weir {

struct MemoryOptions {
  // How long a verdict is believed. unknown: the engine failed, timed out or does not know the
  // type.
  Duration clean = std::chrono::days(7);
  Duration suspicious = std::chrono::days(2);
  Duration malicious = std::chrono::days(180);
  Duration unknown = std::chrono::hours(1);
  std::uint64_t max_rows = 2'000'000;           // the oldest go first
  std::uint64_t max_report_bytes = 1ull << 20;  // of one; a longer one is not kept
  std::size_t cached = 50'000;                  // files in memory, about 300 bytes each
};

class VerdictMemory {
 public:
  // `clock` outlives it. Other settings of an existing file hold for what is put from now on.
  static Result<std::unique_ptr<VerdictMemory>> open(const std::string& path,
                                                     const MemoryOptions& options,
                                                     const Clock& clock);

  // Replaces what this engine said before. Its times are not looked at.
  Result<> put(const std::string& sha256, const SandboxVerdict& verdict,
               std::string_view report_json, std::string_view raw_json = {});

  std::optional<SandboxVerdict> find(const std::string& sha256);
  std::optional<SandboxVerdict> peek(const std::string& sha256);  // of those in memory
  std::optional<std::string> report(const std::string& sha256, const std::string& engine);
  // What the engine itself said, "" if it was not kept.
  std::optional<std::string> raw_report(const std::string& sha256, const std::string& engine);

  // All that are believed to be malicious, the latest first, up to `most`: for lists in memory.
  using Visitor = std::function<void(const std::string& sha256, const SandboxVerdict& verdict)>;
  Result<> each_malicious(std::size_t most, const Visitor& visit);

  // True when another process has changed the file since the last call: what was cached is gone.
  bool changed_elsewhere();
  // What each engine said, also what has expired; the latest first.
  Result<std::vector<SandboxVerdict>> all_of(const std::string& sha256);

  // To be judged anew when it is next seen. The report stays.
  Result<> outdate(const std::string& sha256);
  // The same for all that other versions of this engine judged, malicious ones apart unless asked.
  Result<std::uint64_t> outdate_versions(const std::string& engine, const std::string& versions,
                                         bool malicious_too);

  // Removes what expired more than a day ago, and the oldest beyond max_rows. Now and then.
  Result<std::uint64_t> trim();
  std::uint64_t size();

 private:
  struct Cached {
    std::string sha256;
    std::optional<SandboxVerdict> verdict;  // nullopt: no sandbox has seen it
  };

  VerdictMemory(const MemoryOptions& options, const Clock& clock, Database database)
      : options_(options), clock_(clock), database_(std::move(database)) {}
  Duration lifetime(Verdict verdict) const;
  std::optional<std::string> stored(const char* column, const std::string& sha256,
                                    const std::string& engine);
  Result<std::optional<SandboxVerdict>> load(const std::string& key);
  std::optional<SandboxVerdict> unexpired(const std::optional<SandboxVerdict>& verdict) const;
  void remember(const std::string& sha256, std::optional<SandboxVerdict> verdict);
  void forget_cached();

  const MemoryOptions options_;
  const Clock& clock_;
  std::mutex database_mutex_;  // taken before the other one
  Database database_;
  std::int64_t data_version_ = 0;
  Statement find_;
  std::mutex cache_mutex_;
  std::list<Cached> cache_;                                                  // used last first
  std::unordered_map<std::string_view, std::list<Cached>::iterator> index_;  // keys are in cache_
};

}  // namespace weir
