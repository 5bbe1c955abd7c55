// The bytes of an HTTP/1 connection that have been read and not been used up: one contiguous piece,
// so that heads are parsed and bodies handed out in place. Holds a buffer only while there are any.
// Owned by its connection; loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "proxy/net/byte_stream.h"
#include "proxy/net/loop.h"

namespace weir {

class H1Input {
 public:
  // Grows beyond a loaned buffer only for heads, up to `most_bytes`.
  H1Input(Loop& loop, std::string initial, std::size_t most_bytes);

  ByteView view() const { return ByteView(space()).subspan(begin_, end_ - begin_); }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t size) { begin_ += size; }
  std::uint64_t received() const { return received_; }  // bytes ever added

  // One try_read. `moving` may shift what is there, which ends the life of earlier views.
  Result<IoStep> fill(ByteStream& from, bool moving);
  bool has_room() const { return space().empty() || end_ < space().size(); }
  void release_if_empty();
  std::string take();  // everything, out of here

 private:
  MutableBytes space() const {
    return large_.empty() ? loan_.bytes() : MutableBytes(large_.data(), large_.size());
  }
  void make_room();
  void grow(std::size_t size);

  Loop& loop_;
  std::size_t most_bytes_;
  LoanedBuffer loan_;
  mutable std::vector<std::uint8_t> large_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace weir
