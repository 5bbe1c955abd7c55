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
#include "sandbox_client/placed_file.h"

namespace weir {

class SampleFiles {
 public:
  // Makes the folder, mode 0700; its parent is there.
  static Result<SampleFiles> open(std::string folder, Random& random, StepHook step = {});

  // Copies `fd` from its beginning to its end, at most `most` bytes. An error if the bytes do not
  // have the digest: everything that is learned is remembered under it.
  Result<> put(const std::string& sha256, int fd, std::uint64_t most) const;
  Result<UniqueFd> read(const std::string& sha256) const;  // a new description at offset 0
  void remove(const std::string& sha256) const;            // also when it is not there

  void sweep(const std::function<bool(const std::string& name)>& keep) const {
    sweep_folder(folder_, keep);
  }

 private:
  SampleFiles(std::string folder, Random& random, StepHook step)
      : folder_(std::move(folder)), random_(&random), step_(std::move(step)) {}
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  Random* random_;
  StepHook step_;
};

}  // namespace weir
