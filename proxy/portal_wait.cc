#include "proxy/portal_wait.h"

#include <algorithm>

#include "proxy/follow_up.h"
#include "proxy/portal_answer.h"
#include "proxy/transaction_facts.h"
#include "proxy/wait_page.h"

namespace weir {
namespace {

using Phase = KeptState::Phase;

// Between two lines of the stream, so that the page shows that something goes on.
constexpr Duration kTick = std::chrono::seconds(2);

class WaitSite {
 public:
  WaitSite(ClientStream& client, const ClientContext& context, LoopServices& svc,
           TransactionRecord& record)
      : client_(client),
        context_(context),
        svc_(svc),
        record_(record),
        owner_{context.client.address, context.user},
        answer_(client, svc, record) {}

  Co<Result<void>> serve(std::string_view path);

 private:
  Co<Result<void>> show(const std::string& id);
  Co<Result<void>> stream(const std::string& id);
  Co<Result<void>> send_file(const std::string& id);
  std::optional<KeptFiles::View> settle(const std::string& id);
  KeptState rule_on(const KeptFile& file, KeptState state, const SandboxVerdict& said);
  void note_file(const KeptFile& file, const KeptState& state);
  Co<Result<void>> say(std::string_view text);
  std::string_view language() const { return client_.request().fields.get("accept-language"); }
  Duration elapsed(const KeptFiles::View& view) const {
    return svc_.shared.clock.steady() - view.under_way->since();
  }

  ClientStream& client_;
  const ClientContext& context_;
  LoopServices& svc_;
  TransactionRecord& record_;
  const FileOwner owner_;
  PortalAnswer answer_;
};

Co<Result<void>> WaitSite::serve(std::string_view path) {
  const std::string& method = client_.request().method;
  if (method != "GET" && method != "HEAD") {
    co_return co_await answer_.notice(PortalNotice::bad_method);
  }
  const auto slash = path.find('/');
  const std::string id(path.substr(0, slash));
  if (!settle(id)) co_return co_await answer_.notice(PortalNotice::unknown);
  if (slash == std::string_view::npos) co_return co_await show(id);
  const std::string_view what = path.substr(slash);
  if (what == "/events") co_return co_await stream(id);
  if (what == "/file") co_return co_await send_file(id);
  co_return co_await answer_.notice(PortalNotice::unknown);
}

// What is known of the file now. The first who looks after the sandbox has answered, or the time is
// over, makes policy decide.
std::optional<KeptFiles::View> WaitSite::settle(const std::string& id) {
  auto view = svc_.shared.held.look(id, owner_);
  if (!view || view->state.phase != Phase::waiting) return view;
  auto said = view->under_way->verdict();
  if (!said && svc_.shared.clock.steady() < view->until) return view;
  if (!said) said = no_answer(Reason::timeout, "the sandbox is not done");
  auto turn = svc_.shared.held.take(id, owner_);
  if (!turn) return view;  // somebody else is at it
  turn.set_state(rule_on(turn.file(), turn.state(), *said));
  view->state = turn.state();
  return view;
}

KeptState WaitSite::rule_on(const KeptFile& file, KeptState state, const SandboxVerdict& said) {
  const Policy& policy = *file.held->policy;
  TransactionFacts facts;
  facts.set_client(context_, policy, record_.start);
  facts.set_request(file.request, file.url, policy, *svc_.index);
  facts.set_names(svc_.shared.names.ask({file.url.host, file.url.path_and_query, {}, true},
                                        record_.start, false));
  facts.set_response(file.response, file.request);
  facts.set_sniffed(file.artifact.type);
  facts.facts.size = file.artifact.subject.size;
  Assessment found = file.held->found;
  facts.set_verdict(found, file.sha256);
  const Decision ruling = rule_with_sandbox(policy, facts, found, file.sha256, *file.held, said);
  const bool goes = releases(ruling.action);
  state.phase = goes ? Phase::opened : Phase::refused;
  state.verdict = found.verdict();
  state.reason = facts.facts.reason;
  state.rule = ruling.rule;
  state.rule_words = ruling.reason;
  if (!goes) state.threat = facts.facts.threat;

  note_file(file, state);
  note_sandbox(record_.sandbox, said);
  record_.sandbox.waited = svc_.shared.clock.steady() - file.held->under_way->since();
  record_.findings = found.findings();
  record_.score = found.score();
  record_.action = goes ? action_name(ruling.action) : "block";
  FollowUp* follow_up = svc_.shared.follow_up;
  if (!goes && follow_up != nullptr && follow_up->quarantine() != nullptr) {
    follow_up->quarantine()->keep(QuarantineState::blocked, file.artifact.subject, record_);
  }
  record_.stages.push_back(
      {"verdict", std::string(action_name(ruling.action)), std::string(ruling.rule)});
  return state;
}

void WaitSite::note_file(const KeptFile& file, const KeptState& state) {
  record_.file_name = file.name;
  record_.file_type = file_type_name(file.artifact.type);
  record_.file_size = file.artifact.subject.size;
  record_.sha256 = file.sha256;
  record_.tree = file.held->found.tree;
  record_.verdict = state.verdict;
  record_.reason = state.reason;
  record_.rule = state.rule;
  record_.sandbox.asked = "hold";
  record_.sandbox.rule = file.rule;
  record_.sandbox.held_by = file.event_id;
  record_.sandbox.url = file.url.text();
}

Co<Result<void>> WaitSite::show(const std::string& id) {
  auto view = svc_.shared.held.look(id, owner_);
  if (!view) co_return co_await answer_.notice(PortalNotice::unknown);
  const Duration so_far = elapsed(*view);
  co_return co_await answer_.send(
      render_wait({id, std::move(*view), so_far}, language(), svc_.shared.settings.notice));
}

Co<Result<void>> WaitSite::say(std::string_view text) {
  if (auto sent = co_await client_.send_body(as_bytes(text)); !sent) co_return sent;
  co_return co_await client_.flush();
}

// Server-sent events (HTML Standard 9.2): a line every two seconds, and "done" at the end. One
// transaction however long it takes.
Co<Result<void>> WaitSite::stream(const std::string& id) {
  ResponseHead head;
  head.status = 200;
  head.fields.add("content-type", "text/event-stream");
  head.fields.add("cache-control", "no-store");
  head.fields.add("x-content-type-options", "nosniff");
  head.framing = {Framing::Kind::until_close, 0};
  record_.status = 200;
  if (auto sent = co_await client_.send_head(head); !sent) co_return sent;
  if (client_.request().method == "HEAD") co_return co_await client_.send_end({});
  if (auto sent = co_await say("retry: 3000\n\n"); !sent) co_return sent;
  while (!svc_.shared.draining.load(std::memory_order_relaxed) && !client_.gone()) {
    const auto view = settle(id);
    if (!view || view->state.phase != Phase::waiting) {
      if (auto sent = co_await say("event: done\ndata: .\n\n"); !sent) co_return sent;
      break;
    }
    const std::string text = wait_text(elapsed(*view), view->under_way->usual(), language());
    if (auto sent = co_await say("data: " + text + "\n\n"); !sent) co_return sent;
    const Duration left = view->until - svc_.shared.clock.steady();
    const auto wakeup = std::make_shared<Wakeup>();
    client_.on_gone([wakeup] { wakeup->notify(); });
    (void)co_await view->under_way->wait(wakeup, std::clamp<Duration>(left, Duration{}, kTick));
    client_.on_gone({});
  }
  co_return co_await client_.send_end({});
}

Co<Result<void>> WaitSite::send_file(const std::string& id) {
  auto turn = svc_.shared.held.take(id, owner_);
  if (!turn) co_return co_await answer_.notice(PortalNotice::busy);
  const KeptState state = turn.state();
  if (state.phase != Phase::opened) co_return co_await show(id);
  note_file(turn.file(), state);
  co_return co_await answer_.send_kept(turn.file());
}

}  // namespace

Co<Result<void>> serve_wait(ClientStream& client, const ClientContext& context,
                            std::string_view path, LoopServices& svc, TransactionRecord& record) {
  WaitSite site(client, context, svc, record);
  co_return co_await site.serve(path);
}

}  // namespace weir
