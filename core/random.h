// Randomness through a narrow interface. SystemRandom reads the kernel's generator.
#pragma once

#include "core/bytes.h"

namespace weir {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;
};

class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace weir
