#include "proxy/http1_session.h"

#include "proxy/http/h1_head_parser.h"
#include "proxy/refusal.h"

namespace weir {
namespace {

bool deserves_an_answer(Errc code) {
  return code == Errc::malformed || code == Errc::too_large || code == Errc::unsupported;
}

}  // namespace

Co<void> answer_bad_request(H1ClientConnection& connection, const ClientContext& context,
                            LoopServices& svc, Error error) {
  if (!deserves_an_answer(error.code)) co_return;
  TransactionRecord record;
  record.id = svc.ids.next();
  record.start = svc.shared.clock.wall();
  record.client = context.client;
  record.user = context.user;
  record.host = context.tunnel_host;
  record.port = context.tunnel_port;
  record.action = "error";
  record.error = error.what;
  record.error_code = errc_name(error.code);
  record.error_fault = fault_name(error.fault);
  record.policy_version = svc.policy->version();

  Refusal refusal{.kind = RefusalKind::bad_request, .status = status_for(error), .action = "error"};
  refusal.detail = error.what;
  refusal.event_id = record.id;
  record.status = refusal.status;
  const Page page = render_refusal(refusal, {}, {}, svc.shared.settings.notice);
  auto stream = connection.stream_for_error();
  auto sent = co_await stream->send_head(page.head);
  if (sent) sent = co_await stream->send_body(as_bytes(page.body));
  if (sent) sent = co_await stream->send_end({});
  record.bytes_out = stream->bytes_out();
  svc.shared.counters.count(record);
  svc.shared.events.submit(std::move(record));
}

}  // namespace weir
