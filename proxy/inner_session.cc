#include "proxy/inner_session.h"

#include "proxy/http/h1_client_connection.h"
#include "proxy/http/h2_client_connection.h"
#include "proxy/http1_session.h"

namespace weir {
namespace {

Co<Result<void>> serve_h2(std::unique_ptr<TlsStream> tls, const ClientContext& context,
                          LoopServices& svc) {
  const Settings& settings = svc.shared.settings;
  H2ClientConnection connection(svc.loop, std::move(tls), settings.limits, settings.timeouts);
  co_return co_await connection.serve(
      [&context, &svc](std::unique_ptr<ClientStream> stream) -> Co<void> {
        co_await run_transaction(*stream, context, svc);
      });
}

}  // namespace

Co<Result<void>> serve_inner(std::unique_ptr<TlsStream> tls, const ClientContext& context,
                             LoopServices& svc) {
  if (tls->info().alpn == "h2") co_return co_await serve_h2(std::move(tls), context, svc);
  const Settings& settings = svc.shared.settings;
  H1ClientConnection connection(svc.loop, std::move(tls), {}, settings.limits, settings.timeouts);
  for (;;) {
    auto stream = co_await connection.next_request();
    if (!stream) {
      if (stream.error().code == Errc::tls_client_rejected) co_return pass(std::move(stream));
      co_await answer_bad_request(connection, context, svc, stream.error());
      co_return Result<void>{};
    }
    co_await run_transaction(**stream, context, svc);
  }
}

}  // namespace weir
