// How one response is inspected and delivered: what the policy's `profiles:` section names and its
// response stage picks. Immutable once loaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/finding.h"

namespace weir {

enum class Delivery : std::uint8_t {
  hold,     // nothing leaves before the ruling
  trickle,  // bytes leave as they come, the tail never does before the ruling
  stream,   // inspected while flowing; for media that proves to be media, and endless bodies
  direct,   // no inspection, by explicit rule only
};

struct Profile {
  std::string name = "default";
  Delivery delivery = Delivery::hold;
  ScannerSet scanners;                                  // required for a clean verdict
  std::uint64_t max_bytes = 2ULL * 1024 * 1024 * 1024;  // more is uninspectable: too-large
  std::chrono::milliseconds scan_timeout{60'000};       // queueing and scanning together
  // From this sum of the weights of its signs on a file is suspicious (docs/signs.md); 0 = never.
  unsigned suspicious_score = 50;
  bool prove_media = false;  // stream only if the content's own bytes are media, else hold
};

}  // namespace weir
