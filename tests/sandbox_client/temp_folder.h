// A folder of this process's own, removed at the end, and files in it. For tests, any thread.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/digest.h"
#include "core/fd.h"
#include "core/random.h"

namespace weir {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-sandbox-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

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
