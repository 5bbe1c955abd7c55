// What sandboxes have said of a file. Plain data, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/finding.h"

namespace weir {

// Whether a sandbox has seen a file, and what it said. Several engines: the worst of them.
struct SandboxVerdict {
  Verdict verdict = Verdict::uninspectable;
  Reason reason = Reason::unsupported;  // exactly when the verdict is uninspectable
  std::uint8_t score = 0;               // to 100
  std::string engine;
  std::string versions;    // of the engine and its rules
  std::string title;       // the signature that weighs most
  std::string where = {};  // the file inside that it is of; "" = the file itself. Not kept.
  WallTime learned{}, expires{};

  bool operator==(const SandboxVerdict&) const = default;
};

}  // namespace weir
