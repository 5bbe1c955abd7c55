#include "inspect/scan_child.h"

extern "C" {  // glibc 2.36 declares it without
#include <sys/pidfd.h>
}

#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace weir {

namespace asio = boost::asio;

struct ScanChild::State {
  State(asio::io_context& loop, UniqueFd socket_fd, UniqueFd process_fd,
        std::shared_ptr<const void> zygote_of)
      : socket(loop, socket_fd.release()),
        process(loop, process_fd.release()),
        deadline(loop),
        zygote(std::move(zygote_of)) {
    boost::system::error_code ignored;
    socket.native_non_blocking(true, ignored);
  }

  asio::posix::stream_descriptor socket;
  asio::posix::stream_descriptor process;
  asio::steady_timer deadline;
  std::shared_ptr<const void> zygote;
  bool gone = false;
};

ScanChild::ScanChild(asio::io_context& loop, UniqueFd socket, UniqueFd process,
                     std::shared_ptr<const void> zygote)
    : state_(
          std::make_shared<State>(loop, std::move(socket), std::move(process), std::move(zygote))) {
  // A socket's end may be held by others than the child; its process is the truth.
  state_->process.async_wait(asio::posix::stream_descriptor::wait_read,
                             [state = state_](boost::system::error_code error) {
                               if (error) return;
                               state->gone = true;
                               state->socket.cancel();
                             });
}

ScanChild::~ScanChild() {
  if (!state_->gone) ::pidfd_send_signal(state_->process.native_handle(), SIGKILL, nullptr, 0);
  boost::system::error_code ignored;
  state_->deadline.cancel();
  state_->process.close(ignored);
  state_->socket.close(ignored);
}

const void* ScanChild::zygote() const { return state_->zygote.get(); }

bool ScanChild::idle_and_well() const {
  pollfd watched[] = {{state_->socket.native_handle(), POLLIN, 0},
                      {state_->process.native_handle(), POLLIN, 0}};
  return ::poll(watched, 2, 0) == 0;
}

Co<Result<ScanReply>> ScanChild::perform(ScanJob job, std::shared_ptr<const UniqueFd> file,
                                         std::shared_ptr<const UniqueFd> into,
                                         SteadyTime deadline) {
  const auto state = state_;
  ++served_;
  std::vector<int> fds{file->get()};
  if (into) fds.push_back(into->get());
  if (auto sent = send_scan_message(state->socket.native_handle(), encode(job), fds); !sent) {
    co_return fail(Errc::crashed, Fault::helper, "scan child: " + sent.error().what);
  }
  const auto expired = std::make_shared<bool>(false);
  state->deadline.expires_at(deadline);
  state->deadline.async_wait([state, expired](boost::system::error_code error) {
    if (error) return;
    *expired = true;
    state->socket.cancel();
  });
  for (;;) {
    auto got = receive_scan_message(state->socket.native_handle());
    if (got) {
      state->deadline.cancel();
      auto reply = decode_scan_reply(as_bytes(got->bytes));
      if (!reply) co_return reply;
      const bool unasked = (reply->completed.bits() & ~job.scanners.bits()) != 0;
      if (reply->id != job.id || unasked || !got->fds.empty()) {
        co_return fail(Errc::malformed, Fault::helper, "scan child: an answer to another question");
      }
      co_return reply;
    }
    if (got.error().code == Errc::malformed) co_return pass(std::move(got));
    if (got.error().code != Errc::busy || state->gone) {
      co_return fail(Errc::crashed, Fault::helper, "scan child: ended in the middle of a file");
    }
    if (*expired) co_return fail(Errc::timeout, Fault::helper, "scan child: over its time");
    (void)co_await state->socket.async_wait(asio::posix::stream_descriptor::wait_read,
                                            asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace weir
