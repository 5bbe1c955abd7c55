#include "proxy/connect_tunnel.h"

#include <algorithm>
#include <utility>

#include "core/url.h"
#include "proxy/connect_facts.h"
#include "proxy/http/h2_client_connection.h"
#include "proxy/inner_session.h"
#include "proxy/net/dialer.h"
#include "proxy/net/splice_tunnel.h"
#include "proxy/refusal.h"
#include "proxy/tls/client_hello.h"
#include "proxy/transaction_facts.h"
#include "proxy/tunnel_place.h"

namespace weir {
namespace {

// One CONNECT, in the order in which things become known: the target, the first bytes, the policy's
// word, and then one of three ways on.
class ConnectTunnel {
 public:
  ConnectTunnel(H1ClientConnection& connection, std::unique_ptr<ClientStream> stream,
                ClientContext context, LoopServices& svc)
      : connection_(connection),
        stream_(std::move(stream)),
        context_(std::move(context)),
        svc_(svc),
        policy_(svc.policy),
        index_(svc.index) {
    record_.id = svc.ids.next();
    record_.start = svc.shared.clock.wall();
    began_ = svc.shared.clock.steady();
  }

  Co<void> run();

 private:
  std::optional<Refusal> admit();
  Co<void> refuse(Refusal refusal);
  Co<Result<HelloParse>> read_first_bytes(ByteStream& tcp);
  Decision decide(const HelloParse& first);
  Facts facts_for(bool tls) const {
    return connect_facts(context_, *policy_, reputation_, names_, tls, first_kind_, record_.start);
  }
  bool would_bypass();
  bool at_portal() const;
  void find_reputation();
  Co<void> intercept(std::unique_ptr<ByteStream> tcp, Decision ruling);
  void dial_ahead();
  void without_request();
  Co<void> bypass(std::unique_ptr<ByteStream> tcp);
  bool listed_peer();
  void over_limit(ByteStream& tcp);
  void not_tls(ByteStream& tcp);
  void note_handshake_failure(const Error& error);
  void submit();
  void note_error(const Error& error);

  H1ClientConnection& connection_;
  std::unique_ptr<ClientStream> stream_;
  ClientContext context_;
  LoopServices& svc_;
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const Index> index_;
  Reputation reputation_;
  NameFacts names_;
  TransactionRecord record_;
  SteadyTime began_;
  bool tls_ = false;
  std::string first_;  // what was read of the tunnel so far
  std::string first_kind_;
};

Co<void> ConnectTunnel::run() {
  if (auto refusal = admit()) co_return co_await refuse(std::move(*refusal));
  ResponseHead established;
  established.status = 200;
  established.reason = "Connection established";
  if (auto sent = co_await stream_->send_head(established); !sent) co_return;
  if (auto sent = co_await stream_->flush(); !sent) co_return;
  stream_.reset();
  auto [tcp, leftover] = connection_.take_stream();
  first_ = std::move(leftover);

  auto first = co_await read_first_bytes(*tcp);
  if (!first) {
    note_error(first.error());
    tcp->close(true);
    co_return submit();
  }
  const Decision ruling = decide(*first);
  if (ruling.action == Action::bypass) co_return co_await bypass(std::move(tcp));
  if (first->state == HelloParse::State::not_tls) {
    not_tls(*tcp);
    co_return submit();
  }
  co_await intercept(std::move(tcp), ruling);
}

// Before the tunnel stands: is this a target at all, and one of the open ports?
std::optional<Refusal> ConnectTunnel::admit() {
  const RequestHead& request = stream_->request();
  record_.client = context_.client;
  record_.user = context_.user;
  record_.method = "CONNECT";
  record_.client_protocol = "CONNECT";
  record_.user_agent = request.fields.get("user-agent");
  record_.policy_version = policy_->version();
  record_.url = request.authority;
  const auto target = split_host_port(request.authority);
  auto host = target ? canonical_host(target->host)
                     : Result<std::string>(fail(Errc::malformed, Fault::client, "bad target"));
  if (!host || !target->port || *target->port == 0) {
    return Refusal{.kind = RefusalKind::bad_request,
                   .status = 400,
                   .action = "error",
                   .detail = "CONNECT needs host:port"};
  }
  context_.tunnel_host = std::move(*host);
  context_.tunnel_port = *target->port;
  record_.host = context_.tunnel_host;
  record_.port = context_.tunnel_port;
  if (svc_.shared.draining.load(std::memory_order_relaxed) || !svc_.shared.events.accepting()) {
    return not_taking_requests();
  }
  if (!at_portal() && !policy_->network().connect_port_open(context_.tunnel_port)) {
    record_.stages.push_back({"guard", "block", "connect-ports"});
    return Refusal{.kind = RefusalKind::port,
                   .status = 403,
                   .rule = "connect-ports",
                   .detail = "port " + std::to_string(context_.tunnel_port) + " is not open"};
  }
  // What is bypassed by its host can be told now, where the client still understands an answer.
  const LimitSettings& limits = svc_.shared.settings.limits;
  if (svc_.shared.tunnels.load(std::memory_order_relaxed) >= limits.tunnels && would_bypass()) {
    svc_.shared.counters.tunnels_refused.add();
    return no_tunnel_left(limits);
  }
  return std::nullopt;
}

void ConnectTunnel::find_reputation() {
  reputation_ = connect_reputation(context_, *index_, record_.start);
  record_.reputation = notes_of(reputation_);
  const NameQuestion question{context_.tunnel_host, {}, context_.sni, !context_.sni.empty()};
  if (!at_portal()) names_ = svc_.shared.names.ask(question, record_.start, false);
  record_.name = note_of(names_);
}

// The gateway's own site, which no rule can close.
bool ConnectTunnel::at_portal() const {
  return context_.tunnel_port == 443 && context_.tunnel_host == svc_.shared.settings.portal.host;
}

// The connect stage as it will be for a client that sends the host's name in its TLS.
bool ConnectTunnel::would_bypass() {
  find_reputation();
  Facts facts = facts_for(true);
  facts.sni = context_.tunnel_host;
  return policy_->decide(Stage::connect, facts).action == Action::bypass;
}

Co<void> ConnectTunnel::refuse(Refusal refusal) {
  refusal.event_id = record_.id;
  refusal.url = record_.url;
  record_.action = refusal.action;
  if (refusal.action == "error") record_.error = refusal.detail;
  record_.status = refusal.status;
  record_.rule = refusal.rule;
  const Fields& fields = stream_->request().fields;
  const Page page = render_refusal(refusal, fields.get("accept"), fields.get("accept-language"),
                                   svc_.shared.settings.notice);
  auto sent = co_await stream_->send_head(page.head);
  if (sent) sent = co_await stream_->send_body(as_bytes(page.body));
  if (sent) sent = co_await stream_->send_end({});
  if (!sent) note_error(sent.error());
  record_.bytes_out = stream_->bytes_out();
  submit();
}

// The whole ClientHello, however it is split; anything else after its first bytes.
Co<Result<HelloParse>> ConnectTunnel::read_first_bytes(ByteStream& tcp) {
  const Duration limit = svc_.shared.settings.timeouts.client_hello;
  const SteadyTime until = svc_.shared.clock.steady() + limit;
  for (;;) {
    if (!first_.empty()) {
      auto parsed = parse_client_hello(as_bytes(first_));
      if (!parsed || parsed->state != HelloParse::State::need_more) co_return parsed;
    }
    const Duration left = until - svc_.shared.clock.steady();
    if (left <= Duration::zero()) {
      co_return fail(Errc::timeout, Fault::client, "no ClientHello in time");
    }
    if (auto ready = co_await tcp.wait(Wait::readable, left); !ready)
      co_return pass(std::move(ready));
    const LoanedBuffer buffer = svc_.loop.borrow();
    auto step = tcp.try_read(buffer.bytes());
    if (!step) co_return pass(std::move(step));
    if (step->eof) co_return fail(Errc::closed, Fault::client, "closed before a ClientHello");
    first_.append(as_text(buffer.bytes().first(step->bytes)));
  }
}

Decision ConnectTunnel::decide(const HelloParse& first) {
  const bool tls = first.state == HelloParse::State::complete;
  if (tls) {
    context_.sni = first.hello.sni;
    context_.ja4 = first.hello.ja4;
    context_.ja3 = first.hello.ja3;
    context_.ech = first.hello.ech;
  } else {
    first_kind_ = identify_first_bytes(as_bytes(first_));
  }
  record_.sni = context_.sni;
  record_.ja4 = context_.ja4;
  record_.ech = context_.ech;
  tls_ = tls;
  find_reputation();
  const Facts facts = facts_for(tls);
  Decision ruling = policy_->decide(Stage::connect, facts);
  if (tls && at_portal()) {
    ruling.action = Action::intercept;
    ruling.rule = "portal";
  }
  context_.connect_note = {"connect", std::string(action_name(ruling.action)),
                           std::string(ruling.rule)};
  context_.connect_reason = ruling.reason;
  record_.stages.push_back(context_.connect_note);
  record_.rule = ruling.rule;
  return ruling;
}

void ConnectTunnel::not_tls(ByteStream& tcp) {
  record_.first_bytes = first_kind_;
  record_.action = "block";
  record_.rule = "not-tls";
  record_.stages.push_back({"guard", "block", "not-tls"});
  tcp.close(true);
}

Co<void> ConnectTunnel::intercept(std::unique_ptr<ByteStream> tcp, Decision ruling) {
  const bool fronted = !context_.sni.empty() && context_.sni != context_.tunnel_host;
  context_.connect_blocked = ruling.action == Action::block || fronted;
  if (fronted && ruling.action != Action::block) {
    context_.connect_note = {"guard", "block", "sni-differs"};
    context_.connect_reason = "the TLS server name is not the host that was asked for";
  }
  context_.tunnelled = true;
  if (!context_.connect_blocked && !at_portal()) dial_ahead();
  const std::string& name = context_.sni.empty() ? context_.tunnel_host : context_.sni;
  auto leaf = co_await svc_.issuer.leaf_for(name);
  if (!leaf) {
    note_error(leaf.error());
    tcp->close(true);
    co_return submit();
  }
  auto tls =
      co_await svc_.shared.client_tls.accept(std::move(tcp), std::move(first_), std::move(*leaf),
                                             true, svc_.shared.settings.timeouts.client_handshake);
  if (!tls) {
    note_handshake_failure(tls.error());
    co_return submit();
  }
  const TlsInfo& info = (*tls)->info();
  context_.tls_version = info.version;
  context_.tls_cipher = info.cipher;
  context_.alpn = info.alpn;
  const InnerOutcome inner = co_await serve_inner(std::move(*tls), context_, svc_);
  if (!inner.ended && inner.ended.error().code == Errc::tls_client_rejected) {
    note_handshake_failure(inner.ended.error());
    submit();
  } else if (inner.told == 0) {
    without_request();
  }
}

// The origin is dialled while the client is busy with its handshake, if the request stage would let
// any request go there: what it refuses by host is never dialled.
void ConnectTunnel::dial_ahead() {
  OriginTarget target{.scheme = "https",
                      .host = context_.tunnel_host,
                      .port = context_.tunnel_port,
                      .policy = policy_};
  if (!svc_.origins.wants_prefetch(target)) return;
  RequestHead any;
  any.method = "GET";
  const auto url = url_from_parts("https", record_.url, "/");
  if (!url) return;
  TransactionFacts assumed;
  assumed.set_client(context_, *policy_, record_.start);
  assumed.set_request(any, *url, *policy_, *index_);
  if (policy_->decide(Stage::request, assumed.facts).action == Action::block) return;
  svc_.origins.prefetch(std::move(target));
}

// Browsers connect ahead, scanners try and leave: who came and what policy said is told anyway.
void ConnectTunnel::without_request() {
  record_.client_tls_version = context_.tls_version;
  record_.client_tls_cipher = context_.tls_cipher;
  record_.client_alpn = context_.alpn;
  if (context_.connect_blocked) record_.action = "block";
  record_.rule = context_.connect_note.rule;
  record_.error = "the client ended the connection without a request";
  record_.error_code = errc_name(Errc::closed);
  record_.error_fault = fault_name(Fault::client);
  submit();
}

void ConnectTunnel::note_handshake_failure(const Error& error) {
  note_error(error);
  if (error.code == Errc::tls_client_rejected) {
    svc_.shared.counters.client_tls_rejected.add();
    svc_.shared.pinning.note(context_.tunnel_host, context_.client.address, record_.start);
  } else {
    svc_.shared.counters.client_tls_failed.add();
  }
}

void ConnectTunnel::over_limit(ByteStream& tcp) {
  svc_.shared.counters.tunnels_refused.add();
  note_error({Errc::busy, Fault::local, false, over_limit_text(svc_.shared.settings.limits)});
  record_.rule = "limits.tunnels";
  if (tls_) {
    (void)tcp.try_write(as_bytes(kTlsRefusal));
    tcp.shutdown_write();
  }
  tcp.close(!tls_);
  submit();
}

Co<void> ConnectTunnel::bypass(std::unique_ptr<ByteStream> tcp) {
  const Running running(svc_.shared);
  const TunnelPlace place(svc_.shared);
  if (!place) co_return over_limit(*tcp);
  record_.action = "bypass";
  record_.delivery = "direct";
  auto guard = [policy = policy_](const IpAddress& address) {
    return policy->network().may_dial(address);
  };
  auto dialed = co_await svc_.dialer.dial(context_.tunnel_host, context_.tunnel_port, guard,
                                          svc_.shared.settings.timeouts.connect);
  if (!dialed) {
    note_error(dialed.error());
    tcp->close(true);
    co_return submit();
  }
  record_.origin_address = dialed->peer.text();
  if (listed_peer()) {
    tcp->close(true);
    co_return submit();
  }
  record_.dns = dialed->dns;
  record_.connect = dialed->connect;
  auto counts = co_await splice_tunnel(svc_.loop, *tcp, *dialed->stream, std::move(first_),
                                       svc_.shared.settings.timeouts.stream_idle);
  if (counts) {
    record_.bytes_in = counts->a_to_b;
    record_.bytes_out = counts->b_to_a;
    if (counts->reset) record_.error = counts->broken.what;
  } else {
    note_error(counts.error());
  }
  submit();
}

// The address behind the name may be listed; it is known only now.
bool ConnectTunnel::listed_peer() {
  if (!add_peer(reputation_, record_.origin_address, *index_, record_.start)) return false;
  record_.reputation = notes_of(reputation_);
  const Decision ruling = policy_->decide(Stage::connect, facts_for(true));
  if (ruling.action != Action::block) return false;
  record_.action = "block";
  record_.rule = ruling.rule;
  return true;
}

void ConnectTunnel::note_error(const Error& error) {
  record_.error = error.what;
  record_.error_code = errc_name(error.code);
  record_.error_fault = fault_name(error.fault);
  if (record_.action != "block") record_.action = "error";
}

void ConnectTunnel::submit() {
  record_.total = svc_.shared.clock.steady() - began_;
  svc_.shared.counters.count(record_);
  svc_.shared.events.submit(std::move(record_));
}

}  // namespace

Co<void> run_connect(H1ClientConnection& connection, std::unique_ptr<ClientStream> stream,
                     ClientContext context, LoopServices& svc) {
  ConnectTunnel tunnel(connection, std::move(stream), std::move(context), svc);
  co_await tunnel.run();
}

}  // namespace weir
