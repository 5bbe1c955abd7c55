#include "inspect/worker/take_out.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/digest.h"

namespace weir {
namespace {

bool write_whole(int fd, ByteView bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto wrote = ::pwrite(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (wrote <= 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    at += static_cast<std::size_t>(wrote);
  }
  return true;
}

}  // namespace

TakeOut::TakeOut(std::string sha256, int into) : sha256_(std::move(sha256)), into_(into) {
  struct stat about{};
  if (::fstat(into_, &about) == 0) size_ = static_cast<std::uint64_t>(about.st_size);
}

// Only what has the size is hashed, so that the walk costs little more than the unpacking.
void TakeOut::scan(const Artifact& artifact, Budget&, FindingList&) {
  if (done_ || artifact.depth == 0 || artifact.bytes.size() != size_) return;
  if (sha256_hex(artifact.bytes) != sha256_) return;
  done_ = write_whole(into_, artifact.bytes);
}

}  // namespace weir
