// What a run did, while it is collected: by the tracer (processes, files, acts) and the sink
// (network, output). Bounded like the report it becomes. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox_client/report.h"

namespace weir {

class Behaviour {
 public:
  explicit Behaviour(std::string sample_path) : sample_path_(std::move(sample_path)) {}

  void started(int pid, int parent);
  // A program took the process over. `path` is the program's, `code` what it may be running:
  // itself, and files that it was given.
  void ran(int pid, std::vector<std::string> argv, const std::string& path,
           const std::vector<std::string>& code);
  void ended(int pid, int code);

  void file(const std::string& path, FileDeed how, bool refused);
  void deleted(const std::string& path, bool refused);
  void network(NetworkSeen seen);
  // More first bytes for an entry that network() made, found by its address and port.
  void said(const std::string& address, int port, std::string_view bytes);
  void act(std::string_view what, std::string_view detail, std::uint64_t count = 1);
  void note(std::string text);
  void output(std::string_view bytes);
  void stop_reason(DetonationOutcome outcome, std::string reason);  // the first one stays

  // Looks at what was left of the files and hands everything over. Once, when nothing runs.
  SandboxReport finish();

 private:
  void describe_files();
  void count_changed_documents();
  void add_process(int pid, int parent);
  void add_act(std::string_view what, std::string_view detail, std::uint64_t count);
  void add_file(const std::string& path, FileDeed how, bool refused);

  std::mutex mutex_;
  std::string sample_path_;
  SandboxReport report_;
  std::map<int, std::size_t> process_at_;
  std::map<std::pair<std::string, FileDeed>, std::size_t> file_at_;
  std::map<std::pair<std::string, std::string>, std::size_t> act_at_;
  std::set<std::string> written_;
  std::uint64_t output_bytes_ = 0;
  std::uint64_t processes_ = 0;
  bool stopped_ = false;
};

}  // namespace weir
