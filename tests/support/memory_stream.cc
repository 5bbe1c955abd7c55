#include "tests/support/memory_stream.h"

#include <algorithm>
#include <string>

#include "proxy/net/signal.h"

namespace weir::test {
namespace {

// One direction. The two ends share it, so that either may go first.
struct Pipe {
  Pipe(Loop& loop, std::size_t bound, Gate faults)
      : readable(loop), writable(loop), capacity(bound), gate(faults) {}

  // How many bytes the reader may have now.
  std::size_t available(std::size_t wanted) const {
    if (gate.blackhole) return 0;
    std::size_t most = std::min(wanted, buffer.size());
    if (gate.rechunk > 0) most = std::min(most, gate.rechunk);
    if (gate.close_after) most = std::min(most, *gate.close_after - delivered);
    return most;
  }
  bool cut() const { return gate.close_after && delivered >= *gate.close_after; }

  Signal readable;
  Signal writable;
  std::string buffer;
  std::size_t capacity;
  std::size_t delivered = 0;
  Gate gate;
  bool ended = false;  // by the writer, in order
  bool reset = false;  // by either side
  bool reader_gone = false;
};

Error reset_error() { return {Errc::truncated, Fault::local, false, "memory: connection reset"}; }

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, Endpoint local, Endpoint peer)
      : in_(std::move(in)), out_(std::move(out)), local_(local), peer_(peer) {}
  ~MemoryStream() override { close(false); }

  Result<IoStep> try_read(MutableBytes into) override {
    if (!open_) return fail(Errc::cancelled, Fault::local, "memory: closed");
    const std::size_t count = in_->available(into.size());
    if (count > 0) {
      std::copy_n(in_->buffer.begin(), count, into.begin());
      in_->buffer.erase(0, count);
      in_->delivered += count;
      in_->writable.notify();
      return IoStep{.bytes = count};
    }
    if (in_->cut()) {
      if (in_->gate.abrupt) return std::unexpected(reset_error());
      return IoStep{.eof = true};
    }
    if (in_->gate.blackhole) return IoStep{.wait = Wait::readable};
    if (in_->reset) return std::unexpected(reset_error());
    if (in_->ended && in_->buffer.empty()) return IoStep{.eof = true};
    return IoStep{.wait = Wait::readable};
  }

  Result<IoStep> try_write(ByteView from) override {
    if (!open_) return fail(Errc::cancelled, Fault::local, "memory: closed");
    if (out_->reader_gone || out_->reset || (out_->cut() && out_->gate.abrupt)) {
      return std::unexpected(reset_error());
    }
    const std::size_t count = std::min(from.size(), out_->capacity - out_->buffer.size());
    if (count == 0) return IoStep{.wait = from.empty() ? Wait::none : Wait::writable};
    out_->buffer.append(as_text(from.first(count)));
    out_->readable.notify();
    return IoStep{.bytes = count};
  }

  Co<Result<void>> wait(Wait what, Duration limit) override {
    const auto in = in_;  // the stream may be closed and gone when we wake
    const auto out = out_;
    const auto open = alive_;
    if (!*open) co_return fail(Errc::cancelled, Fault::local, "memory: closed");
    if (what == Wait::none || ready(what)) co_return Result<void>{};
    auto woken = co_await (what == Wait::readable ? in->readable : out->writable).wait(limit);
    if (!*open) co_return fail(Errc::cancelled, Fault::local, "memory: closed");
    co_return woken;
  }

  void shutdown_write() override {
    out_->ended = true;
    out_->readable.notify();
  }

  void close(bool abrupt) override {
    if (!open_) return;
    open_ = *alive_ = false;
    in_->reader_gone = true;
    out_->reset = out_->reset || (abrupt && !out_->ended);
    in_->reset = in_->reset || abrupt;
    out_->ended = true;
    for (Pipe* pipe : {in_.get(), out_.get()}) {
      pipe->readable.notify();
      pipe->writable.notify();
    }
  }

  bool is_open() const override { return open_; }
  bool peer_gone() const override { return in_->ended || in_->reset || in_->cut(); }
  Endpoint peer() const override { return peer_; }
  Endpoint local() const override { return local_; }
  int native_fd() const override { return -1; }

 private:
  bool ready(Wait what) const {
    if (what == Wait::writable) {
      return out_->reader_gone || out_->reset || out_->buffer.size() < out_->capacity;
    }
    if (in_->gate.blackhole) return false;
    return in_->available(1) > 0 || in_->cut() || in_->ended || in_->reset;
  }

  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  Endpoint local_;
  Endpoint peer_;
  bool open_ = true;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> memory_pipe(
    Loop& loop, MemoryPipeOptions options) {
  auto forward = std::make_shared<Pipe>(loop, options.capacity, options.forward);
  auto backward = std::make_shared<Pipe>(loop, options.capacity, options.backward);
  const Endpoint first{IpAddress::v4(0xC0000201), 40001};  // 192.0.2.1 (RFC 5737)
  const Endpoint second{IpAddress::v4(0xC0000202), 40002};
  return {std::make_unique<MemoryStream>(backward, forward, first, second),
          std::make_unique<MemoryStream>(forward, backward, second, first)};
}

}  // namespace weir::test
