#include "proxy/net/dialer.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/signal.h"
#include "proxy/net/socket.h"
#include "proxy/net/tcp_stream.h"

namespace weir {
namespace {

using boost::asio::posix::stream_descriptor;

// IPv6 first, then in turns (RFC 8305 section 4).
std::vector<IpAddress> interleave(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> six;
  std::vector<IpAddress> four;
  for (const IpAddress& each : addresses) (each.v6 ? six : four).push_back(each);
  std::vector<IpAddress> mixed;
  for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
    if (i < six.size()) mixed.push_back(six[i]);
    if (i < four.size()) mixed.push_back(four[i]);
  }
  return mixed;
}

// How much a failure tells: with several, the most telling one is reported.
int weight(Errc code) {
  switch (code) {
    case Errc::busy:
    case Errc::denied: return 4;
    case Errc::refused: return 3;
    case Errc::timeout: return 2;
    case Errc::unreachable: return 1;
    default: return 0;
  }
}

struct Attempt {
  explicit Attempt(boost::asio::io_context& context) : descriptor(context) {}
  stream_descriptor descriptor;
  Endpoint to;
  bool ready = false;
};

// One race. Asio's callbacks keep it, so that it may end before they have run.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(Loop& loop, std::vector<IpAddress> addresses, std::uint16_t port)
      : loop_(loop), ready_(loop), addresses_(std::move(addresses)), port_(port) {}

  Co<Result<UniqueFd>> run(Duration stagger, Duration limit);
  Endpoint winner() const { return winner_; }

 private:
  bool more() const { return next_ < addresses_.size(); }
  std::optional<UniqueFd> start_next();
  std::optional<UniqueFd> collect();
  void watch(const std::shared_ptr<Attempt>& attempt);
  void note(int error_number, const Endpoint& to);
  void end();

  Loop& loop_;
  Signal ready_;
  std::vector<IpAddress> addresses_;
  std::uint16_t port_;
  std::size_t next_ = 0;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::optional<Error> worst_;
  Endpoint winner_;
};

void Race::note(int error_number, const Endpoint& to) {
  Error error = socket_error("connect " + to.text(), error_number, Fault::origin);
  if (!worst_ || weight(error.code) > weight(worst_->code)) worst_ = std::move(error);
}

// The socket if it connected at once.
std::optional<UniqueFd> Race::start_next() {
  const Endpoint to{addresses_[next_++], port_};
  auto fd = open_tcp_socket(to);
  if (!fd) {
    worst_ = std::move(fd).error();
    return std::nullopt;
  }
  const SocketAddress address = to_socket_address(to);
  if (::connect(fd->get(), address.get(), address.size) == 0) {
    winner_ = to;
    return std::move(*fd);
  }
  if (errno != EINPROGRESS) {
    note(errno, to);
    return std::nullopt;
  }
  auto attempt = std::make_shared<Attempt>(loop_.context());
  boost::system::error_code error;
  attempt->descriptor.assign(fd->get(), error);
  if (error) {
    note(error.value(), to);
    return std::nullopt;
  }
  fd->release();
  attempt->to = to;
  watch(attempt);
  return std::nullopt;
}

void Race::watch(const std::shared_ptr<Attempt>& attempt) {
  attempts_.push_back(attempt);
  attempt->descriptor.async_wait(
      stream_descriptor::wait_write,
      [race = shared_from_this(), attempt](const boost::system::error_code& error) {
        if (error) return;  // we gave it up
        attempt->ready = true;
        race->ready_.notify();
      });
}

// Drops attempts that failed; the first that connected wins.
std::optional<UniqueFd> Race::collect() {
  for (auto each = attempts_.begin(); each != attempts_.end();) {
    Attempt& attempt = **each;
    if (!attempt.ready) {
      ++each;
      continue;
    }
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(attempt.descriptor.native_handle(), SOL_SOCKET, SO_ERROR, &error_number, &size);
    if (error_number == 0) {
      winner_ = attempt.to;
      return UniqueFd(attempt.descriptor.release());
    }
    note(error_number, attempt.to);
    each = attempts_.erase(each);
  }
  return std::nullopt;
}

void Race::end() {
  for (const auto& each : attempts_) {
    boost::system::error_code ignored;
    each->descriptor.close(ignored);
  }
  attempts_.clear();
}

Co<Result<UniqueFd>> Race::run(Duration stagger, Duration limit) {
  const Clock& clock = loop_.clock();
  const SteadyTime until = clock.steady() + limit;
  SteadyTime next_start = clock.steady();
  for (;;) {
    if (auto won = collect()) {
      end();
      co_return std::move(*won);
    }
    SteadyTime now = clock.steady();
    if (now >= until) break;
    while (more() && (attempts_.empty() || now >= next_start)) {
      if (auto won = start_next()) {
        end();
        co_return std::move(*won);
      }
      next_start = (now = clock.steady()) + stagger;
    }
    if (attempts_.empty()) co_return std::unexpected(std::move(*worst_));
    const SteadyTime wake = more() ? std::min(until, next_start) : until;
    const std::size_t running = attempts_.size();
    (void)co_await ready_.wait(wake - now);  // a timeout is the stagger or the limit
    if (attempts_.size() < running) next_start = clock.steady();
  }
  end();
  if (worst_ && weight(worst_->code) > weight(Errc::timeout)) {
    co_return std::unexpected(std::move(*worst_));
  }
  co_return fail(Errc::timeout, Fault::origin, "connect: no answer");
}

struct Sorted {
  std::vector<IpAddress> open;
  std::optional<IpAddress> denied;
};

Sorted sort_out(const AddressGuard& guard, const std::vector<IpAddress>& addresses) {
  Sorted sorted;
  for (const IpAddress& each : addresses) {
    if (!guard || guard(each)) {
      sorted.open.push_back(each);
    } else if (!sorted.denied) {
      sorted.denied = each;
    }
  }
  return sorted;
}

std::unexpected<Error> denied(const std::string& target, const IpAddress& address) {
  const auto why = address_class_name(classify(address));
  return fail(Errc::address_denied, Fault::client,
              target + ": address " + address.text() + " (" + std::string(why) +
                  ") is not one that policy lets us dial",
              true);
}

}  // namespace

Dialer::Dialer(Loop& loop, Resolver& resolver, const TimeoutSettings& timeouts)
    : loop_(loop), resolver_(resolver), stagger_(timeouts.happy_eyeballs) {}

Co<Result<Dialed>> Dialer::dial(std::string host, std::uint16_t port, AddressGuard guard,
                                Duration limit) {
  const SteadyTime began = loop_.clock().steady();
  auto resolved = co_await resolver_.resolve(host);
  if (!resolved) co_return pass(std::move(resolved));
  const SteadyTime known = loop_.clock().steady();

  const std::string target = host + ":" + std::to_string(port);
  const Sorted sorted = sort_out(guard, *resolved);
  if (sorted.open.empty()) co_return denied(target, *sorted.denied);

  auto race = std::make_shared<Race>(loop_, interleave(sorted.open), port);
  auto fd = co_await race->run(stagger_, limit);
  if (!fd) {
    Error error = std::move(fd).error();
    error.what = target + " (" + std::to_string(sorted.open.size()) + " addresses): " + error.what;
    error.retryable = true;
    co_return std::unexpected(std::move(error));
  }
  co_return Dialed{.stream = make_tcp_stream(loop_, std::move(*fd), Fault::origin),
                   .peer = race->winner(),
                   .dns = known - began,
                   .connect = loop_.clock().steady() - known};
}

}  // namespace weir
