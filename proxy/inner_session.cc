#include "proxy/inner_session.h"

#include <utility>

#include "proxy/bad_request.h"
#include "proxy/http/h1_client_connection.h"
#include "proxy/http/h2_client_connection.h"
#include "proxy/http1_session.h"

namespace weir {
namespace {

Co<void> serve_stream(std::unique_ptr<ClientStream> stream, const ClientContext& context,
                      LoopServices& svc) {
  co_await run_transaction(*stream, context, svc);
}

Co<InnerOutcome> serve_h2(std::unique_ptr<TlsStream> tls, const ClientContext& context,
                          LoopServices& svc) {
  const Settings& settings = svc.shared.settings;
  InnerOutcome outcome;
  H2ClientConnection connection(svc.loop, std::move(tls), settings.limits, settings.timeouts);
  outcome.ended = co_await connection.serve(
      [&](std::unique_ptr<ClientStream> stream) {
        ++outcome.told;
        return serve_stream(std::move(stream), context, svc);
      },
      [&](const Error& why, int status) {
        if (note_bad_request(why, status, context, svc)) ++outcome.told;
      });
  if (outcome.ended) co_return outcome;
  // What broke the connection as a whole. Requests that it cut off have told that themselves.
  const Error& error = outcome.ended.error();
  const bool of_all = error.code == Errc::malformed || error.code == Errc::too_large;
  if (of_all || (error.code == Errc::timeout && outcome.told == 0)) {
    if (note_bad_request(error, 0, context, svc)) ++outcome.told;
  }
  co_return outcome;
}

}  // namespace

Co<InnerOutcome> serve_inner(std::unique_ptr<TlsStream> tls, const ClientContext& context,
                             LoopServices& svc) {
  if (tls->info().alpn == "h2") co_return co_await serve_h2(std::move(tls), context, svc);
  const Settings& settings = svc.shared.settings;
  InnerOutcome outcome;
  H1ClientConnection connection(svc.loop, std::move(tls), {}, settings.limits, settings.timeouts);
  for (;;) {
    auto stream = co_await connection.next_request();
    if (!stream) {
      if (co_await answer_bad_request(connection, context, svc, stream.error())) ++outcome.told;
      outcome.ended = pass(std::move(stream));
      co_return outcome;
    }
    ++outcome.told;
    co_await run_transaction(**stream, context, svc);
  }
}

}  // namespace weir
