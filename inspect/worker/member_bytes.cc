#include "inspect/worker/member_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace weir {
namespace {

constexpr std::size_t kInMemory = 1U << 20;

}  // namespace

MemberBytes::~MemberBytes() {
  if (mapped_ != nullptr) ::munmap(mapped_, size_);
}

bool MemberBytes::append(ByteView bytes) {
  size_ += bytes.size();
  if (!file_ && size_ <= kInMemory) {
    memory_ += as_text(bytes);
    return true;
  }
  return (file_ || spill()) && write(bytes);
}

bool MemberBytes::spill() {
  std::string path = scratch_ + "/member-XXXXXX";
  file_.reset(::mkostemp(path.data(), O_CLOEXEC));
  if (!file_ || ::unlink(path.c_str()) != 0) return false;
  const bool written = write(as_bytes(memory_));
  memory_ = std::string();
  return written;
}

bool MemberBytes::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
    if (done <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

bool MemberBytes::view(ByteView& bytes) {
  bytes = as_bytes(memory_);
  if (!file_) return true;
  void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file_.get(), 0);
  if (at == MAP_FAILED) return false;
  mapped_ = at;
  bytes = {static_cast<const std::uint8_t*>(at), static_cast<std::size_t>(size_)};
  return true;
}

}  // namespace weir
