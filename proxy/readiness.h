// What /readyz says: whether new requests are served as policy wants, and why not. Pure.
#pragma once

#include <string>
#include <vector>

namespace weir {

struct Readiness {
  bool scanners = true;  // an engine is loaded
  bool signer = true;    // weir-sign lives
  bool events = true;    // they can be written, or policy goes on without
  bool draining = false;
  // It goes on, but not with what is on disk: what the last reload refused.
  std::vector<std::string> warnings{};

  bool ready() const { return scanners && signer && events && !draining; }
};

std::string readiness_json(const Readiness& found);

}  // namespace weir
