// Two ends of a connection in memory: bounded like a socket's buffers, with named faults in each
// direction. Both ends live on one loop. Whoever waits is woken as on a socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/net/byte_stream.h"
#include "proxy/net/loop.h"

namespace weir::test {

// What happens to the bytes of one direction on their way.
struct Gate {
  std::size_t rechunk = 0;  // at most so many bytes per read; 0 = as they come
  std::optional<std::size_t> close_after =
      std::nullopt;        // the reader gets so many bytes, then the end
  bool abrupt = false;     // that end is a reset instead of an orderly one
  bool blackhole = false;  // taken, never delivered
};

struct MemoryPipeOptions {
  std::size_t capacity = 64 * 1024;  // per direction; a writer beyond it waits
  Gate forward = {};                 // first end to second
  Gate backward = {};                // second end to first
};

std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> memory_pipe(
    Loop& loop, MemoryPipeOptions options = {});

}  // namespace weir::test
