#include "proxy/http1_session.h"

#include "proxy/bad_request.h"
#include "proxy/http/h1_head_parser.h"
#include "proxy/refusal.h"

namespace weir {
namespace {

bool deserves_an_answer(Errc code) {
  return code == Errc::malformed || code == Errc::too_large || code == Errc::unsupported;
}

}  // namespace

Co<bool> answer_bad_request(H1ClientConnection& connection, const ClientContext& context,
                            LoopServices& svc, Error error) {
  auto record = bad_request_record(error, context, svc);
  if (!record) co_return false;
  if (!deserves_an_answer(error.code)) {
    svc.shared.counters.count(*record);
    svc.shared.events.submit(std::move(*record));
    co_return true;
  }
  Refusal refusal{.kind = RefusalKind::bad_request, .status = status_for(error), .action = "error"};
  refusal.detail = error.what;
  refusal.event_id = record->id;
  record->status = refusal.status;
  const Page page = render_refusal(refusal, {}, {}, svc.shared.settings.notice);
  auto stream = connection.stream_for_error();
  auto sent = co_await stream->send_head(page.head);
  if (sent) sent = co_await stream->send_body(as_bytes(page.body));
  if (sent) sent = co_await stream->send_end({});
  record->bytes_out = stream->bytes_out();
  svc.shared.counters.count(*record);
  svc.shared.events.submit(std::move(*record));
  co_return true;
}

}  // namespace weir
