// The files that wait for a sandbox: <folder>/<sha256>, mode 0600. A file is there, whole and on
// the disk, before the queue has a row for it, and goes after the row has gone; what a kill leaves
// between the two is swept when the queue opens. Blocking, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

// Called with a name after each step that a kill could follow; tests end the process there.
using StepHook = std::function<void(std::string_view)>;

// 64 lower-case hex digits, and so a safe file name.
bool is_sha256_hex(std::string_view text);

class SampleFiles {
 public:
  // Makes the folder, mode 0700; its parent is there.
  static Result<SampleFiles> open(std::string folder, Random& random, StepHook step = {});

  // Copies `fd` from its beginning to its end, at most `most` bytes. An error if the bytes do not
  // have the digest: everything that is learned is remembered under it.
  Result<> put(const std::string& sha256, int fd, std::uint64_t most) const;
  Result<UniqueFd> read(const std::string& sha256) const;  // a new description at offset 0
  void remove(const std::string& sha256) const;            // also when it is not there

  // Removes every file that `keep` does not want.
  void sweep(const std::function<bool(const std::string& name)>& keep) const;

 private:
  SampleFiles(std::string folder, Random& random, StepHook step)
      : folder_(std::move(folder)), random_(&random), step_(std::move(step)) {}
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void reached(std::string_view step) const {
    if (step_) step_(step);
  }
  Result<> place(const std::string& part, const std::string& sha256) const;

  std::string folder_;
  Random* random_;
  StepHook step_;
};

}  // namespace weir
