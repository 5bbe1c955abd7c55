#include "proxy/gateway_metrics.h"

#include <array>
#include <iterator>

namespace weir {
namespace {

constexpr std::array<std::string_view, 9> kActions = {"allow", "alert",  "block", "unlock", "coach",
                                                      "hold",  "bypass", "error", "other"};

}  // namespace

GatewayMetrics::GatewayMetrics(Metrics& metrics)
    : client_connections(metrics.gauge("weir_client_connections", "Open client connections.")),
      connections_refused(
          metrics.counter("weir_connections_refused_total", "Client connections over a limit.")),
      tunnels(metrics.gauge("weir_tunnels", "Bypassed connections.")),
      tunnels_refused(metrics.counter("weir_tunnels_refused_total",
                                      "Bypassed connections over limits.tunnels.")),
      client_tls_rejected(metrics.counter("weir_client_tls_rejected_total",
                                          "Clients that refused the minted certificate.")),
      client_tls_failed(metrics.counter("weir_client_tls_failures_total",
                                        "Client TLS handshakes that failed otherwise.")),
      internal_errors(metrics.counter("weir_internal_errors_total",
                                      "Exceptions caught at the root of a connection.")),
      metrics_(metrics),
      bytes_in_(metrics.counter("weir_request_body_bytes_total", "Request body bytes.")),
      bytes_out_(metrics.counter("weir_response_body_bytes_total",
                                 "Response body bytes sent to clients.")),
      seconds_(metrics.histogram("weir_transaction_seconds", "Duration of transactions.",
                                 {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100})) {
  for (std::size_t i = 0; i < kActions.size(); ++i)
    by_action_[i] = &requests(std::string(kActions[i]));
  for (std::size_t i = 0; i < std::size(uninspectable_); ++i) {
    uninspectable_[i] =
        &metrics.counter("weir_uninspectable_total", "Bodies that could not be inspected.",
                         {{"reason", std::string(reason_name(static_cast<Reason>(i)))}});
  }
}

Counter& GatewayMetrics::requests(const std::string& action) {
  return metrics_.counter("weir_transactions_total", "Transactions by final action.",
                          {{"action", action}});
}

void GatewayMetrics::count(const TransactionRecord& record) {
  std::size_t index = 0;
  while (index + 1 < kActions.size() && kActions[index] != record.action) ++index;
  by_action_[index]->add();
  if (record.verdict == Verdict::uninspectable) {
    uninspectable_[static_cast<std::size_t>(record.reason)]->add();
  }
  if (!record.certificate_error.empty()) {  // a few words, and seldom: looked up by name
    metrics_
        .counter("weir_origin_certificate_errors_total",
                 "Origins' certificates that did not verify, also those that policy accepted.",
                 {{"reason", record.certificate_error}})
        .add();
  }
  bytes_in_.add(record.bytes_in);
  bytes_out_.add(record.bytes_out);
  seconds_.observe(std::chrono::duration<double>(record.total).count());
}

}  // namespace weir
