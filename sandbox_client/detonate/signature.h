// Signatures: what a behaviour means. Read from YAML (conf/sandbox/signatures.yaml,
// docs/sandbox-worker.md), matched against the report of a run, which gets their names, a score and
// a verdict. Immutable once read; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "conf/yaml.h"
#include "sandbox_client/report.h"

namespace re2 {
class RE2;
}

namespace weir {

// One condition: a subject, as the YAML key names it, and what it is compared with.
struct Condition {
  enum class Kind : std::uint8_t {
    all_of,
    any_of,
    none_of,
    process,       // a pattern on the words of a command line
    file_written,  // globs on paths; "~/" is the home
    file_deleted,
    file_read,
    renamed_over,  // more files than that
    written_over,
    deleted_over,
    network_port,      // a connection to one of these ports
    network_port_not,  // to a port that is none of these
    dns,               // a pattern on a name that was looked up
    dns_over,          // more names than that
    said,              // a pattern on the first bytes
    act,               // one of these words
    act_over,          // {what: count}: that word more often than that
    denied_call,       // one of these system calls
  };

  Kind kind = Kind::any_of;
  std::vector<Condition> parts;
  std::vector<std::string> words;  // globs, names
  std::vector<int> ports;
  std::string subject;  // of act_over
  std::uint64_t over = 0;
  std::shared_ptr<const re2::RE2> pattern;
};

struct Signature {
  std::string name, explanation, attack;
  int severity = 0;
  Condition condition;
};

class Signatures {
 public:
  // Nothing when there were problems, each with its place.
  static std::optional<Signatures> read(const YamlNode& root, Problems& problems);

  // Fills in signatures, score and verdict. A report of a run that did not happen stays unknown.
  void judge(SandboxReport& report) const;

  const std::vector<Signature>& all() const { return all_; }

 private:
  std::vector<Signature> all_;
};

bool holds(const Condition& condition, const SandboxReport& report);

// "*" is any run of bytes but "/", "**" any run. Linear in the text for each star.
bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace weir
