#include "proxy/portal.h"

#include <algorithm>
#include <utility>

#include "proxy/coach_page.h"
#include "proxy/forwarding.h"
#include "proxy/http/form.h"
#include "proxy/portal_answer.h"
#include "proxy/portal_judge.h"
#include "proxy/portal_wait.h"
#include "proxy/unlock.h"

namespace weir {
namespace {

constexpr std::size_t kMostForm = 8 * 1024;
constexpr std::size_t kMostDiscarded = 1024 * 1024;  // so that the answer is read, not a reset
constexpr std::string_view kUnlock = "/unlock/";
constexpr std::string_view kFile = "/file";
constexpr std::string_view kCoach = "/coach/";
constexpr std::string_view kWait = "/wait/";

// As it is, and without the blanks that come along when it is copied from a mail.
void add_password(std::vector<std::string>& into, const std::string& given) {
  if (given.empty()) return;
  into.push_back(given);
  const std::string bare(trim(given));
  if (!bare.empty() && bare != given) into.push_back(bare);
}

class Portal {
 public:
  Portal(ClientStream& client, const ClientContext& context, std::shared_ptr<const Policy> policy,
         LoopServices& svc, TransactionRecord& record)
      : client_(client),
        context_(context),
        policy_(std::move(policy)),
        svc_(svc),
        record_(record),
        owner_{context.client.address, context.user},
        answer_(client, svc, record) {}

  Co<Result<void>> serve(std::string_view path);

 private:
  Co<Result<void>> show(const std::string& id);
  Co<Result<void>> try_password(const std::string& id);
  Co<Result<void>> send_file(const std::string& id);
  Co<Result<void>> coach(const std::string& id);
  Co<Result<void>> go_on(const std::string& id, Warning warning);
  Co<Result<std::string>> read_form();
  bool from_this_site() const;
  std::vector<std::string> passwords_of(const std::vector<FormField>& fields,
                                        const KeptFile& file) const;
  std::string hold(KeptFiles::Turn turn, HeldFor held);

  ClientStream& client_;
  const ClientContext& context_;
  const std::shared_ptr<const Policy> policy_;
  LoopServices& svc_;
  TransactionRecord& record_;
  FileOwner owner_;
  PortalAnswer answer_;
};

Co<Result<void>> Portal::serve(std::string_view path) {
  record_.rule = "portal";
  const std::string& method = client_.request().method;
  path = path.substr(0, path.find('?'));
  if (path == "/") co_return co_await answer_.notice(PortalNotice::home);
  if (path.starts_with(kCoach)) co_return co_await coach(std::string(path.substr(kCoach.size())));
  if (path.starts_with(kWait)) {
    co_return co_await serve_wait(client_, context_, path.substr(kWait.size()), svc_, record_);
  }
  if (!path.starts_with(kUnlock)) co_return co_await answer_.notice(PortalNotice::unknown);
  path.remove_prefix(kUnlock.size());
  const bool file = path.ends_with(kFile);
  if (file) path.remove_suffix(kFile.size());
  const std::string id(path);
  if (method == "POST" && !file) co_return co_await try_password(id);
  if (method == "GET" && file) co_return co_await send_file(id);
  if ((method == "GET" || method == "HEAD") && !file) co_return co_await show(id);
  co_return co_await answer_.notice(PortalNotice::bad_method);
}

Co<Result<void>> Portal::show(const std::string& id) {
  auto view = svc_.shared.kept.look(id, owner_);
  if (!view) co_return co_await answer_.notice(PortalNotice::unknown);
  const unsigned most = policy_->unlock().tries;
  const unsigned left = most - std::min(most, view->state.tries);
  const std::string_view language = client_.request().fields.get("accept-language");
  co_return co_await answer_.send(
      render_unlock({id, std::move(*view), left}, language, svc_.shared.settings.notice));
}

// A form of ours, sent by our own page: other sites can neither read its token nor hide that they
// are others (Fetch Standard: Origin; Fetch Metadata: Sec-Fetch-Site).
bool Portal::from_this_site() const {
  const Fields& fields = client_.request().fields;
  const std::string_view origin = fields.get("origin");
  const std::string_view site = fields.get("sec-fetch-site");
  return (origin.empty() || origin == "https://" + svc_.shared.settings.portal.host) &&
         (site.empty() || site == "same-origin");
}

// The whole body; of one that is no form of ours only a little more than such a form has.
Co<Result<std::string>> Portal::read_form() {
  std::string body;
  std::size_t read = 0;
  for (;;) {
    auto piece = co_await client_.read_body();
    if (!piece) co_return pass(std::move(piece));
    if (!*piece) co_return body;
    body.append(as_text(**piece), 0, kMostForm + 1 - std::min(body.size(), kMostForm + 1));
    read += (*piece)->size();
    if (read > kMostDiscarded) {
      co_return fail(Errc::too_large, Fault::client, "a form that does not end");
    }
  }
}

std::vector<std::string> Portal::passwords_of(const std::vector<FormField>& fields,
                                              const KeptFile& file) const {
  std::vector<std::string> given;
  for (const FormField& field : fields) {
    if (field.name == "password") add_password(given, field.value);
  }
  return passwords_to_try(given, policy_->unlock().passwords, file.page_words);
}

Co<Result<void>> Portal::try_password(const std::string& id) {
  const auto body = co_await read_form();
  if (!body) co_return std::unexpected(body.error());
  if (body->size() > kMostForm || media_type(client_.request().fields.get("content-type")) !=
                                      "application/x-www-form-urlencoded") {
    co_return co_await answer_.notice(PortalNotice::bad_form);
  }
  const auto fields = parse_form(*body);
  if (!svc_.shared.kept.look(id, owner_)) co_return co_await answer_.notice(PortalNotice::unknown);
  auto turn = svc_.shared.kept.take(id, owner_);
  if (!turn) co_return co_await answer_.notice(PortalNotice::busy);
  KeptState state = turn.state();
  const auto token = std::ranges::find(fields, "form", &FormField::name);
  const bool ours = from_this_site() && token != fields.end() && token->value == state.form_token;
  if (!ours) co_return co_await answer_.notice(PortalNotice::stale);
  const bool over =
      state.phase == KeptState::Phase::opened || state.phase == KeptState::Phase::refused;
  if (!over && state.tries < policy_->unlock().tries) {
    if (!svc_.shared.kept.may_try(owner_.client))
      co_return co_await answer_.notice(PortalNotice::too_fast);
    ++state.tries;
    turn.set_state(state);  // counted and its form spent, whatever happens now
    auto passwords = passwords_of(fields, turn.file());
    UnlockJudge judge(context_, policy_, svc_, record_);
    auto judged = co_await judge.judge(turn.file(), std::move(state), std::move(passwords));
    turn.set_state(std::move(judged.state));
    if (judged.held) {
      co_return co_await answer_.see_other(hold(std::move(turn), std::move(*judged.held)));
    }
  }
  co_return co_await answer_.see_other(std::string(kUnlock) + id);
}

Co<Result<void>> Portal::coach(const std::string& id) {
  auto warning = svc_.shared.coach.look(id, owner_);
  if (!warning) co_return co_await answer_.notice(PortalNotice::no_warning);
  const std::string& method = client_.request().method;
  if (method == "POST") co_return co_await go_on(id, std::move(*warning));
  if (method != "GET" && method != "HEAD")
    co_return co_await answer_.notice(PortalNotice::bad_method);
  const std::string_view language = client_.request().fields.get("accept-language");
  co_return co_await answer_.send(render_coach({id, std::move(*warning), policy_->coach(), false},
                                               language, svc_.shared.settings.notice));
}

Co<Result<void>> Portal::go_on(const std::string& id, Warning warning) {
  const auto body = co_await read_form();
  if (!body) co_return std::unexpected(body.error());
  if (body->size() > kMostForm || media_type(client_.request().fields.get("content-type")) !=
                                      "application/x-www-form-urlencoded") {
    co_return co_await answer_.notice(PortalNotice::bad_form);
  }
  const auto fields = parse_form(*body);
  const auto token = std::ranges::find(fields, "form", &FormField::name);
  if (!from_this_site() || token == fields.end() || token->value != id) {
    co_return co_await answer_.notice(PortalNotice::stale);
  }
  const auto why = std::ranges::find(fields, "why", &FormField::name);
  std::string justification(why == fields.end() ? "" : trim(why->value));
  if (justification.size() > kLongestJustification) justification.resize(kLongestJustification);
  const CoachRules& rules = policy_->coach();
  if (rules.justification == CoachRules::Words::required && justification.empty()) {
    const std::string_view language = client_.request().fields.get("accept-language");
    co_return co_await answer_.send(
        render_coach({id, std::move(warning), rules, true}, language, svc_.shared.settings.notice));
  }
  record_.action = "alert";
  record_.rule = warning.rule;
  record_.coach = {false, justification, warning.event_id, warning.url};
  svc_.shared.coach.accept(id, owner_, std::move(justification), rules.remember);
  co_return co_await answer_.see_other(warning.url);
}

// Where its person can follow what the sandbox does.
std::string Portal::hold(KeptFiles::Turn turn, HeldFor held) {
  KeptFile file = svc_.shared.kept.give_up(std::move(turn));
  file.rule = held.asked.rule;
  file.held = std::move(held);
  const Duration lifetime = policy_->holding().hold_timeout + policy_->holding().keep;
  return wait_url(svc_.shared.settings.portal, svc_.shared.held.keep(std::move(file), lifetime));
}

Co<Result<void>> Portal::send_file(const std::string& id) {
  if (!svc_.shared.kept.look(id, owner_)) co_return co_await answer_.notice(PortalNotice::unknown);
  auto turn = svc_.shared.kept.take(id, owner_);
  if (!turn) co_return co_await answer_.notice(PortalNotice::busy);
  const KeptState state = turn.state();
  if (state.phase != KeptState::Phase::opened) co_return co_await show(id);
  note_locked_file(record_, turn.file());
  record_.verdict = state.verdict;
  record_.reason = state.reason;
  record_.unlock.tries = state.tries;
  record_.unlock.opened_by = "person";
  co_return co_await answer_.send_kept(turn.file());
}

}  // namespace

bool at_portal(const Url& url, const PortalSettings& portal) {
  return url.host == portal.host && url.scheme == "https" && url.port == 443;
}

std::string coach_url(const PortalSettings& portal, std::string_view id) {
  return "https://" + portal.host + std::string(kCoach) + std::string(id);
}

std::string wait_url(const PortalSettings& portal, std::string_view id) {
  return "https://" + portal.host + std::string(kWait) + std::string(id);
}

std::string unlock_url(const PortalSettings& portal, std::string_view id) {
  return "https://" + portal.host + std::string(kUnlock) + std::string(id);
}

Co<Result<void>> serve_portal(ClientStream& client, const ClientContext& context, const Url& url,
                              std::shared_ptr<const Policy> policy, LoopServices& svc,
                              TransactionRecord& record) {
  Portal portal(client, context, std::move(policy), svc, record);
  co_return co_await portal.serve(url.path_and_query);
}

}  // namespace weir
