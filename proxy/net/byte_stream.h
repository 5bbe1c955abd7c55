// A connected, ordered stream of bytes: TCP, TLS over it, or memory in tests. One loop owns it and
// only that thread touches it. One reader and one writer may be suspended at the same time.
// Reading is try-then-wait, so that an idle connection holds no buffer.
#pragma once

#include <memory>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/co.h"
#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

enum class Wait : std::uint8_t { none, readable, writable };

// What one non-blocking attempt came to. Exactly one of: bytes > 0, eof, wait != none.
struct IoStep {
  std::size_t bytes = 0;
  bool eof = false;        // orderly end: FIN on TCP, close_notify on TLS
  Wait wait = Wait::none;  // nothing moved; try again after this
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Never block. An abrupt end (RST, FIN inside TLS without close_notify) is Errc::truncated.
  virtual Result<IoStep> try_read(MutableBytes into) = 0;
  virtual Result<IoStep> try_write(ByteView from) = 0;
  // Suspends until the direction is ready; Errc::timeout after `limit`, Errc::cancelled after
  // close().
  virtual Co<Result<void>> wait(Wait what, Duration limit) = 0;

  // Sends what ends our direction in order (close_notify, FIN); best effort, does not wait.
  virtual void shutdown_write() = 0;
  // Ends both directions at once; `abrupt` sends RST, so the peer cannot take it for a complete
  // end. Wakes whoever waits. Idempotent.
  virtual void close(bool abrupt) = 0;
  virtual bool is_open() const = 0;
  // True if the peer has ended or broken the connection as far as the kernel knows; reads nothing.
  virtual bool peer_gone() const = 0;

  virtual Endpoint peer() const = 0;
  virtual Endpoint local() const = 0;
  virtual int native_fd() const = 0;  // -1 in memory

  // Conveniences over the above. read_some: 0 bytes = orderly end. write_all: all or an error.
  Co<Result<std::size_t>> read_some(MutableBytes into, Duration limit);
  Co<Result<void>> write_all(ByteView from, Duration limit);
};

}  // namespace weir
