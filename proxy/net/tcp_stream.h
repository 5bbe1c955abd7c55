// A ByteStream over a connected TCP socket. Reads and writes go straight to the kernel; only
// waiting goes through the loop. Whoever uses native_fd() (TLS, splice) may read and write around
// it and still wait here. Loop thread only. Errors carry the given fault: on which side the peer
// is.
#pragma once

#include <memory>

#include "core/fd.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;

// Takes a connected socket; makes it non-blocking and switches Nagle's algorithm off.
std::unique_ptr<ByteStream> make_tcp_stream(Loop& loop, UniqueFd connected,
                                            Fault side = Fault::client);

}  // namespace weir
