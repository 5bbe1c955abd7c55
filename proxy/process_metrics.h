// What the process itself takes and holds, the former under the names that Prometheus clients of
// all languages use: process_resident_memory_bytes, process_open_fds and others. Read from /proc
// each second. One thread, off the loops.
#pragma once

#include <cstddef>

#include "core/metrics.h"

namespace weir {

class ProcessMetrics {
 public:
  explicit ProcessMetrics(Metrics& metrics);
  void look();
  void waiting(std::size_t kept, std::size_t held);  // files: for a password, for a sandbox

 private:
  Gauge& resident_;
  Gauge& open_fds_;
  Gauge& max_fds_;
  Gauge& threads_;
  Gauge& start_;
  Gauge& kept_files_;
  Gauge& held_files_;
  Counter& cpu_;
};

}  // namespace weir
