#include "proxy/transaction.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "core/event_id.h"
#include "core/url.h"
#include "inspect/decode.h"
#include "inspect/intake.h"
#include "proxy/child.h"
#include "proxy/connect_facts.h"
#include "proxy/delivery.h"
#include "proxy/follow_up.h"
#include "proxy/forwarding.h"
#include "proxy/holding.h"
#include "proxy/net/signal.h"
#include "proxy/portal.h"
#include "proxy/portal_pages.h"
#include "proxy/range.h"
#include "proxy/refusal.h"
#include "proxy/sandbox_asking.h"
#include "proxy/sandbox_desk.h"
#include "proxy/transaction_facts.h"
#include "proxy/unlock.h"
#include "proxy/websocket.h"

namespace weir {
namespace {

using OriginPtr = std::unique_ptr<OriginStream>;

// How much of a request body is still read after its origin stopped listening.
constexpr std::uint64_t kMostDiscarded = 1024 * 1024;
// When a file that a sandbox has not judged may be asked for again.
constexpr int kTryAgainSeconds = 120;

// The steps in the order in which a request meets them.
class Transaction {
 public:
  Transaction(ClientStream& client, const ClientContext& context, LoopServices& svc)
      : client_(client),
        context_(context),
        svc_(svc),
        running_(svc.shared),
        policy_(svc.policy),
        index_(svc.index) {
    record_.id = svc.ids.next();
    record_.start = svc.shared.clock.wall();
    began_ = svc.shared.clock.steady();
  }

  Co<void> run();

 private:
  // 1. What is asked, by whom; may it be asked at all?
  std::optional<Refusal> admit();
  std::optional<Refusal> guard() const;
  void note_client();
  void note_names();
  Result<Url> target_url() const;
  std::optional<Refusal> blocked_before() const;
  // 2. The exchange with the origin.
  Co<Result<void>> exchange();
  Co<Result<OriginPtr>> open_origin(bool fresh);
  std::optional<Refusal> judge_peer(const OriginStream& origin);
  Co<Result<void>> converse(OriginPtr& origin, bool may_retry);
  Co<Result<ResponseHead>> ask(OriginStream& origin, std::optional<Child>& uploading);
  Co<Result<ResponseHead>> final_head(OriginStream& origin);
  Co<Result<void>> upload(OriginStream& origin);
  Co<Result<void>> join_upload(Child& uploading);
  // 3. The response.
  Co<Result<void>> deliver(OriginPtr& origin, ResponseHead head);
  void note_type(FileType type, int status);
  Co<Result<void>> deliver_plain(OriginStream& origin, const ResponseHead& head, BodyPiece first);
  Co<Result<void>> deliver_streamed(OriginStream& origin, const ResponseHead& head, BodyPiece first,
                                    const Profile& profile);
  Co<Result<void>> deliver_inspected(OriginStream& origin, const ResponseHead& head,
                                     BodyPiece first, const Profile& profile);
  Co<Result<void>> take_in(OriginStream& origin, Intake& intake, DeliveryGate& gate,
                           BodyPiece piece);
  Co<Decision> judge(Artifact& artifact, const Profile& profile);
  Co<Assessment> assess(const Artifact& artifact, const Profile& profile,
                        std::vector<std::string> passwords);
  Decision rule_on(const Assessment& found);
  Co<Decision> unlock(Artifact& artifact, Profile profile, Decision locked, Assessment& found);
  Co<Decision> consult_sandbox(const Artifact& artifact, Assessment found, Decision ruling);
  Co<Decision> wait_for_sandbox();
  Decision heed_sandbox(const SandboxVerdict& said);
  std::string hold_at_portal(std::unique_ptr<Intake> intake, Artifact artifact,
                             const ResponseHead& head, const Profile& profile);
  KeptFile file_to_keep(std::unique_ptr<Intake> intake, Artifact artifact, const ResponseHead& head,
                        const Profile& profile) const;
  Co<Result<void>> show_progress(const std::string& id);
  FileOwner owner() const { return {context_.client.address, context_.user}; }
  void quarantine(const Artifact& artifact, QuarantineState state) const;
  Co<Result<void>> withhold(OriginStream& origin, DeliveryGate& gate, const ResponseHead& head,
                            const Decision& ruling);
  std::string keep_locked(const Decision& ruling, std::unique_ptr<Intake> intake, Artifact artifact,
                          const ResponseHead& head, const Profile& profile);
  Co<Result<void>> pump(OriginStream& origin, BodyPiece piece);
  Co<Result<void>> refetch_whole(OriginPtr& origin);
  Co<Result<void>> relay_upgraded(OriginStream& origin, ResponseHead head);
  // 4. The end.
  Co<Result<void>> answer_at_portal();
  Co<Result<void>> refuse(Refusal refusal);
  Co<Result<void>> give_up(const Error& error);
  void submit(const Result<void>& outcome);

  Decision decide(Stage stage);
  void heed_warning(Decision& ruling);
  std::string warn(const Decision& ruling);
  Refusal policy_refusal(const Decision& ruling);
  Refusal verdict_refusal(const Decision& ruling);
  void note_origin(const OriginStream& origin);
  Duration idle_limit() const;

  ClientStream& client_;
  const ClientContext& context_;
  LoopServices& svc_;
  Running running_;
  std::shared_ptr<const Policy> policy_;  // pinned: a reload never changes rules under us
  std::shared_ptr<const Index> index_;    // pinned
  TransactionRecord record_;
  SteadyTime began_;
  Url url_;
  TransactionFacts facts_;
  std::vector<std::string> accepted_errors_;
  std::optional<ByteRange> range_;  // the client asked for this; we fetch the whole and cut
  bool keep_range_ = false;         // media: the origin answers the range itself
  bool answered_ = false;           // a response head has left towards the client
  bool upload_may_start_ = true;
  std::optional<Signal> upload_go_;
  std::vector<std::string> page_words_;  // of the page that led here
  Lock lock_;                            // what of the file is locked
  std::string unlock_url_;               // where its password can be given, "" = nowhere
  HeldFor held_;                         // what a sandbox is asked about
  bool held_back_ = false;               // its answer did not come, and policy blocks
  std::string websocket_key_;            // sent to the origin on behalf of an h2 client
};

Co<void> Transaction::run() {
  Result<void> outcome;
  try {
    if (auto refusal = admit()) {
      outcome = co_await refuse(std::move(*refusal));
    } else if (at_portal(url_, svc_.shared.settings.portal)) {
      outcome = co_await answer_at_portal();
    } else {
      outcome = co_await exchange();
    }
  } catch (const std::exception& error) {  // a library's or ours: never a reason to release bytes
    svc_.shared.counters.internal_errors.add();
    svc_.shared.log.error("transaction", "exception", {{"what", error.what()}});
    outcome = fail(Errc::internal, Fault::local, error.what());
    client_.reset();
  }
  client_.on_gone({});
  submit(outcome);
}

// ---- 1. admission ---------------------------------------------------------------------------

void Transaction::note_client() {
  const RequestHead& request = client_.request();
  record_.client = context_.client;
  record_.user = context_.user;
  record_.method = request.method;
  record_.client_protocol = request.version == HttpVersion::h2     ? "HTTP/2"
                            : request.version == HttpVersion::h1_1 ? "HTTP/1.1"
                                                                   : "HTTP/1.0";
  record_.user_agent = request.fields.get("user-agent");
  record_.referrer = request.fields.get("referer");
  record_.client_tls_version = context_.tls_version;
  record_.client_tls_cipher = context_.tls_cipher;
  record_.client_alpn = context_.alpn;
  record_.sni = context_.sni;
  record_.ja4 = context_.ja4;
  record_.ech = context_.ech;
  record_.policy_version = policy_->version();
  if (context_.tunnelled) record_.stages.push_back(context_.connect_note);
}

std::optional<Refusal> Transaction::admit() {
  note_client();
  const RequestHead& request = client_.request();
  auto url = target_url();
  if (!url) {
    record_.host = request.authority;
    record_.url = request.path;
    return refusal_for(url.error());
  }
  url_ = std::move(*url);
  facts_.set_client(context_, *policy_, record_.start);
  facts_.set_request(request, url_, *policy_, *index_);
  note_names();
  record_.reputation = notes_of(facts_.reputation());
  record_.url = facts_.url_text();
  record_.host = url_.host;
  record_.port = url_.port;
  if (auto refusal = guard()) return refusal;
  if (at_portal(url_, svc_.shared.settings.portal)) return std::nullopt;
  const Decision ruling = decide(Stage::request);
  if (ruling.action == Action::block || ruling.action == Action::coach) {
    return policy_refusal(ruling);
  }
  return blocked_before();
}

// The gateway's own site is no place that people visit.
void Transaction::note_names() {
  if (at_portal(url_, svc_.shared.settings.portal)) return;
  const NameQuestion question{url_.host, url_.path_and_query, context_.sni, context_.tunnelled};
  facts_.set_names(svc_.shared.names.ask(question, record_.start, true));
  record_.name = note_of(facts_.names());
}

// What no policy can allow.
std::optional<Refusal> Transaction::guard() const {
  if (svc_.shared.draining.load(std::memory_order_relaxed) || !svc_.shared.events.accepting()) {
    return not_taking_requests();
  }
  if (came_through(client_.request().fields, svc_.shared.via_name)) {
    return Refusal{.kind = RefusalKind::loop, .status = 508};
  }
  if (context_.tunnelled &&
      (url_.host != context_.tunnel_host || url_.port != context_.tunnel_port)) {
    return Refusal{
        .kind = RefusalKind::misdirected,
        .status = 421,
        .detail = "the tunnel is to " + context_.tunnel_host + ", the request to " + url_.host};
  }
  if (context_.connect_blocked) {
    Refusal refusal{.kind = RefusalKind::policy, .status = 403};
    refusal.rule = context_.connect_note.rule;
    refusal.rule_words = context_.connect_reason;
    return refusal;
  }
  if (!context_.tunnelled && !policy_->network().http_port_open(url_.port)) {
    return Refusal{.kind = RefusalKind::port,
                   .status = 403,
                   .rule = "http-ports",
                   .detail = "port " + std::to_string(url_.port) + " is not open for http"};
  }
  return std::nullopt;
}

Result<Url> Transaction::target_url() const {
  const RequestHead& request = client_.request();
  const std::string_view scheme = context_.tunnelled ? "https" : std::string_view(request.scheme);
  if (!context_.tunnelled && request.scheme != "http") {
    return fail(Errc::malformed, Fault::client,
                request.scheme.empty() ? "this is a proxy: the request needs an absolute http URL"
                                       : "use CONNECT for " + request.scheme + " URLs");
  }
  return url_from_parts(scheme, request.authority, request.path == "*" ? "/" : request.path);
}

// A range of an object that was blocked as a whole does not get its rest.
std::optional<Refusal> Transaction::blocked_before() const {
  if (!client_.request().fields.has("range")) return std::nullopt;
  const auto known = svc_.shared.blocked.find(facts_.url_text());
  if (!known) return std::nullopt;
  Refusal refusal{.kind = known->verdict == Verdict::malicious ? RefusalKind::malicious
                                                               : RefusalKind::uninspectable,
                  .status = 403};
  refusal.verdict = known->verdict;
  refusal.reason = known->reason;
  refusal.threat = known->threat;
  refusal.rule = known->rule;
  return refusal;
}

Decision Transaction::decide(Stage stage) {
  Decision ruling = policy_->decide(stage, facts_.facts);
  record_.stages.push_back({std::string(stage_name(stage)), std::string(action_name(ruling.action)),
                            std::string(ruling.rule)});
  record_.rule = ruling.rule;
  if (ruling.action == Action::coach) heed_warning(ruling);
  if (ruling.action == Action::alert) record_.action = "alert";
  return ruling;
}

// Somebody who was warned and chose to go on is let through, and it is said.
void Transaction::heed_warning(Decision& ruling) {
  const auto went_on = svc_.shared.coach.went_on(owner(), url_.host, ruling.rule);
  if (!went_on) return;
  ruling.action = Action::alert;
  record_.coach.justification = went_on->justification;
  record_.coach.warned_by = went_on->event_id;
}

// ---- 2. the exchange with the origin --------------------------------------------------------

Co<Result<void>> Transaction::exchange() {
  const RequestHead& request = client_.request();
  if (request.method == "GET" && request.framing.kind == Framing::Kind::none) {
    range_ = parse_range(request.fields.get("range"));
  }
  keep_range_ = range_.has_value() && wants_media(request);

  for (int attempt = 0;; ++attempt) {
    auto origin = co_await open_origin(attempt > 0);
    if (!origin) co_return co_await give_up(origin.error());
    if (auto refusal = judge_peer(**origin)) {
      (*origin)->reset();
      co_return co_await refuse(std::move(*refusal));
    }
    auto outcome = co_await converse(*origin, attempt == 0);
    if (outcome || !outcome.error().retryable || attempt > 0) co_return outcome;
  }
}

// One try with one origin. A retryable error comes back only while nothing is spent: the client has
// not been answered and its body not been touched.
Co<Result<void>> Transaction::converse(OriginPtr& origin, bool may_retry) {
  client_.on_gone([stream = origin.get()] { stream->reset(); });
  std::optional<Child> uploading;
  auto head = co_await ask(*origin, uploading);
  Result<void> outcome;
  if (head) {
    outcome = co_await deliver(origin, std::move(*head));
  } else if (head.error().retryable && may_retry && client_.bytes_in() == 0 && !client_.gone()) {
    outcome = pass(std::move(head));
  } else {
    Error error = std::move(head).error();
    error.retryable = false;
    if (origin) origin->reset();
    // The client broke off: that is the cause, not what the origin made of it.
    if (uploading) {
      auto sent = co_await join_upload(*uploading);
      const bool cause =
          !sent && (sent.error().fault == Fault::client || sent.error().code == Errc::timeout);
      if (cause) error = std::move(sent).error();
    }
    outcome = co_await give_up(error);
  }
  if (uploading) {
    if (origin && !uploading->done()) origin->reset();  // answered before it was all sent
    (void)co_await join_upload(*uploading);
  }
  client_.on_gone({});
  co_return outcome;
}

Co<Result<OriginPtr>> Transaction::open_origin(bool fresh) {
  OriginTarget target{.scheme = url_.scheme,
                      .host = url_.host,
                      .port = url_.port,
                      .accepted_errors = accepted_errors_,
                      .http1_only = client_.request().protocol == "websocket",
                      .fresh = fresh,
                      .policy = policy_};
  auto origin = co_await svc_.origins.open(target);
  // Each certificate error that policy accepts for this host is accepted by name, nothing else.
  while (!origin && origin.error().code == Errc::tls_certificate &&
         target.accepted_errors.size() < 4) {
    const std::string word = origin.error().what.substr(0, origin.error().what.find(':'));
    record_.certificate_error = word;
    facts_.facts.certificate_error = record_.certificate_error;
    const Decision ruling = policy_->on_certificate_error(facts_.facts);
    record_.stages.push_back(
        {"certificate", std::string(action_name(ruling.action)), std::string(ruling.rule)});
    record_.rule = ruling.rule;
    if (ruling.action == Action::block) break;
    if (ruling.action == Action::alert) record_.action = "alert";
    target.accepted_errors.push_back(word);
    origin = co_await svc_.origins.open(target);
  }
  accepted_errors_ = std::move(target.accepted_errors);
  if (origin) note_origin(**origin);
  co_return origin;
}

// What is known only now, and nothing was asked yet: the address behind the name, and the
// certificate. When a list has one of them the request stage decides again.
std::optional<Refusal> Transaction::judge_peer(const OriginStream& origin) {
  Hits hits = peer_hits(origin.facts(), *index_, record_.start);
  if (hits.empty()) return std::nullopt;
  facts_.add_reputation(std::move(hits));
  record_.reputation = notes_of(facts_.reputation());
  const Decision ruling = decide(Stage::request);
  if (releases(ruling.action)) return std::nullopt;
  return policy_refusal(ruling);
}

// Sends the request and gives the final response head. The body goes up at the same time: an origin
// may answer before it has all of it, and a duplex exchange (gRPC) never stops sending.
Co<Result<ResponseHead>> Transaction::ask(OriginStream& origin, std::optional<Child>& uploading) {
  const RequestHead& request = client_.request();
  RequestHead onward =
      forwarded_request(request, {.via_name = svc_.shared.via_name, .keep_range = keep_range_});
  onward.scheme = url_.scheme;
  onward.authority = url_.authority();
  websocket_key_ = request_upgrade(request, onward, svc_.ids.random());
  if (auto sent = co_await origin.send_head(onward); !sent) co_return pass(std::move(sent));
  if (onward.framing.kind != Framing::Kind::none) {
    upload_go_.emplace(svc_.loop);
    upload_may_start_ = !request.expect_continue;
    uploading.emplace(svc_.loop, upload(origin));
  }
  co_return co_await final_head(origin);
}

Co<Result<ResponseHead>> Transaction::final_head(OriginStream& origin) {
  const auto asked = svc_.shared.clock.steady();
  for (int informational = 0; informational < 16; ++informational) {
    auto head = co_await origin.read_head(svc_.shared.settings.timeouts.response_head);
    if (!head) co_return head;
    if (!head->informational() || head->status == 101) {
      record_.first_byte = svc_.shared.clock.steady() - asked;
      co_return head;
    }
    if (head->status == 100) {
      upload_may_start_ = true;
      if (upload_go_) upload_go_->notify();
    }
    if (auto sent = co_await client_.send_informational(*head); !sent)
      co_return pass(std::move(sent));
  }
  co_return fail(Errc::malformed, Fault::origin, "more than 16 informational responses");
}

Co<Result<void>> Transaction::upload(OriginStream& origin) {
  // Expect: 100-continue waits for the origin's word, for a second (RFC 9110 10.1.1).
  if (!upload_may_start_) (void)co_await upload_go_->wait(std::chrono::seconds(1));
  Result<void> outcome;
  std::uint64_t discarded = 0;
  for (;;) {
    auto piece = co_await client_.read_body();
    if (!piece) {
      if (outcome) origin.reset();
      co_return pass(std::move(piece));
    }
    if (!*piece) break;
    // An origin that has enough may stop listening; the client is heard out a little longer, so
    // that it gets to read the answer instead of a reset.
    if (outcome) outcome = co_await origin.send_body(**piece);
    if (!outcome && outcome.error().code == Errc::timeout) {  // nor will it answer
      origin.reset();
      co_return outcome;
    }
    if (!outcome && (discarded += (*piece)->size()) > kMostDiscarded) co_return outcome;
  }
  if (outcome) outcome = co_await origin.send_end(client_.request_trailers());
  co_return outcome;
}

Co<Result<void>> Transaction::join_upload(Child& uploading) {
  upload_go_->notify();
  return uploading.join();
}

void Transaction::note_origin(const OriginStream& origin) {
  const OriginFacts& facts = origin.facts();
  record_.origin_address = facts.address;
  record_.origin_tls_version = facts.tls_version;
  record_.origin_tls_cipher = facts.tls_cipher;
  record_.origin_alpn = facts.protocol;
  record_.certificate_sha256 = facts.certificate_sha256;
  record_.certificate_subject = facts.certificate_subject;
  record_.certificate_issuer = facts.certificate_issuer;
  record_.origin_reused = facts.reused;
  record_.dns = facts.dns;
  record_.connect = facts.connect;
  record_.tls = facts.tls;
}

// ---- 3. the response ------------------------------------------------------------------------

Co<Result<void>> Transaction::deliver(OriginPtr& origin, ResponseHead head) {
  const RequestHead& request = client_.request();
  if (head.status == 101 || (!request.protocol.empty() && head.status / 100 == 2)) {
    co_return co_await relay_upgraded(*origin, std::move(head));
  }
  facts_.set_response(head, request);
  record_.content_type = facts_.facts.content_type;
  record_.file_name = facts_.name();
  const ResponseHead onward = forwarded_response(head, svc_.shared.via_name);

  if (response_has_no_body(request.method, head.status) ||
      head.framing.kind == Framing::Kind::none) {
    if (const Decision ruling = decide(Stage::response); ruling.action == Action::block) {
      origin->reset();
      co_return co_await refuse(policy_refusal(ruling));
    }
    record_.status = head.status;
    answered_ = true;
    if (auto sent = co_await client_.send_head(onward); !sent) co_return sent;
    co_return co_await client_.send_end({});
  }

  // The first bytes tell the type, whatever the header says; an endless response is not waited for.
  BodyPiece first = ByteView{};
  if (!facts_.facts.endless) {
    auto piece = co_await origin->read_body(svc_.shared.settings.timeouts.origin_body);
    if (!piece) co_return co_await give_up(piece.error());
    first = *piece;
    if (first) note_type(sniff_piece(*first, head.fields.joined("content-encoding")), head.status);
  }
  record_.file_type = facts_.facts.file_type;
  Decision ruling = decide(Stage::response);
  if (ruling.action != Action::block && ruling.profile->prove_media &&
      !proves_media(facts_.sniffed(), facts_.facts.content_type)) {
    // It says media and is not: judge it by what it is.
    facts_.facts.content_type = {};
    ruling = decide(Stage::response);
  }
  if (ruling.action == Action::block) {
    origin->reset();
    co_return co_await refuse(policy_refusal(ruling));
  }
  const Profile& profile = *ruling.profile;
  const bool whole_needed =
      profile.delivery == Delivery::hold || profile.delivery == Delivery::trickle;
  if (head.status == 206 && whole_needed) co_return co_await refetch_whole(origin);
  switch (profile.delivery) {
    case Delivery::direct: co_return co_await deliver_plain(*origin, onward, first);
    case Delivery::stream:
      // A player that seeks needs its part, which is cut from what the spool holds.
      if (range_ && !keep_range_ && range_->first.value_or(1) > 0 && !facts_.facts.endless) break;
      co_return co_await deliver_streamed(*origin, onward, first, profile);
    case Delivery::trickle:
    case Delivery::hold: break;
  }
  co_return co_await deliver_inspected(*origin, onward, first, profile);
}

// A part of a whole that was never seen cannot be inspected: fetch the whole, cut the range from
// it.
Co<Result<void>> Transaction::refetch_whole(OriginPtr& origin) {
  if (!keep_range_) {  // an origin that answers 206 to a request without Range
    origin->reset();
    co_return co_await give_up(
        Error{Errc::malformed, Fault::origin, false, "206 without a range request"});
  }
  client_.on_gone({});
  origin->reset();
  origin.reset();
  keep_range_ = false;
  auto again = co_await open_origin(false);
  if (!again) co_return co_await give_up(again.error());
  origin = std::move(*again);
  client_.on_gone([stream = origin.get()] { stream->reset(); });
  std::optional<Child> no_body;  // range_ is set only for requests without one
  auto head = co_await ask(*origin, no_body);
  if (!head) co_return co_await give_up(head.error());
  if (head->status == 206) {
    co_return co_await give_up(
        Error{Errc::malformed, Fault::origin, false, "206 without a range request"});
  }
  co_return co_await deliver(origin, std::move(*head));
}

// A site that never gave a program before and gives one now may be in other hands.
void Transaction::note_type(FileType type, int status) {
  facts_.set_sniffed(type);
  if (status != 200) return;
  if (svc_.shared.names.new_kind_of_file(url_.host, type, record_.start)) {
    facts_.add_site("new-kind-of-file");
    record_.name.site.emplace_back("new-kind-of-file");
  }
}

Co<Result<void>> Transaction::deliver_plain(OriginStream& origin, const ResponseHead& head,
                                            BodyPiece first) {
  record_.delivery = record_.delivery.empty() ? "direct" : record_.delivery;
  record_.status = head.status;
  answered_ = true;
  if (auto sent = co_await client_.send_head(head); !sent) co_return sent;
  if (first && first->empty()) {  // nothing is here yet: the head must not wait for it
    if (auto flushed = co_await client_.flush(); !flushed) co_return flushed;
  }
  co_return co_await pump(origin, first);
}

// Moves what is left of the body, unseen.
Co<Result<void>> Transaction::pump(OriginStream& origin, BodyPiece piece) {
  while (piece) {
    record_.bytes_origin += piece->size();
    if (!piece->empty()) {
      if (auto sent = co_await client_.send_body(*piece); !sent) {
        origin.reset();
        co_return sent;
      }
    }
    auto next = co_await origin.read_body(idle_limit());
    if (!next) {
      client_.reset();
      co_return pass(std::move(next));
    }
    piece = *next;
  }
  co_return co_await client_.send_end(origin.response_trailers());
}

// Inspected while flowing: each piece is digested, and the last one leaves only when the digest is
// not on a hash list. Endless bodies have no last piece to keep.
Co<Result<void>> Transaction::deliver_streamed(OriginStream& origin, const ResponseHead& head,
                                               BodyPiece first, const Profile& profile) {
  record_.delivery = "stream";
  if (facts_.facts.endless || !profile.scanners.has(Scanner::hash)) {
    co_return co_await deliver_plain(origin, head, first);
  }
  record_.status = head.status;
  answered_ = true;
  if (auto sent = co_await client_.send_head(head); !sent) co_return sent;
  FlowingDigest digest(svc_.shared.inspector.wants_old_digests());
  std::string kept(first ? as_text(*first) : std::string_view{});
  while (first) {
    auto next = co_await origin.read_body(idle_limit());
    if (!next) {
      client_.reset();
      co_return pass(std::move(next));
    }
    digest.update(as_bytes(kept));
    record_.bytes_origin += kept.size();
    if (!*next) break;
    if (auto sent = co_await client_.send_body(as_bytes(kept)); !sent) {
      origin.reset();
      co_return sent;
    }
    kept.assign(as_text(**next));
  }
  ScanSubject subject = digest.finish();
  record_.sha256 = subject.sha256;
  record_.file_size = record_.bytes_origin;
  ScannerSet hash_only;
  hash_only.add(Scanner::hash);
  Profile by_hash = profile;
  by_hash.scanners = hash_only;
  ScanTimes times;
  const Assessment found = co_await svc_.shared.inspector.assess(subject, by_hash, times);
  facts_.set_verdict(found, record_.sha256);
  record_.verdict = found.verdict();
  record_.findings = found.findings();
  record_.tree = found.tree;
  record_.score = found.score();
  const Decision ruling = decide(Stage::verdict);
  if (!releases(ruling.action)) {
    record_.action = "block";
    client_.reset();
    co_return Result<void>{};
  }
  if (!kept.empty()) {
    if (auto sent = co_await client_.send_body(as_bytes(kept)); !sent) co_return sent;
  }
  co_return co_await client_.send_end(origin.response_trailers());
}

Co<Result<void>> Transaction::deliver_inspected(OriginStream& origin, const ResponseHead& head,
                                                BodyPiece first, const Profile& profile) {
  const std::string coding = head.fields.joined("content-encoding");
  auto opened = svc_.shared.spools.open_intake(profile, coding, facts_.facts.size,
                                               svc_.shared.inspector.wants_old_digests());
  if (!opened) {
    origin.reset();
    co_return co_await give_up(opened.error());
  }
  Intake& intake = **opened;
  if (policy_->asks_sandboxes()) intake.keep_body();
  const bool trickle =
      profile.delivery == Delivery::trickle && client_.can_show_truncation() && !range_;
  DeliveryGate gate(
      trickle ? Delivery::trickle : Delivery::hold, head, client_, intake.raw(), svc_.loop,
      if_range_holds(client_.request().fields.get("if-range"), head.fields) ? range_
                                                                            : std::nullopt);
  record_.delivery = trickle ? "trickle" : "hold";

  if (auto taken = co_await take_in(origin, intake, gate, first); !taken) {
    origin.reset();
    co_return co_await give_up(taken.error());
  }
  auto artifact = co_await intake.finish();
  if (!artifact) co_return co_await give_up(artifact.error());
  Decision ruling = co_await judge(*artifact, profile);
  if (ruling.action == Action::hold) {
    quarantine(*artifact, QuarantineState::held);
    const bool page = !gate.started() && is_navigation(client_.request()) && !intake.full();
    const std::string id =
        page ? hold_at_portal(std::move(*opened), std::move(*artifact), head, profile) : "";
    if (!id.empty()) co_return co_await show_progress(id);
    held_back_ = page;
    if (page) co_return co_await withhold(origin, gate, head, held_.asked);
    ruling = co_await wait_for_sandbox();
  }
  if (!releases(ruling.action)) {
    quarantine(*artifact, QuarantineState::blocked);
    if (ruling.action == Action::unlock && !gate.started()) {
      unlock_url_ = keep_locked(ruling, std::move(*opened), std::move(*artifact), head, profile);
    }
    co_return co_await withhold(origin, gate, head, ruling);
  }
  svc_.shared.blocked.forget(facts_.url_text());
  answered_ = true;
  if (intake.full()) {  // allowed although too large to be inspected: the rest follows unseen
    record_.status = head.status;
    if (auto begun = co_await gate.release_part(); !begun) co_return begun;
    co_return co_await pump(origin, ByteView{});
  }
  auto released = co_await gate.release(origin.response_trailers());
  record_.status = gate.status();
  co_return released;
}

// Origin to spool; what may leave leaves. Ends when the body is complete (not merely closed), or
// over max_bytes: that is a finding, and policy decides.
Co<Result<void>> Transaction::take_in(OriginStream& origin, Intake& intake, DeliveryGate& gate,
                                      BodyPiece piece) {
  while (piece && !intake.full()) {
    record_.bytes_origin += piece->size();
    auto kept = co_await intake.feed(*piece);
    if (kept) kept = co_await gate.advance();
    answered_ = gate.started();
    if (!kept) co_return kept;
    if (intake.full()) break;
    auto next = co_await origin.read_body(svc_.shared.settings.timeouts.origin_body);
    if (!next) co_return pass(std::move(next));
    piece = *next;
  }
  co_return Result<void>{};
}

// What the scanners say, and what policy makes of it.
Co<Decision> Transaction::judge(Artifact& artifact, const Profile& profile) {
  facts_.set_sniffed(artifact.type);
  facts_.facts.size = artifact.subject.size;
  record_.file_type = facts_.facts.file_type;
  record_.file_size = artifact.subject.size;
  record_.sha256 = artifact.subject.sha256;
  artifact.subject.name = facts_.name();

  Assessment found = co_await assess(artifact, profile, {});
  if (policy_->unlock().page_words) {
    svc_.shared.page_words.remember(owner(), url_, std::move(found.page_words));
  }
  Decision ruling = rule_on(found);
  if (asks_for_password(ruling, found)) ruling = co_await unlock(artifact, profile, ruling, found);
  if (!releases(ruling.action)) co_return ruling;
  co_return co_await consult_sandbox(artifact, std::move(found), ruling);
}

Co<Assessment> Transaction::assess(const Artifact& artifact, const Profile& profile,
                                   std::vector<std::string> passwords) {
  ScanSubject subject = artifact.subject;
  subject.passwords = std::move(passwords);
  ScanTimes times;
  Assessment found = co_await svc_.shared.inspector.assess(std::move(subject), profile, times);
  for (const Finding& finding : artifact.findings) found.add(finding);
  add_known_bad(svc_.shared.sandbox, artifact.subject.sha256, found);
  record_.queued += times.queued;
  record_.scan += times.scanned;
  record_.from_cache = times.from_cache;
  record_.scanned = true;
  co_return found;
}

Decision Transaction::rule_on(const Assessment& found) {
  record_.verdict = found.verdict();
  record_.findings = found.findings();
  record_.tree = found.tree;
  record_.score = found.score();
  record_.artifacts = found.artifacts;
  facts_.set_verdict(found, record_.sha256);
  record_.reason = facts_.facts.reason;
  return decide(Stage::verdict);
}

// A locked file that may be unlocked: with what is known, before anybody is asked. What opens
// nothing changes nothing.
Co<Decision> Transaction::unlock(Artifact& artifact, Profile profile, Decision locked,
                                 Assessment& found) {
  const UnlockRules& rules = policy_->unlock();
  page_words_ = svc_.shared.page_words.find(owner(), client_.request().fields.get("referer"));
  if (!rules.page_words) page_words_.clear();
  profile.scan_timeout = rules.try_time;
  lock_ = lock_of(found);
  for (const bool with_page : {false, true}) {
    const auto& source = with_page ? page_words_ : rules.passwords;
    if (source.empty()) continue;
    auto words = with_page ? passwords_to_try(page_words_, rules.passwords, {})
                           : passwords_to_try(rules.passwords, {}, {});
    Assessment inside = co_await assess(artifact, profile, words);
    if (!opened_something(inside)) continue;
    artifact.subject.passwords = std::move(words);  // for who wants what is inside
    const Decision ruling = rule_on(inside);
    record_.unlock.opened_by = with_page ? "page" : "list";
    found = std::move(inside);
    if (!asks_for_password(ruling, found)) co_return ruling;
    lock_ = lock_of(found);
    locked = ruling;
  }
  co_return locked;
}

// What no scanner condemns and policy would let go may have to be run first. The action hold comes
// back when its answer is awaited.
Co<Decision> Transaction::consult_sandbox(const Artifact& artifact, Assessment found,
                                          Decision ruling) {
  const Decision asked = policy_->decide(Stage::sandbox, facts_.facts);
  if (asked.action == Action::off) co_return ruling;
  record_.stages.push_back({std::string(stage_name(Stage::sandbox)),
                            std::string(action_name(asked.action)), std::string(asked.rule)});
  record_.sandbox.asked = action_name(asked.action);
  record_.sandbox.rule = asked.rule;
  held_ = {.under_way = nullptr,
           .found = std::move(found),
           .asked = asked,
           .before = ruling,
           .policy = policy_,
           .until = svc_.shared.clock.steady() + policy_->holding().hold_timeout};
  // Of what was not taken in whole, or not decoded, a sandbox would judge something else.
  if (!artifact.subject.body || !artifact.findings.empty()) {
    co_return heed_sandbox(no_answer(Reason::too_large, "only a part of it is known"));
  }
  const bool waits = asked.action == Action::hold;
  SandboxAnswer answer = co_await ask_sandboxes(
      svc_.shared.sandbox, svc_.shared.inspector,
      question_about(artifact, facts_.name(), record_.url, held_.found, policy_->holding(), waits));
  if (answer.standing == SandboxAnswer::Standing::known) co_return heed_sandbox(answer.verdict);
  if (const auto never = why_not(answer)) co_return heed_sandbox(*never);
  if (!waits) co_return ruling;  // followed up when the verdict comes
  held_.under_way = std::move(answer.under_way);
  co_return asked;
}

// For a client without a page. Programs that understand it hear now and then that it takes time.
Co<Decision> Transaction::wait_for_sandbox() {
  const SteadyTime began = svc_.shared.clock.steady();
  const Duration sign = policy_->holding().sign_of_life;
  const bool signs =
      sign > Duration::zero() && !answered_ && understands_processing(client_.request());
  bool gone = false;
  for (bool done = false; !done && !gone;) {
    const SteadyTime now = svc_.shared.clock.steady();
    if (now >= held_.until || svc_.shared.draining.load(std::memory_order_relaxed)) break;
    const auto wakeup = std::make_shared<Wakeup>();
    client_.on_gone([wakeup] { wakeup->notify(); });
    gone = client_.gone();
    if (gone) break;
    const Duration most = held_.until - now;
    done = co_await held_.under_way->wait(
        wakeup, std::min<Duration>(most, signs ? sign : std::chrono::seconds(5)));
    gone = client_.gone();
    if (done || gone || !signs) continue;
    ResponseHead processing;
    processing.status = 102;
    gone = !co_await client_.send_informational(processing);
  }
  client_.on_gone({});
  record_.sandbox.waited = svc_.shared.clock.steady() - began;
  const auto said = held_.under_way->verdict();
  co_return heed_sandbox(said ? *said : no_answer(Reason::timeout, "the sandbox is not done"));
}

Decision Transaction::heed_sandbox(const SandboxVerdict& said) {
  note_sandbox(record_.sandbox, said);
  Decision ruling = rule_with_sandbox(*policy_, facts_, held_.found, record_.sha256, held_, said);
  record_.verdict = held_.found.verdict();
  record_.findings = held_.found.findings();
  record_.reason = facts_.facts.reason;
  record_.rule = ruling.rule;
  record_.stages.push_back({std::string(stage_name(Stage::verdict)),
                            std::string(action_name(ruling.action)), std::string(ruling.rule)});
  if (ruling.action == Action::coach) heed_warning(ruling);
  if (ruling.action == Action::alert) record_.action = "alert";
  held_back_ = !releases(ruling.action) && said.verdict == Verdict::uninspectable;
  return ruling;
}

// The file waits at the portal for its verdict; "" when there is no room for it.
std::string Transaction::hold_at_portal(std::unique_ptr<Intake> intake, Artifact artifact,
                                        const ResponseHead& head, const Profile& profile) {
  record_.sandbox.page = true;
  KeptFiles& held = svc_.shared.held;
  // Whoever asks again while it waits comes back to the same page.
  std::string id = held.find_same(owner(), url_.text(), record_.sha256);
  if (!id.empty()) return id;
  KeptFile file = file_to_keep(std::move(intake), std::move(artifact), head, profile);
  file.rule = held_.asked.rule;
  file.held = held_;
  return held.keep(std::move(file), policy_->holding().hold_timeout + policy_->holding().keep);
}

Co<Result<void>> Transaction::show_progress(const std::string& id) {
  record_.action = "hold";
  record_.rule = held_.asked.rule;
  record_.status = 303;
  answered_ = true;
  const Page page = redirect_to(wait_url(svc_.shared.settings.portal, id));
  if (auto sent = co_await client_.send_head(page.head); !sent) co_return sent;
  co_return co_await client_.send_end({});
}

// The file waits for its password at the portal; "" when there is no room for it.
std::string Transaction::keep_locked(const Decision& ruling, std::unique_ptr<Intake> intake,
                                     Artifact artifact, const ResponseHead& head,
                                     const Profile& profile) {
  if (policy_->unlock().tries == 0 || lock_.format.empty() || intake->full()) return {};
  KeptFile file = file_to_keep(std::move(intake), std::move(artifact), head, profile);
  file.rule = ruling.rule;
  file.format = lock_.format;
  file.page_words = page_words_;
  const std::string id = svc_.shared.kept.keep(std::move(file), policy_->unlock().keep);
  if (id.empty()) return {};
  record_.unlock.offered = true;
  return unlock_url(svc_.shared.settings.portal, id);
}

KeptFile Transaction::file_to_keep(std::unique_ptr<Intake> intake, Artifact artifact,
                                   const ResponseHead& head, const Profile& profile) const {
  // Of the request what policy asks for, and no credentials.
  RequestHead request;
  request.method = client_.request().method;
  request.path = client_.request().path;
  request.fields.add("user-agent", record_.user_agent);
  return {.owner = owner(),
          .event_id = record_.id,
          .rule = {},
          .format = {},
          .url = url_,
          .request = std::move(request),
          .response = head,
          .intake = std::move(intake),
          .artifact = std::move(artifact),
          .profile = profile,
          .name = facts_.name(),
          .sha256 = record_.sha256,
          .page_words = {},
          .held = {}};
}

// For an administrator, where the settings say so.
void Transaction::quarantine(const Artifact& artifact, QuarantineState state) const {
  FollowUp* follow_up = svc_.shared.follow_up;
  if (follow_up == nullptr || follow_up->quarantine() == nullptr) return;
  follow_up->quarantine()->keep(state, artifact.subject, record_);
}

// Blocked: a page where nothing has left, else a transfer that visibly breaks off. Remembered, so
// that a range request does not get the rest.
Co<Result<void>> Transaction::withhold(OriginStream& origin, DeliveryGate& gate,
                                       const ResponseHead& head, const Decision& ruling) {
  if (!held_back_)
    svc_.shared.blocked.remember(
        facts_.url_text(),
        {std::string(head.fields.get("etag")), std::string(head.fields.get("last-modified")),
         record_.verdict, record_.reason, std::string(facts_.facts.threat), record_.rule});
  origin.reset();
  if (!gate.started()) co_return co_await refuse(verdict_refusal(ruling));
  record_.action = "block";
  record_.status = gate.status();
  client_.reset();
  co_return Result<void>{};
}

// After an upgrade both directions are bytes; each ends on its own.
Co<Result<void>> Transaction::relay_upgraded(OriginStream& origin, ResponseHead head) {
  record_.status = head.status;
  record_.delivery = "direct";
  answered_ = true;
  auto upgraded = upgraded_response(client_.request(), std::move(head), websocket_key_);
  if (!upgraded) {
    answered_ = false;
    origin.reset();
    co_return co_await give_up(upgraded.error());
  }
  const ResponseHead& onward = *upgraded;
  if (auto sent = co_await client_.send_head(onward); !sent) co_return sent;
  if (auto flushed = co_await client_.flush(); !flushed) co_return flushed;
  upload_go_.emplace(svc_.loop);
  upload_may_start_ = true;
  Child towards_origin(svc_.loop, upload(origin));
  Result<void> outcome;
  for (;;) {
    auto piece = co_await origin.read_body(svc_.shared.settings.timeouts.stream_idle);
    if (!piece) {
      outcome = pass(std::move(piece));
      break;
    }
    if (!*piece) {
      outcome = co_await client_.send_end({});
      break;
    }
    record_.bytes_origin += (*piece)->size();
    if (auto sent = co_await client_.send_body(**piece); !sent) {
      outcome = std::move(sent);
      break;
    }
  }
  if (!outcome) {
    client_.reset();
    origin.reset();
  }
  (void)co_await towards_origin.join();
  co_return outcome;
}

// ---- 4. the end -----------------------------------------------------------------------------

Co<Result<void>> Transaction::answer_at_portal() {
  answered_ = true;
  auto outcome = co_await serve_portal(client_, context_, url_, policy_, svc_, record_);
  if (!outcome) client_.reset();
  co_return outcome;
}

Co<Result<void>> Transaction::refuse(Refusal refusal) {
  refusal.event_id = record_.id;
  refusal.url = record_.url;
  if (refusal.rule.empty()) refusal.rule = record_.rule;
  if (refusal.kind != RefusalKind::authentication) record_.action = refusal.action;
  record_.status = refusal.status;
  record_.verdict = join(record_.verdict, refusal.verdict);  // remembered ones were not judged now
  if (record_.reason == Reason::none) record_.reason = refusal.reason;
  if (!refusal.rule.empty()) record_.rule = refusal.rule;
  const RequestHead& request = client_.request();
  Page page = render_refusal(refusal, request.fields.get("accept"),
                             request.fields.get("accept-language"), svc_.shared.settings.notice);
  answered_ = true;
  if (auto sent = co_await client_.send_head(page.head); !sent) co_return sent;
  if (request.method != "HEAD") {
    if (auto sent = co_await client_.send_body(as_bytes(page.body)); !sent) co_return sent;
  }
  co_return co_await client_.send_end({});
}

// An error before anything left gets a page; later the client must see a broken transfer.
Co<Result<void>> Transaction::give_up(const Error& error) {
  record_.error = error.what;
  record_.error_code = errc_name(error.code);
  record_.error_fault = fault_name(error.fault);
  record_.action = "error";
  if (answered_ || client_.gone()) {
    client_.reset();
    co_return std::unexpected(error);
  }
  Refusal refusal = refusal_for(error);
  co_return co_await refuse(std::move(refusal));
}

void Transaction::submit(const Result<void>& outcome) {
  if (!outcome && record_.error.empty()) {
    record_.error = outcome.error().what;
    record_.error_code = errc_name(outcome.error().code);
    record_.error_fault = fault_name(outcome.error().fault);
    if (record_.action != "block") record_.action = "error";
  }
  record_.bytes_in = client_.bytes_in();
  record_.bytes_out = client_.bytes_out();
  record_.total = svc_.shared.clock.steady() - began_;
  svc_.shared.counters.count(record_);
  svc_.shared.events.submit(std::move(record_));
}

Refusal Transaction::policy_refusal(const Decision& ruling) {
  Refusal refusal{.kind = RefusalKind::policy, .status = 403};
  if (ruling.stage == Stage::request) refusal.detail = listing_text(record_.reputation);
  if (refusal.detail.empty()) refusal.detail = record_.name.why;
  refusal.rule = ruling.rule;
  refusal.rule_words = ruling.reason;
  if (ruling.action != Action::coach) return refusal;
  refusal.kind = RefusalKind::warning;
  refusal.coach_url = warn(ruling);
  refusal.action = "coach";
  return refusal;
}

// Where the person can go on; "" when nobody can be asked just now, and then it is a block.
std::string Transaction::warn(const Decision& ruling) {
  Warning warning{.owner = owner(),
                  .host = url_.host,
                  .url = record_.url,
                  .rule = std::string(ruling.rule),
                  .words = std::string(ruling.reason),
                  .detail = listing_text(record_.reputation),
                  .event_id = record_.id};
  if (warning.detail.empty()) warning.detail = record_.name.why;
  if (warning.detail.empty()) warning.detail = facts_.facts.threat;
  const std::string id = svc_.shared.coach.warn(std::move(warning));
  if (id.empty()) return {};
  record_.coach.offered = true;
  return coach_url(svc_.shared.settings.portal, id);
}

Refusal Transaction::verdict_refusal(const Decision& ruling) {
  Refusal refusal = policy_refusal(ruling);
  const bool warned = refusal.kind == RefusalKind::warning;
  if (!warned && record_.verdict == Verdict::malicious) refusal.kind = RefusalKind::malicious;
  if (!warned && record_.verdict == Verdict::uninspectable) {
    refusal.kind = RefusalKind::uninspectable;
  }
  refusal.verdict = record_.verdict;
  refusal.reason = record_.reason;
  refusal.threat = facts_.facts.threat;
  if (held_back_) {
    refusal.kind = RefusalKind::held;
    refusal.status = 503;
    refusal.retry_after_seconds = kTryAgainSeconds;
    refusal.detail = record_.sandbox.title;
  }
  refusal.unlock_url = unlock_url_;
  if (!unlock_url_.empty()) refusal.action = "unlock";
  return refusal;
}

Duration Transaction::idle_limit() const {
  const TimeoutSettings& timeouts = svc_.shared.settings.timeouts;
  return facts_.facts.endless ? timeouts.stream_idle : timeouts.origin_body;
}

}  // namespace

Co<void> run_transaction(ClientStream& client, const ClientContext& context, LoopServices& svc) {
  Transaction transaction(client, context, svc);
  co_await transaction.run();
}

}  // namespace weir
