#include "proxy/bad_request.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

// Whatever else ends a connection between requests is its client's good right.
constexpr std::array<Errc, 5> kWorthTelling = {Errc::malformed, Errc::too_large, Errc::unsupported,
                                               Errc::timeout, Errc::truncated};

}  // namespace

std::optional<TransactionRecord> bad_request_record(const Error& error,
                                                    const ClientContext& context,
                                                    LoopServices& svc) {
  if (std::ranges::find(kWorthTelling, error.code) == kWorthTelling.end()) return std::nullopt;
  TransactionRecord record;
  record.id = svc.ids.next();
  record.start = svc.shared.clock.wall();
  record.client = context.client;
  record.user = context.user;
  record.host = context.tunnel_host;
  record.port = context.tunnel_port;
  if (context.tunnelled) {
    record.client_protocol = context.alpn == "h2" ? "HTTP/2" : "HTTP/1.1";
    record.client_tls_version = context.tls_version;
    record.client_tls_cipher = context.tls_cipher;
    record.client_alpn = context.alpn;
    record.sni = context.sni;
    record.ja4 = context.ja4;
    record.stages.push_back(context.connect_note);
  }
  record.action = "error";
  record.error = error.what;
  record.error_code = errc_name(error.code);
  record.error_fault = fault_name(error.fault);
  record.policy_version = svc.policy->version();
  return record;
}

bool note_bad_request(const Error& error, int status, const ClientContext& context,
                      LoopServices& svc) {
  auto record = bad_request_record(error, context, svc);
  if (!record) return false;
  record->status = status;
  svc.shared.counters.count(*record);
  svc.shared.events.submit(std::move(*record));
  return true;
}

}  // namespace weir
