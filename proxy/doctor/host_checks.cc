// Clock, memory, descriptors, disk: what the machine gives.
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/log.h"
#include "proxy/doctor/doctor.h"

namespace weir {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLeastFree = 256 * kMiB;
constexpr std::uint64_t kLeastInodes = 1000;
constexpr std::uint64_t kBaseMemory = 512 * kMiB;
// ClamAV in memory takes about five times its files; a reload has two engines for a while.
constexpr std::uint64_t kDatabaseFactor = 2 * 5;
constexpr std::uint64_t kDescriptorsPerConnection = 3;

// "2026-11-23", from the build; no time of day, so that a build can be repeated.
std::optional<WallTime> build_day() {
  int year = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(WEIR_BUILD_DAY, "%d-%u-%u", &year, &month, &day) != 3) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

bool is_synchronised() {
  timex about{};
  return ::adjtimex(&about) != TIME_ERROR;
}

std::uint64_t mem_available() {
  std::ifstream in("/proc/meminfo");
  std::string name, unit;
  std::uint64_t kib = 0;
  while (in >> name >> kib) {
    std::getline(in, unit);
    if (name == "MemAvailable:") return kib * 1024;
  }
  return 0;
}

// What the group of processes may still take (cgroup v2); no number without a limit.
std::optional<std::uint64_t> cgroup_room() {
  const auto number = [](const char* file) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    std::ifstream in(file);
    if (!(in >> value)) return std::nullopt;  // not there, or "max"
    return value;
  };
  const auto most = number("/sys/fs/cgroup/memory.max");
  const auto used = number("/sys/fs/cgroup/memory.current");
  if (!most || !used) return std::nullopt;
  return *most - std::min(*most, *used);
}

std::uint64_t folder_bytes(const std::string& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto size = entry.file_size(error);
    if (!error) sum += size;
  }
  return sum;
}

void look_at_memory(const Patient& patient, Checkup& checkup) {
  std::uint64_t room = mem_available();
  if (const auto group = cgroup_room()) room = std::min(room, *group);
  const std::uint64_t need =
      kBaseMemory + kDatabaseFactor * folder_bytes(patient.settings.inspect.clamav_dir);
  const std::string found = size_in_words(room) + " free, about " + size_in_words(need) + " wanted";
  if (patient.running_pid != 0 || room >= need) {
    checkup.ok("memory", patient.running_pid != 0
                             ? size_in_words(room) + " free beside the gateway that runs"
                             : found);
    return;
  }
  checkup.warn("memory", found,
               "give the machine or the container more memory; a reload holds two sets of "
               "signatures for a while");
}

// "Max open files  1024  4096  files": the soft limit. Of the gateway that runs, else our own.
std::uint64_t descriptor_limit(long pid) {
  if (pid != 0) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/limits");
    constexpr std::string_view kRow = "Max open files";
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with(kRow)) continue;
      std::istringstream rest(line.substr(kRow.size()));
      std::uint64_t soft = 0;
      return rest >> soft ? soft : RLIM_INFINITY;
    }
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void look_at_descriptors(const Patient& patient, Checkup& checkup) {
  const std::uint64_t have = descriptor_limit(patient.running_pid);
  const std::uint64_t want = kDescriptorsPerConnection * patient.settings.limits.connections;
  const std::string found = std::to_string(have) + " allowed" +
                            (patient.running_pid != 0 ? " to the gateway" : " to this shell") +
                            ", " + std::to_string(want) + " wanted";
  if (have >= want) return checkup.ok("descriptors", found);
  checkup.warn("descriptors", found,
               "LimitNOFILE=" + std::to_string(want) + " in the unit, or ulimit -n " +
                   std::to_string(want) + ", or a smaller limits.connections");
}

// The folder, or what it will be made in.
std::string nearest(std::filesystem::path folder) {
  std::error_code ignored;
  while (folder.has_relative_path() && !std::filesystem::exists(folder, ignored)) {
    folder = folder.parent_path();
  }
  return folder.string();
}

void look_at_space(const std::string& wanted, std::uint64_t want, Checkup& checkup) {
  const std::string folder = nearest(wanted);
  struct statvfs about{};
  if (::statvfs(folder.c_str(), &about) != 0) {
    return checkup.error("disk", folder + ": cannot be read", "mend its owner and mode");
  }
  const std::uint64_t free = std::uint64_t{about.f_bavail} * about.f_frsize;
  const std::string found = folder + ": " + size_in_words(free) + " free; " + size_in_words(want) +
                            " may be used at once";
  if (free < kLeastFree) {
    return checkup.error("disk", found, "make room: downloads that do not fit are refused");
  }
  if (about.f_files != 0 && about.f_favail < kLeastInodes) {
    return checkup.error("disk", folder + ": no inodes left", "delete files there");
  }
  if (free >= want) return checkup.ok("disk", found);
  checkup.warn("disk", found,
               "a larger disk, or smaller inspect.spool_total_bytes, history.max_bytes and "
               "quarantine.max_bytes");
}

}  // namespace

void look_at_clock(const Patient& patient, Checkup& checkup) {
  const std::string now = iso_time(patient.now);
  // A day for time zones; whoever built it had a clock that was right.
  const auto built = build_day();
  if (built && patient.now + std::chrono::hours(24) < *built) {
    return checkup.error("clock", now + " is before this program was built (" WEIR_BUILD_DAY ")",
                         "set the clock (timedatectl set-ntp true): no certificate would be valid");
  }
  checkup.ok("clock",
             now + (is_synchronised() ? "" : "; the kernel knows of no time synchronisation"));
}

void look_at_disk(const Patient& patient, Checkup& checkup) {
  const Settings& settings = patient.settings;
  const std::uint64_t kept =
      (settings.history.record ? settings.history.max_bytes : 0) +
      (settings.quarantine.files == "off" ? 0 : settings.quarantine.max_bytes);
  const std::string& spool = settings.inspect.spool_dir;
  const std::uint64_t spooled = settings.inspect.spool_total_bytes;
  if (spool.empty()) return look_at_space(settings.state_dir, kept + spooled, checkup);
  look_at_space(settings.state_dir, kept, checkup);
  look_at_space(spool, spooled, checkup);
}

void look_at_limits(const Patient& patient, Checkup& checkup) {
  look_at_descriptors(patient, checkup);
  look_at_memory(patient, checkup);
}

}  // namespace weir
