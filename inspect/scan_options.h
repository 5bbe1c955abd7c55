// The command line of weir-scan, written by the gateway and read by the helper. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace weir {

// How weir-scan is started: what the gateway puts behind argv[0] and main() reads again.
struct ScanOptions {
  int control_fd = 3;  // the zygote's end of the socket pair
  std::string rules_dir;
  std::string clamav_dir;
  std::vector<std::string> hash_files =
      {};                            // for files in containers; the gateway does the outermost
  std::string publisher_roots = {};  // PEM file, "" = none
  bool best_effort = false;          // go on with the layers of the jail that the system has
  std::uint64_t memory_bytes = 2ULL << 30;  // a child's address space above the engines'
  bool operator==(const ScanOptions&) const = default;
};
std::vector<std::string> scan_arguments(const ScanOptions& options);
Result<ScanOptions> parse_scan_arguments(std::span<const std::string> arguments);

}  // namespace weir
