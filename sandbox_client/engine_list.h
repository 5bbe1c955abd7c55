// conf/sandbox.yaml: which sandboxes there are, how each is reached, and the bounds of queue and
// memory. Reading it opens no connection. Mistakes are reported with file:line:column; unknown keys
// are mistakes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/diagnostic.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/queue.h"
#include "sandbox_client/request_pace.h"
#include "sandbox_client/rest.h"
#include "sandbox_client/runner.h"

namespace weir {

enum class EngineKind : std::uint8_t { local, cape, cuckoo3, webhook };

struct EngineSpec {
  EngineKind kind = EngineKind::local;
  std::string name;  // letters, digits, '-', '_'
  bool enabled = true;
  std::vector<std::string> types;  // file_type names that it gets; empty = all
  unsigned concurrency = 2;        // files that it has at a time
  // local
  bool start = true;   // weir starts weir-detonate and keeps it going
  std::string socket;  // "" = <state>/sandbox/detonate.sock
  std::string signatures_file = "conf/sandbox/signatures.yaml";
  int seconds = 30;  // that a sample runs
  // cape, cuckoo3, webhook
  RestOptions rest;
  std::optional<Duration> poll_pause;
  ScoreLimits limits;                         // cape, cuckoo3
  Duration reuse = std::chrono::days(7);      // cape: reports that are younger serve again
  bool whole_report = false;                  // cape
  std::map<std::string, std::string> fields;  // cape: of the submission
  std::string settings_json;                  // cuckoo3: members for `settings`
};

struct SandboxList {
  std::vector<EngineSpec> engines;  // also those that are off; asked in this order
  QueueOptions queue;
  MemoryOptions memory;
  Duration deadline = std::chrono::minutes(30);  // from handing a file in to having a report
};

// nullopt exactly when an error was reported. Relative files are taken from the list's folder.
std::optional<SandboxList> load_sandbox_list(const std::string& path,
                                             std::vector<Diagnostic>& problems);

// `versions` of a local engine: of the worker and its signatures. What is given outlives the
// engine.
std::unique_ptr<Engine> make_engine(const EngineSpec& spec, const std::string& versions,
                                    const Clock& clock, Random& random, StopSignal& stop);

}  // namespace weir
