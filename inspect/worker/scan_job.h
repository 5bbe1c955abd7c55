// One job of a child: the file is mapped, walked, and answered for.
#pragma once

#include <span>
#include <string>

#include "core/clock.h"
#include "core/fd.h"
#include "inspect/scan_wire.h"
#include "inspect/worker/scanner.h"

namespace weir {

// A file mapped for reading. Empty files have no mapping.
class MappedFile {
 public:
  static Result<MappedFile> map(int fd);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  ByteView bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

// `scanners` are all that there are; the job says which of them are wanted. Those that are not here
// are not reported as complete. `into` is where job.take_out goes.
ScanReply run_scan_job(const ScanJob& job, ByteView file, std::span<FileScanner* const> scanners,
                       const Clock& clock, const std::string& scratch, int into = -1);

// Answers jobs until the gateway closes the socket. Returns the exit code: 0, or 2 after nonsense.
int serve_scan_jobs(int socket, std::span<FileScanner* const> scanners, const Clock& clock,
                    const std::string& scratch);

}  // namespace weir
