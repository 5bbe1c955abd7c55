// Two TLS ends on one loop, for the tests of this folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/net/deadline.h"
#include "tests/proxy/tls/test_pki.h"
#include "tests/support/memory_stream.h"
#include "tests/support/run_loop.h"

namespace weir::test {

inline constexpr Duration kLimit = std::chrono::seconds(10);

// The other party: an end that shakes hands in the background while the test drives ours.
struct Party {
  std::unique_ptr<TlsConnection> end;
  std::optional<Result<void>> outcome;
};

inline Co<void> shake_hands(Party* party, const Clock* clock) {
  party->outcome = co_await party->end->handshake(*clock, clock->steady() + kLimit);
}

inline void start_party(Loop& loop, Party& party, SSL_CTX* context,
                        std::unique_ptr<ByteStream> below, bool server) {
  party.end = plain_end(context, std::move(below), server);
  spawn(loop, shake_hands(&party, &loop.clock()));
}

// Starts it, lets it wait, and lets `by` pass.
template <class T>
T run_past(Loop& loop, ManualClock& clock, Duration by, Co<T> work) {
  std::optional<T> result;
  spawn(loop, keep_result(std::move(work), &result));
  settle(loop);
  clock.advance(by);
  loop.deadlines().tick();
  settle(loop);
  return std::move(*result);
}

// Everything that can be read now without waiting; "!" and the error's name at a bad end, "." at a
// good one.
template <class Stream>
std::string read_now(Loop& loop, Stream& from) {
  std::string out;
  std::array<std::uint8_t, 4096> block{};
  for (;;) {
    settle(loop);
    auto step = from.try_read(block);
    if (!step) return out + "!" + std::string(errc_name(step.error().code));
    if (step->eof) return out + ".";
    if (step->bytes == 0) return out;
    out += as_text(MutableBytes(block).first(step->bytes));
  }
}

// As much as is taken now.
template <class Stream>
std::size_t write_now(Stream& to, std::string_view text) {
  const auto step = to.try_write(as_bytes(text));
  return step ? step->bytes : 0;
}

}  // namespace weir::test
