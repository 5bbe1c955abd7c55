// A program of ours that runs beside the gateway, and is started again when it ends: at once the
// first time, then with pauses that double up to a minute. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"

namespace weir {

class HelperProcess {
 public:
  // `area` is what the log calls it. Both outlive it. Before sockets are opened, or it inherits
  // none all the same: descriptors above 2 are closed.
  HelperProcess(std::string area, std::vector<std::string> words, const Clock& clock, Log& log);
  ~HelperProcess();  // ends it and reaps it
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  void look();  // each second: is it alive?
  bool running() const { return pid_ > 0; }

 private:
  void spawn();
  void reap();

  const std::string area_;
  std::vector<std::string> words_;  // the program first
  const Clock& clock_;
  Log& log_;
  pid_t pid_ = -1;
  SteadyTime not_before_{};
  unsigned short_lives_ = 0;
  SteadyTime started_{};
};

}  // namespace weir
