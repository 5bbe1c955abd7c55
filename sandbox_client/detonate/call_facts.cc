#include "sandbox_client/detonate/call_facts.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace weir {
namespace {

constexpr std::array<std::string_view, 8> kShells{"sh",  "bash", "dash",    "zsh",
                                                  "ksh", "ash",  "busybox", "rbash"};
constexpr std::array<std::string_view, 7> kMachine{
    "/sys/class/dmi/",     "/sys/devices/virtual/dmi/",    "/sys/hypervisor",    "/proc/scsi/scsi",
    "/usr/sbin/dmidecode", "/usr/bin/systemd-detect-virt", "/usr/sbin/virt-what"};

// One line of /proc/net/tcp and its like: the inode is the tenth field.
bool lists(const char* table, const std::string& inode) {
  constexpr int kMostLines = 4096;
  std::ifstream file(table);
  std::string line;
  for (int count = 0; count < kMostLines && std::getline(file, line); ++count) {
    std::istringstream fields(line);
    std::string field;
    for (int at = 0; at < 10; ++at) fields >> field;
    if (field == inode) return true;
  }
  return false;
}

}  // namespace

bool is_shell(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name.starts_with("python") || std::ranges::find(kShells, name) != kShells.end();
}

bool asks_for_machine(std::string_view path) {
  return std::ranges::any_of(kMachine, [&](std::string_view one) { return path.starts_with(one); });
}

bool is_network_socket(std::string_view link) {
  constexpr std::string_view kBegin = "socket:[";
  if (!link.starts_with(kBegin) || !link.ends_with(']')) return false;
  const std::string inode(link.substr(kBegin.size(), link.size() - kBegin.size() - 1));
  return std::ranges::any_of(
      std::array{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"},
      [&](const char* table) { return lists(table, inode); });
}

}  // namespace weir
