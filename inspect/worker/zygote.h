// The zygote of weir-scan: loads the engines, proves that they work, then forks a jailed child for
// each request of the gateway and hands over the child's socket. It never reads a scanned file.
// When it goes, for whatever reason, its children are killed: they live in a PID namespace whose
// first process dies with it. One thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "core/clock.h"
#include "core/fd.h"
#include "core/jail.h"
#include "core/result.h"
#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"
#include "inspect/worker/engines.h"

namespace weir {

class Zygote {
 public:
  // Owns the control socket of `options` from here on.
  Zygote(ScanOptions options, const Clock& clock);
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  // Serves until the gateway closes the control socket. Returns the exit code.
  int run();

 private:
  struct Child {
    pid_t pid = -1;
    UniqueFd socket, pidfd;
  };

  Result<void> prepare();  // engines, namespaces, self-test
  Result<void> enter_namespaces();
  Result<void> start_first_process();
  Result<void> test_itself();
  Result<Child> spawn();
  [[noreturn]] void be_child(UniqueFd socket, const std::string& scratch);
  JailSpec child_jail(const std::string& scratch) const;
  void serve();
  bool serve_request();
  void reap();
  std::string scratch_for_next();

  ScanOptions options_;
  const Clock& clock_;
  UniqueFd control_, nothing_, deaths_;
  Engines engines_;
  bool own_namespaces_ = false;
  std::string scratch_root_;  // without namespaces: holds a directory for each child
  std::uint64_t spawned_ = 0, data_bytes_ = 0;
  std::map<pid_t, std::string> scratches_;  // of living children
  pid_t first_process_ = -1;
};

}  // namespace weir
