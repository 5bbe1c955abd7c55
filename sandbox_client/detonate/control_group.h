// A control group for one run: memory and processes of all that it starts, bounded by the kernel.
// Of version 2 (one tree; Documentation/admin-guide/cgroup-v2.rst) and version 1 (a tree for each
// controller). The cell's own bounds (rlimits, the warden) do without: where no group may be made
// there is none. One owner, one thread; gone when destroyed, with what still runs in it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct GroupLimits {
  std::uint64_t memory = 0;  // bytes
  std::uint64_t processes = 0;
};

class ControlGroup {
 public:
  // Below the caller's own groups: `own` is /proc/self/cgroup, `root` is /sys/fs/cgroup. In version
  // 2 only a group without other processes can be divided, so the caller moves to one below it.
  static ControlGroup make(const std::string& root, std::string_view own,
                           const GroupLimits& limits);
  ~ControlGroup();
  ControlGroup(ControlGroup&& other) noexcept;
  ControlGroup& operator=(ControlGroup&&) = delete;

  bool bounds_memory() const { return bounds_memory_; }
  void add(pid_t process);
  // Processes in it that the kernel ended because it was full.
  std::uint64_t memory_kills() const;

 private:
  ControlGroup() = default;
  bool open(const std::string& base, const std::vector<std::pair<std::string, std::string>>& set);

  std::vector<std::string> folders_;
  bool bounds_memory_ = false;
};

}  // namespace weir
