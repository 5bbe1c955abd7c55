// The gateway's own counters, registered once. Names are documented in docs/operations.md.
#pragma once

#include "core/finding.h"
#include "core/metrics.h"
#include "core/result.h"
#include "proxy/transaction_record.h"

namespace weir {

class GatewayMetrics {
 public:
  explicit GatewayMetrics(Metrics& metrics);

  void count(const TransactionRecord& record);  // once per transaction, any thread

  Gauge& client_connections;
  Counter& connections_refused;  // over a connection limit
  Counter& client_tls_rejected;  // the client refused our certificate
  Counter& client_tls_failed;
  Counter& internal_errors;  // exceptions caught at a coroutine's root

 private:
  Counter& requests(const std::string& action);
  Metrics& metrics_;
  Counter* by_action_[6];
  Counter* uninspectable_[18];
  Counter& bytes_in_;
  Counter& bytes_out_;
  Histogram& seconds_;
};

}  // namespace weir
