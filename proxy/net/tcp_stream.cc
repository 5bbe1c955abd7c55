#include "proxy/net/tcp_stream.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "proxy/net/asio_token.h"
#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "proxy/net/socket.h"

namespace weir {
namespace {

using boost::asio::posix::descriptor_base;
using boost::asio::posix::stream_descriptor;

// What a suspended wait keeps alive, so that the stream may go while its waiter is still queued.
struct Socket {
  Socket(Loop& loop, UniqueFd fd)
      : descriptor(loop.context()),
        read_deadline(loop.deadlines(), [this] { expire(read_expired); }),
        write_deadline(loop.deadlines(), [this] { expire(write_expired); }) {
    boost::system::error_code error;
    descriptor.assign(fd.get(), error);
    open = !error;
    if (open) fd.release();
  }

  // Asio cancels both directions; the one that did not expire simply waits again.
  void expire(bool& flag) {
    flag = true;
    boost::system::error_code ignored;
    descriptor.cancel(ignored);
  }

  stream_descriptor descriptor;
  Deadline read_deadline;
  Deadline write_deadline;
  bool read_expired = false;
  bool write_expired = false;
  bool open = true;
};

class TcpStream final : public ByteStream {
 public:
  TcpStream(Loop& loop, UniqueFd fd, Fault side)
      : peer_(peer_of(fd.get())),
        local_(local_of(fd.get())),
        side_(side),
        fd_(fd.get()),
        socket_(std::make_shared<Socket>(loop, std::move(fd))) {
    if (!socket_->open) fd_ = -1;  // the kernel watches no more descriptors
  }
  ~TcpStream() override { close(false); }

  Result<IoStep> try_read(MutableBytes into) override {
    if (fd_ < 0) return closed();
    if (into.empty()) return IoStep{.wait = Wait::readable};
    for (;;) {
      const ssize_t got = ::recv(fd_, into.data(), into.size(), 0);
      if (got > 0) return IoStep{.bytes = static_cast<std::size_t>(got)};
      if (got == 0) return IoStep{.eof = true};
      if (errno == EAGAIN) return IoStep{.wait = Wait::readable};
      if (errno != EINTR) return broken("receive from ", errno);
    }
  }

  Result<IoStep> try_write(ByteView from) override {
    if (fd_ < 0) return closed();
    for (;;) {
      const ssize_t sent = ::send(fd_, from.data(), from.size(), MSG_NOSIGNAL);
      if (sent >= 0) return IoStep{.bytes = static_cast<std::size_t>(sent)};
      if (errno == EAGAIN) return IoStep{.wait = Wait::writable};
      if (errno != EINTR) return broken("send to ", errno);
    }
  }

  Co<Result<void>> wait(Wait what, Duration limit) override {
    if (what == Wait::none) co_return Result<void>{};
    const auto socket = socket_;
    const bool reading = what == Wait::readable;
    Deadline& deadline = reading ? socket->read_deadline : socket->write_deadline;
    bool& expired = reading ? socket->read_expired : socket->write_expired;
    expired = false;
    if (socket->open) deadline.arm(limit);
    while (socket->open && !expired) {
      const auto [error] = co_await socket->descriptor.async_wait(
          reading ? descriptor_base::wait_read : descriptor_base::wait_write, kAsTuple);
      if (!error && socket->open) {
        deadline.disarm();
        co_return Result<void>{};
      }
      if (error && error != boost::asio::error::operation_aborted) break;
    }
    deadline.disarm();
    if (!socket->open) co_return closed();
    if (expired) co_return fail(Errc::timeout, Fault::local, "wait: deadline passed");
    co_return fail(Errc::io, Fault::local, "wait for the socket failed");
  }

  void shutdown_write() override {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
  }

  void close(bool abrupt) override {
    if (fd_ < 0) return;
    if (abrupt) {
      const linger now{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    fd_ = -1;
    socket_->open = false;
    socket_->read_deadline.disarm();
    socket_->write_deadline.disarm();
    boost::system::error_code ignored;
    socket_->descriptor.close(ignored);
  }

  bool is_open() const override { return fd_ >= 0; }

  bool peer_gone() const override {
    if (fd_ < 0) return true;
    pollfd asked{.fd = fd_, .events = POLLRDHUP, .revents = 0};
    return ::poll(&asked, 1, 0) > 0;
  }

  Endpoint peer() const override { return peer_; }
  Endpoint local() const override { return local_; }
  int native_fd() const override { return fd_; }

 private:
  static std::unexpected<Error> closed() {
    return fail(Errc::cancelled, Fault::local, "the connection was closed here");
  }
  std::unexpected<Error> broken(const char* doing, int error_number) const {
    return std::unexpected(socket_error(doing + peer_.text(), error_number, side_));
  }

  Endpoint peer_;
  Endpoint local_;
  Fault side_;
  int fd_;  // -1 after close; the descriptor owns it
  std::shared_ptr<Socket> socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tcp_stream(Loop& loop, UniqueFd connected, Fault side) {
  const int flags = ::fcntl(connected.get(), F_GETFL);
  if ((flags & O_NONBLOCK) == 0) ::fcntl(connected.get(), F_SETFL, flags | O_NONBLOCK);
  set_option(connected.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return std::make_unique<TcpStream>(loop, std::move(connected), side);
}

}  // namespace weir
