// What the tests of sandboxes share: files in memory and a countable source of randomness.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <string>

#include "core/digest.h"
#include "core/fd.h"
#include "core/random.h"
#include "tests/support/temp_folder.h"

namespace weir {

// A descriptor of the bytes, as the gateway's spool gives one.
inline UniqueFd memory_file(std::string_view bytes) {
  UniqueFd fd(::memfd_create("sample", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

// The same bytes in every run of one thread.
class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    std::uint64_t state = ++calls_ * 0x9e3779b97f4a7c15;
    for (auto& byte : out) {
      state = state * 6364136223846793005 + 1442695040888963407;
      byte = static_cast<std::uint8_t>(state >> 56);
    }
  }

 private:
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace weir
