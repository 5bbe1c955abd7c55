#include "proxy/client_session.h"

#include <exception>
#include <utility>

#include "proxy/connect_tunnel.h"
#include "proxy/http/h1_client_connection.h"
#include "proxy/http1_session.h"
#include "proxy/net/tcp_stream.h"
#include "proxy/refusal.h"
#include "proxy/transaction.h"

namespace weir {
namespace {

// True when the request may go on; otherwise the 407 has been sent.
Co<bool> authenticate(ClientStream& stream, ClientContext& context, LoopServices& svc) {
  if (svc.shared.authenticator == nullptr || context.authenticated) co_return true;
  auto user =
      co_await svc.shared.authenticator->check(stream.request().fields.find("proxy-authorization"));
  if (user) {
    context.user = std::move(*user);
    context.authenticated = true;
    co_return true;
  }
  TransactionRecord record;
  record.id = svc.ids.next();
  record.start = svc.shared.clock.wall();
  record.client = context.client;
  record.method = stream.request().method;
  record.url = stream.request().authority + stream.request().path;
  record.host = stream.request().authority;
  record.action = "block";
  record.rule = "authentication";
  record.status = 407;
  record.error = user.error().what;
  Refusal refusal{.kind = RefusalKind::authentication, .status = 407};
  refusal.rule = record.rule;
  refusal.event_id = record.id;
  refusal.authenticate_realm = svc.shared.settings.auth.realm;
  const Fields& fields = stream.request().fields;
  const Page page = render_refusal(refusal, fields.get("accept"), fields.get("accept-language"),
                                   svc.shared.settings.notice);
  auto sent = co_await stream.send_head(page.head);
  if (sent && stream.request().method != "HEAD") {
    sent = co_await stream.send_body(as_bytes(page.body));
  }
  if (sent) sent = co_await stream.send_end({});
  svc.shared.counters.count(record);
  svc.shared.events.submit(std::move(record));
  co_return false;
}

Co<void> serve_requests(H1ClientConnection& connection, Endpoint peer, LoopServices& svc) {
  ClientContext context;
  context.client = peer;
  while (!svc.shared.draining.load(std::memory_order_relaxed)) {
    auto stream = co_await connection.next_request();
    if (!stream) {
      (void)co_await answer_bad_request(connection, context, svc, stream.error());
      co_return;
    }
    if (!co_await authenticate(**stream, context, svc)) continue;
    if ((*stream)->request().method == "CONNECT") {
      co_await run_connect(connection, std::move(*stream), context, svc);
      if (!connection.usable()) co_return;
      continue;
    }
    co_await run_transaction(**stream, context, svc);
  }
}

}  // namespace

Co<void> serve_client(UniqueFd socket, Endpoint peer, LoopServices& svc) {
  try {
    auto lease = svc.shared.client_limits.take(peer.address);
    if (!lease) {
      svc.shared.counters.connections_refused.add();
      co_return;
    }
    const Counted open(svc.shared.counters.client_connections);
    const Settings& settings = svc.shared.settings;
    H1ClientConnection connection(svc.loop, make_tcp_stream(svc.loop, std::move(socket)), {},
                                  settings.limits, settings.timeouts);
    co_await serve_requests(connection, peer, svc);
  } catch (const std::exception& error) {  // nothing held is released: the streams die unfinished
    svc.shared.counters.internal_errors.add();
    svc.shared.log.error("client", "exception", {{"what", error.what()}});
  }
}

}  // namespace weir
