#include "sandbox_client/detonate/control_group.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>

#include "conf/text_file.h"
#include "core/fd.h"

namespace weir {
namespace {

constexpr std::size_t kMostText = 64 * 1024;
constexpr int kMostTries = 100;  // to remove a group whose last processes are just ending

bool write_to(const std::string& path, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string text_of(const std::string& path) {
  return read_text_file(path, kMostText).value_or(std::string());
}

bool has_word(std::string_view words, std::string_view word) {
  std::size_t at = 0;
  while (at <= words.size()) {
    const std::size_t end = std::min(words.find_first_of(" ,\n", at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

// The caller's group in the tree of this controller; "" = the tree of version 2.
std::optional<std::string> group_of(std::string_view own, std::string_view controller) {
  while (!own.empty()) {
    const std::size_t end = std::min(own.find('\n'), own.size());
    const std::string_view line = own.substr(0, end);
    own.remove_prefix(std::min(end + 1, own.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string_view names = line.substr(first + 1, second - first - 1);
    const bool found = controller.empty() ? names.empty() : has_word(names, controller);
    const std::string_view path = line.substr(second + 1);
    if (found && path.find("..") == path.npos) return std::string(path == "/" ? "" : path);
  }
  return std::nullopt;
}

// The groups below `base` can have limits, which a group with processes of its own cannot allow.
bool divide(const std::string& base) {
  const std::string switches = base + "/cgroup.subtree_control";
  if (write_to(switches, "+memory +pids")) return true;
  const std::string me = std::to_string(::getpid());
  if (text_of(base + "/cgroup.procs") != me + "\n") return false;
  const std::string own = base + "/weir-detonate";
  if (::mkdir(own.c_str(), 0755) != 0 && errno != EEXIST) return false;
  return write_to(own + "/cgroup.procs", me) && write_to(switches, "+memory +pids");
}

constexpr std::string_view kName = "weir-cell-";

std::string next_name() {
  static std::atomic<unsigned> count = 0;
  return "/" + std::string(kName) + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

// What a worker that was killed has left. A group with processes in it cannot be removed.
void sweep(const std::string& base) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kName)) continue;
    pid_t maker = 0;
    std::from_chars(name.data() + kName.size(), name.data() + name.size(), maker);
    if (maker > 0 && ::kill(maker, 0) != 0 && errno == ESRCH) ::rmdir(entry.path().c_str());
  }
}

}  // namespace

ControlGroup ControlGroup::make(const std::string& root, std::string_view own,
                                const GroupLimits& limits) {
  ControlGroup made;
  const std::string memory = std::to_string(limits.memory);
  const std::string processes = std::to_string(limits.processes);
  const auto unified = group_of(own, "");
  const std::string base = root + unified.value_or("");
  const std::string controllers = unified ? text_of(base + "/cgroup.controllers") : "";
  if (has_word(controllers, "memory") && has_word(controllers, "pids")) {
    if (!divide(base)) return made;
    made.bounds_memory_ = made.open(
        base, {{"memory.max", memory}, {"memory.swap.max", "0"}, {"pids.max", processes}});
    return made;
  }
  if (const auto path = group_of(own, "memory")) {
    made.bounds_memory_ = made.open(root + "/memory" + *path, {{"memory.limit_in_bytes", memory}});
  }
  if (const auto path = group_of(own, "pids")) {
    made.open(root + "/pids" + *path, {{"pids.max", processes}});
  }
  return made;
}

// The first of `set` has to be there, the others may be unknown to the kernel.
bool ControlGroup::open(const std::string& base,
                        const std::vector<std::pair<std::string, std::string>>& set) {
  sweep(base);
  const std::string folder = base + next_name();
  if (::mkdir(folder.c_str(), 0755) != 0) return false;
  folders_.push_back(folder);
  bool first = true;
  for (const auto& [file, text] : set) {
    const bool done = write_to(folder + "/" + file, text);
    if (first && !done) return false;
    first = false;
  }
  return true;
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : folders_(std::exchange(other.folders_, {})), bounds_memory_(other.bounds_memory_) {}

void ControlGroup::add(pid_t process) {
  for (const std::string& folder : folders_) {
    write_to(folder + "/cgroup.procs", std::to_string(process));
  }
}

std::uint64_t ControlGroup::memory_kills() const {
  for (const std::string& folder : folders_) {
    for (const char* file : {"/memory.events", "/memory.oom_control"}) {  // version 2, version 1
      const std::string lines = text_of(folder + file);
      const std::string_view key = "\noom_kill ";
      const std::size_t at = lines.find(key);
      std::uint64_t count = 0;
      if (at == lines.npos) continue;
      std::from_chars(lines.data() + at + key.size(), lines.data() + lines.size(), count);
      return count;
    }
  }
  return 0;
}

// The cell's processes end with its first one, but not at once.
ControlGroup::~ControlGroup() {
  for (const std::string& folder : folders_) {
    write_to(folder + "/cgroup.kill", "1");  // version 2
    for (int tries = 0; ::rmdir(folder.c_str()) != 0 && errno == EBUSY && tries < kMostTries;
         ++tries) {
      ::poll(nullptr, 0, 10);
    }
  }
}

}  // namespace weir
