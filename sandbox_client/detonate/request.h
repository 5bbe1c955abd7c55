// What a client of `weir-detonate serve` sends: four bytes of length (big-endian), a JSON object,
// and with the first byte the file as a descriptor (SCM_RIGHTS). The answer is length and report.
// One request a connection. The client is a process of ours, and is checked all the same.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace weir {

struct DetonationRequest {
  std::string name;    // of the file, as it was downloaded
  std::string sha256;  // of the file; "" = not said
  int seconds = 20;
};

inline constexpr std::size_t kMostRequestBytes = 8192;
inline constexpr int kMostSeconds = 600;

// malformed: no JSON object, an unknown member, or a value out of range.
Result<DetonationRequest> parse_request(std::string_view json);

}  // namespace weir
