#include "sandbox_client/detonate/warden.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sandbox_client/detonate/cell_init.h"

namespace weir {
namespace {

constexpr auto kTick = std::chrono::milliseconds(20);
constexpr int kTicksPerLook = 10;  // at memory
constexpr std::int64_t kGraceMs = 4'000;

// Resident pages of every process but this one.
std::uint64_t memory_used() {
  std::uint64_t pages = 0;
  std::error_code bad;
  for (const auto& one : std::filesystem::directory_iterator("/proc", bad)) {
    const std::string name = one.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || name == "1") continue;
    std::ifstream file(one.path() / "statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    std::uint64_t shared = 0;
    if (file >> size >> resident >> shared) pages += resident - std::min(resident, shared);
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::chrono::milliseconds Warden::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - start_);
}

bool Warden::time_is_up() {
  if (elapsed() >= limit_) {
    behaviour_.stop_reason(DetonationOutcome::timed_out,
                           "still running after " + std::to_string(limit_.count() / 1000) + " s");
    return true;
  }
  const std::int64_t first_end = first_end_ms_;
  if (first_end < 0 || elapsed().count() - first_end < kGraceMs) return false;
  behaviour_.stop_reason(DetonationOutcome::finished, "");
  behaviour_.act("left-running", "");
  return true;
}

bool Warden::memory_is_up() {
  if (memory_used() <= kCellMemory) return false;
  behaviour_.stop_reason(DetonationOutcome::timed_out, "it took more memory than a cell has");
  behaviour_.act(kMemoryLimit, "");
  return true;
}

void Warden::run() {
  bool ending = false;
  for (int tick = 1; !done_; ++tick) {
    ending = ending || time_is_up() || (tick % kTicksPerLook == 0 && memory_is_up());
    if (ending) ::kill(-1, SIGKILL);  // everybody here but this process, which watches them go
    std::this_thread::sleep_for(kTick);
  }
}

}  // namespace weir
