// What a sandbox saw when it ran a file: the shape that every engine returns (the local worker,
// CAPE, Cuckoo, ...). Plain values, any thread.
//
// As JSON it is one object; docs/sandbox-worker.md lists its members. Everything in it was written
// by or about a hostile program: parse_report() refuses what is no report, cuts what is too much
// and says so in `truncated`. What write_report() wrote, parse_report() reads back the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

enum class DetonationOutcome : std::uint8_t { finished, timed_out, unsupported, failed };
// From what it did; unknown when it did not run.
enum class DetonationVerdict : std::uint8_t { unknown, clean, suspicious, malicious };
enum class FileDeed : std::uint8_t { written, deleted, renamed, read };

struct SignatureHit {
  std::string name;
  int severity = 0;  // 1 (worth knowing) to 10 (no honest program does this)
  std::string explanation;
  std::string attack;  // MITRE ATT&CK technique, "T1059.004"
  bool operator==(const SignatureHit&) const = default;
};

struct ProcessSeen {
  int pid = 0, parent = 0;  // as the sample sees them
  std::vector<std::string> argv;
  std::optional<int> exit;  // the exit code, 128 + signal, or nothing when it was still there
  bool operator==(const ProcessSeen&) const = default;
};

struct FileSeen {
  std::string path;
  FileDeed how = FileDeed::written;
  bool refused = false;  // tried, and the system said no
  std::string sha256;    // of what was left in the end; "" if nothing was
  std::uint64_t size = 0;
  bool operator==(const FileSeen&) const = default;
};

struct NetworkSeen {
  std::string proto;    // "tcp", "udp", "dns"
  std::string name;     // the DNS name; "" if it went to an address straight
  std::string address;  // "" for a mere look-up
  int port = 0;
  std::string first_bytes;  // hex
  bool operator==(const NetworkSeen&) const = default;
};

// Anything else that it did, by a fixed word: "denied-call", "sleep", "shell-on-socket", ...
struct ActSeen {
  std::string what;
  std::string detail;
  std::uint64_t count = 1;
  bool operator==(const ActSeen&) const = default;
};

struct SandboxReport {
  std::string engine;  // "local", "cape", ...
  std::string sha256;
  std::string kind;  // "elf", "shell", "python", ...
  DetonationOutcome outcome = DetonationOutcome::failed;
  std::string reason;  // why it is not `finished`
  int score = 0;       // 0 to 100
  DetonationVerdict verdict = DetonationVerdict::unknown;
  std::vector<SignatureHit> signatures;
  std::vector<ProcessSeen> processes;
  std::vector<FileSeen> files;
  std::vector<NetworkSeen> network;
  std::vector<ActSeen> acts;
  std::vector<std::string> notes;  // of the engine, about the run
  std::string output;              // the beginning of what it printed
  std::uint64_t duration_ms = 0;
  std::vector<std::string> truncated;  // names of the lists that were longer
  bool operator==(const SandboxReport&) const = default;

  // Once for each name.
  void mark_truncated(std::string_view list);
};

// Bounds of a report, in JSON and out of it.
struct ReportLimits {
  static constexpr std::size_t json_bytes = 4 * 1024 * 1024;
  static constexpr std::size_t signatures = 128, processes = 256, files = 512, network = 256;
  static constexpr std::size_t acts = 256, notes = 64, arguments = 32, lists = 16;
  static constexpr std::size_t word = 64, text = 1024, argument = 256, output = 4096;
};

std::string_view outcome_name(DetonationOutcome outcome);  // "finished", "timed-out", ...
std::string_view verdict_name(DetonationVerdict verdict);
std::string_view deed_name(FileDeed deed);

std::string write_report(const SandboxReport& report);

// malformed: no JSON, no object, or a member of the wrong type, range or enumeration.
// too_large: over ReportLimits::json_bytes. Unknown members are skipped.
Result<SandboxReport> parse_report(std::string_view json);

}  // namespace weir
