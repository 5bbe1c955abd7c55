#include "proxy/net/splice_tunnel.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

#include "core/fd.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/net/socket.h"

namespace weir {
namespace {

constexpr int kPipeBytes = 1024 * 1024;
// A pipe is kept through short pauses of a bulk flow, then given back.
constexpr Duration kPipeKept = std::chrono::seconds(1);

struct Pipe {
  UniqueFd out;
  UniqueFd in;
  std::size_t held = 0;
};

std::optional<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
  Pipe pipe{.out = UniqueFd(ends[0]), .in = UniqueFd(ends[1])};
  ::fcntl(pipe.in.get(), F_SETPIPE_SZ, kPipeBytes);  // less is slower, not wrong
  return pipe;
}

// What both directions share.
struct Tunnel {
  Tunnel(Loop& owner, ByteStream& first, ByteStream& second, Duration time)
      : loop(owner), a(first), b(second), idle(time), ended(owner) {
    moved();
  }
  void moved() { last_moved = loop.clock().steady(); }
  Duration quiet() const { return loop.clock().steady() - last_moved; }

  void give_up(Error why) {
    if (why.code == Errc::timeout) {
      counts.idle = true;
    } else if (why.code != Errc::cancelled) {  // then the other direction gave up first
      counts.reset = true;
      counts.broken = std::move(why);
    }
    a.close(true);
    b.close(true);
  }

  Loop& loop;
  ByteStream& a;
  ByteStream& b;
  Duration idle;
  Signal ended;
  int running = 0;
  SteadyTime last_moved{};
  TunnelCounts counts;
};

class Direction {
 public:
  Direction(Tunnel& tunnel, ByteStream& from, ByteStream& to, std::uint64_t& count)
      : tunnel_(tunnel), from_(from), to_(to), count_(count) {}

  Co<Result<void>> run();
  Co<Result<void>> write(ByteView bytes);

 private:
  enum class Step : std::uint8_t { go_on, wait, ended };

  Co<Result<Step>> copy();
  Co<Result<Step>> bulk();
  Result<Step> fill();
  Co<Result<void>> drain();
  Co<Result<void>> wait(ByteStream& on, Wait what);
  Result<std::size_t> splice(int from, int to, const char* doing, const ByteStream& peer);

  Tunnel& tunnel_;
  ByteStream& from_;
  ByteStream& to_;
  std::uint64_t& count_;
  std::optional<Pipe> pipe_;
};

// Activity in either direction keeps both alive.
Co<Result<void>> Direction::wait(ByteStream& on, Wait what) {
  for (;;) {
    const bool keeps_pipe = pipe_ && pipe_->held == 0;
    const Duration left = tunnel_.idle - tunnel_.quiet();
    auto ready = co_await on.wait(what, keeps_pipe ? std::min(left, kPipeKept) : left);
    if (ready || ready.error().code != Errc::timeout) co_return ready;
    if (keeps_pipe) pipe_.reset();
    if (tunnel_.quiet() >= tunnel_.idle) co_return ready;
  }
}

Co<Result<void>> Direction::write(ByteView bytes) {
  while (!bytes.empty()) {
    auto step = to_.try_write(bytes);
    if (!step) co_return pass(std::move(step));
    bytes = bytes.subspan(step->bytes);
    count_ += step->bytes;
    if (step->bytes > 0) tunnel_.moved();
    if (step->wait == Wait::none) continue;
    if (auto ready = co_await wait(to_, step->wait); !ready) co_return ready;
  }
  co_return Result<void>{};
}

// One read and its write. A full buffer means bulk: from then on the kernel moves it.
Co<Result<Direction::Step>> Direction::copy() {
  auto buffer = tunnel_.loop.borrow();
  auto got = from_.try_read(buffer.bytes());
  if (!got) co_return pass(std::move(got));
  if (got->eof) co_return Step::ended;
  if (got->bytes == 0) co_return Step::wait;
  if (auto sent = co_await write(buffer.bytes().first(got->bytes)); !sent) {
    co_return pass(std::move(sent));
  }
  const bool sockets = from_.native_fd() >= 0 && to_.native_fd() >= 0;
  if (sockets && got->bytes == buffer.bytes().size()) pipe_ = open_pipe();
  co_return Step::go_on;
}

// 0 when it would block, or at the end when reading.
Result<std::size_t> Direction::splice(int from, int to, const char* doing, const ByteStream& peer) {
  for (;;) {
    const ssize_t moved =
        ::splice(from, nullptr, to, nullptr, kPipeBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved >= 0) {
      errno = 0;
      return static_cast<std::size_t>(moved);
    }
    if (errno == EAGAIN) return std::size_t{0};
    if (errno == EINTR) continue;
    const Fault side = &peer == &tunnel_.a ? Fault::client : Fault::origin;
    return std::unexpected(socket_error(doing + peer.peer().text(), errno, side));
  }
}

Result<Direction::Step> Direction::fill() {
  auto got = splice(from_.native_fd(), pipe_->in.get(), "receive from ", from_);
  if (!got) return pass(std::move(got));
  if (*got == 0) return errno == EAGAIN ? Step::wait : Step::ended;
  pipe_->held += *got;
  return Step::go_on;
}

Co<Result<void>> Direction::drain() {
  while (pipe_->held > 0) {
    if (!to_.is_open()) co_return fail(Errc::cancelled, Fault::local, "the tunnel was closed");
    auto sent = splice(pipe_->out.get(), to_.native_fd(), "send to ", to_);
    if (!sent) co_return pass(std::move(sent));
    if (*sent == 0) {
      if (auto ready = co_await wait(to_, Wait::writable); !ready) co_return ready;
      continue;
    }
    pipe_->held -= *sent;
    count_ += *sent;
    tunnel_.moved();
  }
  co_return Result<void>{};
}

Co<Result<Direction::Step>> Direction::bulk() {
  auto step = fill();
  if (!step) co_return step;
  if (auto drained = co_await drain(); !drained) co_return pass(std::move(drained));
  co_return step;
}

Co<Result<void>> Direction::run() {
  for (;;) {
    if (!from_.is_open()) co_return fail(Errc::cancelled, Fault::local, "the tunnel was closed");
    auto step = co_await (pipe_ ? bulk() : copy());
    if (!step) co_return pass(std::move(step));
    if (*step == Step::ended) break;
    if (*step == Step::go_on) continue;
    if (auto ready = co_await wait(from_, Wait::readable); !ready) co_return ready;
  }
  tunnel_.moved();
  to_.shutdown_write();
  co_return Result<void>{};
}

// `first` is what the caller had read from this side already.
Co<void> run_direction(Tunnel& tunnel, Direction direction, std::string first) {
  auto done = co_await direction.write(as_bytes(first));
  if (done) done = co_await direction.run();
  if (!done) tunnel.give_up(std::move(done).error());
  if (--tunnel.running == 0) tunnel.ended.notify();
}

void start(Tunnel& tunnel, Direction direction, std::string first) {
  ++tunnel.running;
  boost::asio::co_spawn(tunnel.loop.context(),
                        run_direction(tunnel, std::move(direction), std::move(first)),
                        [](const std::exception_ptr& thrown) {
                          if (thrown) std::rethrow_exception(thrown);
                        });
}

}  // namespace

Co<Result<TunnelCounts>> splice_tunnel(Loop& loop, ByteStream& a, ByteStream& b,
                                       std::string first_bytes_for_b, Duration idle) {
  Tunnel tunnel(loop, a, b, idle);
  start(tunnel, Direction(tunnel, a, b, tunnel.counts.a_to_b), std::move(first_bytes_for_b));
  start(tunnel, Direction(tunnel, b, a, tunnel.counts.b_to_a), {});
  // Both directions keep time themselves and end on their own.
  while (tunnel.running > 0) (void)co_await tunnel.ended.wait(Duration::max());
  a.close(false);
  b.close(false);
  co_return std::move(tunnel.counts);
}

}  // namespace weir
