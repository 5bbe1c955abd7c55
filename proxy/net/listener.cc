#include "proxy/net/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "core/co.h"
#include "proxy/net/asio_token.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/net/socket.h"

namespace weir {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int kBurst = 64;  // accepted per wake-up, so that one port cannot starve the loop
constexpr Duration kPause = std::chrono::milliseconds(100);

std::unexpected<Error> bind_error(const Endpoint& endpoint, const char* call, int error_number) {
  Error error =
      socket_error("listen on " + endpoint.text() + ": " + call, error_number, Fault::config);
  if (error_number == EADDRINUSE) {
    error.code = Errc::refused;
    error.what = "listen on " + endpoint.text() + ": the port is in use by another program";
  }
  return std::unexpected(std::move(error));
}

Result<UniqueFd> bound_socket(const Endpoint& endpoint, bool share_port) {
  auto fd = open_tcp_socket(endpoint);
  if (!fd) return fd;
  set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (share_port) set_option(fd->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (endpoint.address.v6) set_option(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  const SocketAddress address = to_socket_address(endpoint);
  if (::bind(fd->get(), address.get(), address.size) != 0) {
    return bind_error(endpoint, "bind", errno);
  }
  return fd;
}

// SO_REUSEPORT would quietly share the port with another process of the same user, so the first
// socket is bound without it for a try.
Result<UniqueFd> listening_socket(const Endpoint& endpoint, int backlog, Listener::Share share) {
  if (share == Listener::Share::first && endpoint.port != 0) {
    auto alone = bound_socket(endpoint, false);
    if (!alone) return alone;
    if (::listen(alone->get(), 1) != 0) return bind_error(endpoint, "listen", errno);
  }
  auto fd = bound_socket(endpoint, true);
  if (!fd) return fd;
  if (::listen(fd->get(), backlog) != 0) return bind_error(endpoint, "listen", errno);
  return fd;
}

// The peer went away while it was queued, or the network had a moment: the next one may be fine.
bool passes(int error_number) {
  switch (error_number) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPERM: return true;
    default: return false;
  }
}

enum class Burst : std::uint8_t { drained, more, troubled };

}  // namespace

struct Listener::State {
  struct Port {
    Port(Loop& loop, UniqueFd fd) : descriptor(loop.context()), resume(loop) {
      boost::system::error_code error;
      descriptor.assign(fd.get(), error);
      if (!error) fd.release();
    }
    stream_descriptor descriptor;
    Signal resume;  // wakes a pause when we stop
  };

  explicit State(Loop& owner) : loop(owner) {}

  Burst accept_burst(int fd);
  void stop();

  Loop& loop;
  std::vector<std::unique_ptr<Port>> ports;
  OnConnection on_connection;
  OnTrouble on_trouble;
  bool stopped = false;
};

namespace {

// Owns a share of the state, so the listener may go while it is suspended.
template <class State, class Port>
Co<void> accept_forever(std::shared_ptr<State> state, Port& port) {
  while (!state->stopped) {
    const auto [error] =
        co_await port.descriptor.async_wait(stream_descriptor::wait_read, kAsTuple);
    if (error || state->stopped) co_return;
    if (state->accept_burst(port.descriptor.native_handle()) == Burst::troubled) {
      (void)co_await port.resume.wait(kPause);
    }
  }
}

}  // namespace

Burst Listener::State::accept_burst(int fd) {
  for (int i = 0; i < kBurst; ++i) {
    SocketAddress peer;
    UniqueFd connected(::accept4(fd, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connected) {
      on_connection(std::move(connected), to_endpoint(peer));
      if (stopped) return Burst::drained;
    } else if (errno == EAGAIN) {
      return Burst::drained;
    } else if (!passes(errno)) {
      if (on_trouble) on_trouble(socket_error("accept", errno, Fault::local));
      return Burst::troubled;
    }
  }
  return Burst::more;
}

void Listener::State::stop() {
  if (std::exchange(stopped, true)) return;
  for (const auto& port : ports) {
    if (on_connection && port->descriptor.is_open()) {
      stopped = false;
      while (accept_burst(port->descriptor.native_handle()) == Burst::more) {
      }
      stopped = true;
    }
    boost::system::error_code ignored;
    port->descriptor.close(ignored);
    port->resume.notify();
  }
}

Result<std::unique_ptr<Listener>> Listener::bind(Loop& loop, std::vector<Endpoint> endpoints,
                                                 int backlog, Share share) {
  auto state = std::make_shared<State>(loop);
  for (Endpoint& endpoint : endpoints) {
    auto fd = listening_socket(endpoint, backlog, share);
    if (!fd) return pass(std::move(fd));
    endpoint = local_of(fd->get());
    state->ports.push_back(std::make_unique<State::Port>(loop, std::move(*fd)));
    if (!state->ports.back()->descriptor.is_open()) {
      return fail(Errc::io, Fault::local, "listen on " + endpoint.text() + ": epoll refused it");
    }
  }
  return std::unique_ptr<Listener>(new Listener(std::move(state), std::move(endpoints)));
}

Listener::Listener(std::shared_ptr<State> state, std::vector<Endpoint> endpoints)
    : state_(std::move(state)), endpoints_(std::move(endpoints)) {}

Listener::~Listener() { stop(); }

void Listener::start(OnConnection on_connection, OnTrouble on_trouble) {
  state_->on_connection = std::move(on_connection);
  state_->on_trouble = std::move(on_trouble);
  for (const auto& port : state_->ports) {
    boost::asio::co_spawn(state_->loop.context(), accept_forever(state_, *port),
                          boost::asio::detached);
  }
}

void Listener::stop() { state_->stop(); }

}  // namespace weir
