#include "proxy/tls/issuer.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <list>
#include <optional>
#include <unordered_map>

#include "core/metrics.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/tls/ca.h"
#include "proxy/tls/leaf.h"
#include "proxy/tls/sign_wire.h"

namespace weir {
namespace {

constexpr Duration kAnswerLimit = std::chrono::seconds(2);
constexpr std::size_t kMaxFlights = 1024;
constexpr int kRepliesPerWake = 64;

using LeafPtr = std::shared_ptr<const Leaf>;
using Socket = boost::asio::posix::stream_descriptor;

// The most recently used leaves, each until half of its life is over.
class LeafCache {
 public:
  explicit LeafCache(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

  LeafPtr find(const std::string& host, WallTime now) {
    const auto found = index_.find(host);
    if (found == index_.end()) return nullptr;
    if (found->second->second->renew_at <= now) {
      order_.erase(found->second);
      index_.erase(found);
      return nullptr;
    }
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void put(const std::string& host, LeafPtr leaf) {
    if (const auto found = index_.find(host); found != index_.end()) {
      found->second->second = std::move(leaf);
      return;
    }
    order_.emplace_front(host, std::move(leaf));
    index_[host] = order_.begin();
    if (order_.size() <= most_) return;
    index_.erase(order_.back().first);
    order_.pop_back();
  }

  void clear() {
    index_.clear();
    order_.clear();
  }

 private:
  using Order = std::list<std::pair<std::string, LeafPtr>>;
  std::size_t most_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> index_;
};

// One question to the signer and all who wait for its answer.
struct Flight {
  std::uint32_t id = 0;
  std::string host;  // "" asks for the CRL
  std::vector<Signal*> waiters;
  std::optional<Result<std::string>> reply;  // DER
  LeafPtr leaf;
};

std::shared_ptr<const IntermediateChain> chain_of(const CaCertificate& ca) {
  auto chain = std::make_shared<IntermediateChain>();
  for (const std::string& der : ca.chain_der) chain->push_back(x509_from_der(as_bytes(der)));
  return chain;
}

class SocketIssuer final : public SignerIssuer {
 public:
  SocketIssuer(Loop& loop, UniqueFd socket, std::shared_ptr<const LeafKey> key,
               std::shared_ptr<const IntermediateChain> chain, const TlsSettings& settings,
               Metrics& metrics, std::function<void()> on_lost)
      : loop_(loop),
        key_(std::move(key)),
        chain_(std::move(chain)),
        cache_(settings.leaf_cache_entries),
        minted_(metrics.counter("weir_leaves_minted_total", "Leaf certificates signed.")),
        failed_(metrics.counter("weir_leaf_failures_total", "Leaf requests that failed.")),
        on_lost_(std::move(on_lost)) {
    attach(std::move(socket));
  }

  Co<Result<LeafPtr>> leaf_for(std::string host) override {
    if (auto kept = cache_.find(host, loop_.clock().wall())) co_return kept;
    if (!is_signable_host(host)) {
      co_return fail(Errc::invalid, Fault::client, "no certificate for the name '" + host + "'");
    }
    auto flight = join_flight(host);
    if (!flight) co_return pass(std::move(flight));
    auto reply = co_await landing(*flight);
    if (!reply) co_return pass(std::move(reply));
    co_return (*flight)->leaf;
  }

  Co<Result<std::string>> crl() override {
    auto flight = join_flight("");
    if (!flight) co_return pass(std::move(flight));
    co_return co_await landing(*flight);
  }

  void attach(UniqueFd socket) override {
    socket_.reset();
    if (!socket) return;
    socket_ = std::make_shared<Socket>(loop_.context(), socket.release());
    await_replies();
    // What the signer before this one has not answered.
    const auto waiting = flights_;
    for (const auto& [id, flight] : waiting) {
      if (!socket_) return;
      if (auto asked = ask(*flight); !asked && !flight->reply)
        land(*flight, pass(std::move(asked)));
    }
  }

  void use_ca(const CaCertificate& ca) override {
    chain_ = chain_of(ca);
    cache_.clear();
    socket_.reset();
  }

  bool connected() const override { return socket_ != nullptr; }

 private:
  using FlightPtr = std::shared_ptr<Flight>;

  Result<FlightPtr> join_flight(const std::string& host) {
    if (const auto found = by_host_.find(host); found != by_host_.end()) return found->second;
    if (!socket_) return fail(Errc::crashed, Fault::helper, "weir-sign is not running", true);
    if (flights_.size() >= kMaxFlights) {
      return fail(Errc::busy, Fault::local, "too many certificates wait for weir-sign", true);
    }
    auto flight = std::make_shared<Flight>();
    flight->id = next_id_++;
    flight->host = host;
    if (auto sent = ask(*flight); !sent) return pass(std::move(sent));
    flights_[flight->id] = flight;
    by_host_[host] = flight;
    return flight;
  }

  Result<void> ask(const Flight& flight) {
    SignRequest request;
    request.id = flight.id;
    request.kind = flight.host.empty() ? SignRequest::Kind::crl : SignRequest::Kind::leaf;
    request.host = flight.host;
    request.public_key = key_->public_der();
    const std::string bytes = encode(request);
    const ssize_t sent =
        ::send(socket_->native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return {};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
      return fail(Errc::busy, Fault::local, "weir-sign does not keep up", true);
    }
    lose();
    return fail(Errc::crashed, Fault::helper, "weir-sign is gone", true);
  }

  Co<Result<std::string>> landing(FlightPtr flight) {
    Signal landed(loop_);
    flight->waiters.push_back(&landed);
    const auto woken = co_await landed.wait(kAnswerLimit);
    std::erase(flight->waiters, &landed);
    if (flight->reply) co_return *flight->reply;
    failed_.add();
    forget(*flight);  // the next one asks again
    co_return fail(Errc::busy, Fault::helper, "weir-sign did not answer in two seconds", true);
  }

  void forget(const Flight& flight) {
    flights_.erase(flight.id);
    const auto found = by_host_.find(flight.host);
    if (found != by_host_.end() && found->second->id == flight.id) by_host_.erase(found);
  }

  // The handler may run after this object or the socket is gone; it holds neither.
  void await_replies() {
    socket_->async_wait(Socket::wait_read,
                        [this, weak = std::weak_ptr(socket_)](boost::system::error_code bad) {
                          const auto alive = weak.lock();
                          if (!alive || bad) return;
                          if (read_replies(*alive)) await_replies();
                        });
  }

  // False when the signer is lost.
  bool read_replies(Socket& socket) {
    block_.resize(kMaxSignMessage);
    for (int i = 0; i < kRepliesPerWake; ++i) {
      const ssize_t got =
          ::recv(socket.native_handle(), block_.data(), block_.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return true;
      auto reply = got > 0
                       ? decode_sign_reply(as_bytes(block_).first(static_cast<std::size_t>(got)))
                       : fail(Errc::crashed, Fault::helper, "weir-sign is gone");
      if (!reply) {
        lose();
        return false;
      }
      take_reply(std::move(*reply));
    }
    return true;
  }

  void take_reply(SignReply reply) {
    const auto found = flights_.find(reply.id);
    if (reply.kind == SignReply::Kind::ready || found == flights_.end()) return;  // gave up on it
    const FlightPtr flight = found->second;
    land(*flight, outcome(*flight, std::move(reply)));
  }

  Result<std::string> outcome(Flight& flight, SignReply reply) {
    if (reply.kind == SignReply::Kind::error) {
      const Errc code = reply.body.starts_with("rate") ? Errc::busy : Errc::invalid;
      return fail(code, Fault::helper, "weir-sign: " + reply.body);
    }
    const bool wants_crl = flight.host.empty();
    if (wants_crl != (reply.kind == SignReply::Kind::crl)) {
      return fail(Errc::invalid, Fault::helper, "weir-sign: the wrong kind of answer");
    }
    if (wants_crl) return std::move(reply.body);
    auto leaf = make_leaf(flight.host, reply.body, key_, chain_, loop_.clock().wall());
    if (!leaf) return pass(std::move(leaf));
    flight.leaf = std::move(*leaf);
    cache_.put(flight.host, flight.leaf);
    minted_.add();
    return std::move(reply.body);
  }

  void land(Flight& flight, Result<std::string> reply) {
    if (!reply) failed_.add();
    flight.reply = std::move(reply);
    for (Signal* waiter : flight.waiters) waiter->notify();
    forget(flight);
  }

  void lose() {
    socket_.reset();
    const auto waiting = flights_;
    for (const auto& [id, flight] : waiting) {
      land(*flight, fail(Errc::crashed, Fault::helper, "weir-sign is gone", true));
    }
    if (on_lost_) on_lost_();
  }

  Loop& loop_;
  std::shared_ptr<const LeafKey> key_;
  std::shared_ptr<const IntermediateChain> chain_;
  LeafCache cache_;
  Counter& minted_;
  Counter& failed_;
  std::function<void()> on_lost_;
  std::shared_ptr<Socket> socket_;
  std::uint32_t next_id_ = 1;
  std::unordered_map<std::uint32_t, FlightPtr> flights_;
  std::unordered_map<std::string, FlightPtr> by_host_;
  std::string block_;
};

}  // namespace

Result<std::shared_ptr<const LeafKey>> make_leaf_key() { return LeafKey::make(); }

std::unique_ptr<SignerIssuer> make_issuer(Loop& loop, UniqueFd socket,
                                          std::shared_ptr<const LeafKey> key,
                                          const CaCertificate& ca, const TlsSettings& settings,
                                          Metrics& metrics, std::function<void()> on_lost) {
  return std::make_unique<SocketIssuer>(loop, std::move(socket), std::move(key), chain_of(ca),
                                        settings, metrics, std::move(on_lost));
}

}  // namespace weir
