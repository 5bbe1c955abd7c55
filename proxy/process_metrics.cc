#include "proxy/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace weir {
namespace {

// Files below /proc/self/fd, without the one that lists them.
std::int64_t open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator at("/proc/self/fd", error), end;
  std::int64_t count = -1;
  for (; !error && at != end; at.increment(error)) ++count;
  return std::max<std::int64_t>(count, 0);
}

std::int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  in >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t thread_count() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("Threads:")) return std::atoll(line.c_str() + sizeof("Threads:") - 1);
  }
  return 0;
}

std::uint64_t cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<std::uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics)
    : resident_(metrics.gauge("process_resident_memory_bytes", "Resident memory of the gateway.")),
      open_fds_(metrics.gauge("process_open_fds", "Open descriptors of the gateway.")),
      max_fds_(metrics.gauge("process_max_fds", "Descriptors it may open.")),
      threads_(metrics.gauge("process_threads", "Threads of the gateway.")),
      start_(metrics.gauge("process_start_time_seconds", "When it started, Unix time.")),
      kept_files_(metrics.gauge("weir_kept_files", "Locked files that wait for a password.")),
      held_files_(metrics.gauge("weir_held_files", "Files that wait for a sandbox.")),
      cpu_(metrics.counter("process_cpu_seconds_total", "CPU time of the gateway.")) {
  metrics.gauge("weir_build_info", "Always 1.", {{"version", WEIR_VERSION}}).set(1);
  start_.set(std::time(nullptr));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  max_fds_.set(static_cast<std::int64_t>(limit.rlim_cur));
  look();
}

void ProcessMetrics::waiting(std::size_t kept, std::size_t held) {
  kept_files_.set(static_cast<std::int64_t>(kept));
  held_files_.set(static_cast<std::int64_t>(held));
}

void ProcessMetrics::look() {
  resident_.set(resident_bytes());
  open_fds_.set(open_descriptors());
  threads_.set(thread_count());
  cpu_.add(cpu_seconds() - std::min(cpu_.value(), cpu_seconds()));
}

}  // namespace weir
