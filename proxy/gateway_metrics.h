// The gateway's own counters, registered once. Names are documented in docs/operations.md.
#pragma once

#include "core/finding.h"
#include "core/metrics.h"
#include "core/result.h"
#include "proxy/transaction_record.h"

namespace weir {

// Raises a gauge for as long as it lives.
class Counted {
 public:
  explicit Counted(Gauge& gauge) : gauge_(gauge) { gauge_.add(1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { gauge_.add(-1); }

 private:
  Gauge& gauge_;
};

class GatewayMetrics {
 public:
  explicit GatewayMetrics(Metrics& metrics);

  void count(const TransactionRecord& record);  // once per transaction, any thread

  Gauge& client_connections;
  Counter& connections_refused;  // over a connection limit
  Gauge& tunnels;                // bypassed connections
  Counter& tunnels_refused;      // over limits.tunnels
  Counter& client_tls_rejected;  // the client refused our certificate
  Counter& client_tls_failed;
  Counter& internal_errors;  // exceptions caught at a coroutine's root

 private:
  Counter& requests(const std::string& action);
  Metrics& metrics_;
  Counter* by_action_[9];
  Counter* uninspectable_[18];
  Counter& bytes_in_;
  Counter& bytes_out_;
  Histogram& seconds_;
};

}  // namespace weir
