// Two threads that wait for the disk so that no event loop does. Owned by the spool store, outlives
// every spool. Work handed over owns all it touches, because the coroutine that asked may vanish
// with its loop while the work runs.
#pragma once

#include <functional>
#include <memory>

#include "core/co.h"
#include "core/fd.h"
#include "core/result.h"

namespace weir {

class FileIo {
 public:
  using Work = std::move_only_function<Result<std::size_t>()>;

  explicit FileIo(unsigned threads = 2, std::size_t most_waiting = 4096);
  ~FileIo();  // finishes what waits
  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;

  // Runs `work` on one of the threads; Errc::busy when too much waits. Any loop.
  Co<Result<std::size_t>> run(Work work);
  // A descriptor that is closed here when its last owner lets go: giving back the blocks of a large
  // unlinked file takes long.
  std::shared_ptr<UniqueFd> adopt(UniqueFd fd);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace weir
