#include "proxy/loop_unit.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "proxy/client_session.h"
#include "proxy/small_fetch.h"

namespace weir {

LoopUnit::LoopUnit(LoopParts parts)
    : loop_(parts.shared.clock),
      resolver_(loop_, parts.dns, parts.shared.settings.dns, parts.shared.settings.timeouts.dns),
      dialer_(loop_, resolver_, parts.shared.settings.timeouts),
      fetches_(loop_,
               [this](FetchOrder order) {
                 return fetch_small(services_, std::move(order.url), std::move(order.post_body),
                                    std::move(order.content_type), order.max_bytes, order.limit);
               }),
      origin_tls_(make_origin_tls(
          std::move(parts.trust), parts.shared.settings.tls, parts.shared.clock,
          [this](std::string url, std::string body, std::string type, std::size_t most,
                 Duration limit) {
            return fetches_.get({std::move(url), std::move(body), std::move(type), most, limit});
          },
          parts.shared.metrics)),
      origins_(loop_, dialer_, *origin_tls_, parts.shared.settings, parts.shared.metrics),
      issuer_(make_issuer(loop_, std::move(parts.signer_socket), std::move(parts.leaf_key),
                          parts.ca, parts.shared.settings.tls, parts.shared.metrics)),
      ids_(parts.shared.clock, parts.random),
      services_{
          parts.shared,          loop_, *issuer_, dialer_, origins_, ids_, std::move(parts.policy),
          std::move(parts.index)} {}

LoopUnit::~LoopUnit() { stop(); }

Result<void> LoopUnit::listen(const std::vector<Endpoint>& endpoints, Listener::Share share) {
  auto bound = Listener::bind(loop_, endpoints, services_.shared.settings.listen.backlog, share);
  if (!bound) return pass(std::move(bound));
  listener_ = std::move(*bound);
  return {};
}

void LoopUnit::start() {
  listener_->start([this](UniqueFd socket, Endpoint peer) {
    boost::asio::co_spawn(loop_.context(), serve_client(std::move(socket), peer, services_),
                          boost::asio::detached);
  });
  thread_ = std::thread([this] { loop_.run(); });
}

void LoopUnit::use_policy(std::shared_ptr<const Policy> policy) {
  loop_.post([this, policy = std::move(policy)]() mutable {
    services_.policy = std::move(policy);
    origins_.close_idle();  // what the old address guard let through is dialled again
  });
}

void LoopUnit::use_index(std::shared_ptr<const Index> index) {
  loop_.post([this, index = std::move(index)]() mutable { services_.index = std::move(index); });
}

void LoopUnit::attach_signer(UniqueFd socket) {
  loop_.post([this, socket = std::move(socket)]() mutable { issuer_->attach(std::move(socket)); });
}

void LoopUnit::use_ca(std::shared_ptr<const CaCertificate> ca, UniqueFd socket) {
  loop_.post([this, ca = std::move(ca), socket = std::move(socket)]() mutable {
    issuer_->use_ca(*ca);
    issuer_->attach(std::move(socket));
  });
}

void LoopUnit::stop_listening() {
  loop_.post([this] {
    listener_->stop();
    origins_.close_idle();
  });
}

void LoopUnit::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace weir
