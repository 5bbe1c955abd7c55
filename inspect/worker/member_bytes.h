// The bytes of one unpacked member: in memory while small, else in an unlinked file of the scratch
// directory, so that the size of that directory bounds what all members together may take. One
// owner.
#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "core/fd.h"

namespace weir {

class MemberBytes {
 public:
  explicit MemberBytes(const std::string& scratch) : scratch_(scratch) {}
  ~MemberBytes();
  MemberBytes(const MemberBytes&) = delete;
  MemberBytes& operator=(const MemberBytes&) = delete;

  bool append(ByteView bytes);  // false: the scratch directory is full or cannot be written
  std::uint64_t size() const { return size_; }
  bool view(ByteView& bytes);  // after the last append; false: it cannot be mapped

 private:
  bool spill();
  bool write(ByteView bytes);

  const std::string& scratch_;
  std::string memory_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  void* mapped_ = nullptr;
};

}  // namespace weir
