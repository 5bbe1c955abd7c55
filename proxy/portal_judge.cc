#include "proxy/portal_judge.h"

#include <utility>

#include "proxy/holding.h"
#include "proxy/sandbox_asking.h"
#include "proxy/transaction_facts.h"
#include "proxy/unlock.h"

namespace weir {
namespace {

// Of what is open: whether it goes to its person, and if not, why.
void set_phase(KeptState& state, const Decision& ruling, const TransactionFacts& facts) {
  state.phase = releases(ruling.action) ? KeptState::Phase::opened : KeptState::Phase::refused;
  if (releases(ruling.action)) return;
  state.rule = ruling.rule;
  state.rule_words = ruling.reason;
  state.threat = facts.facts.threat;
}

}  // namespace

void note_locked_file(TransactionRecord& record, const KeptFile& file) {
  record.file_name = file.name;
  record.file_type = file_type_name(file.artifact.type);
  record.file_size = file.artifact.subject.size;
  record.sha256 = file.sha256;
  record.unlock.withheld_by = file.event_id;
  record.unlock.url = file.url.text();
}

Co<Assessment> UnlockJudge::assess(const KeptFile& file, std::vector<std::string> passwords) {
  ScanSubject subject = file.artifact.subject;
  subject.passwords = std::move(passwords);
  Profile profile = file.profile;
  profile.scan_timeout = policy_->unlock().try_time;
  ScanTimes times;
  Assessment found = co_await svc_.shared.inspector.assess(std::move(subject), profile, times);
  for (const Finding& finding : file.artifact.findings) found.add(finding);
  add_known_bad(svc_.shared.sandbox, file.sha256, found);
  record_.queued = times.queued;
  record_.scan = times.scanned;
  record_.scanned = true;
  record_.artifacts = found.artifacts;
  record_.tree = found.tree;
  co_return found;
}

// What is behind the lock, judged as any download would be.
Co<UnlockJudge::Judged> UnlockJudge::judge(const KeptFile& file, KeptState state,
                                           std::vector<std::string> passwords) {
  note_locked_file(record_, file);
  TransactionFacts facts;
  facts.set_client(context_, *policy_, record_.start);
  facts.set_request(file.request, file.url, *policy_, *svc_.index);
  facts.set_names(svc_.shared.names.ask({file.url.host, file.url.path_and_query, {}, true},
                                        record_.start, false));
  facts.set_response(file.response, file.request);
  facts.set_sniffed(file.artifact.type);
  facts.facts.size = file.artifact.subject.size;
  Assessment found = co_await assess(file, passwords);
  facts.set_verdict(found, file.sha256);
  const Decision ruling = policy_->decide(Stage::verdict, facts.facts);
  note_found(found, state, facts);

  const bool opened = opened_something(found);
  state.where.clear();
  if (asks_for_password(ruling, found)) {
    state.phase = opened ? KeptState::Phase::more_locks : KeptState::Phase::wrong;
    state.where = opened ? lock_of(found).where : std::string();
  } else if (!opened) {
    state.phase = KeptState::Phase::failed;
  } else {
    set_phase(state, ruling, facts);
  }
  note_ruling(ruling, state);
  if (state.phase != KeptState::Phase::opened) co_return Judged{std::move(state)};
  HeldFor held{.under_way = nullptr,
               .found = std::move(found),
               .asked = policy_->decide(Stage::sandbox, facts.facts),
               .before = ruling,
               .policy = policy_,
               .until = svc_.shared.clock.steady() + policy_->holding().hold_timeout};
  co_return co_await consult_sandbox(file, std::move(state), facts, std::move(held),
                                     std::move(passwords));
}

// As a transaction does it for what was not locked.
Co<UnlockJudge::Judged> UnlockJudge::consult_sandbox(const KeptFile& file, KeptState state,
                                                     TransactionFacts& facts, HeldFor held,
                                                     std::vector<std::string> passwords) {
  Judged judged{std::move(state), std::move(held)};
  const Action asked = judged.held->asked.action;
  if (asked == Action::off) co_return Judged{std::move(judged.state)};
  record_.stages.push_back(
      {"sandbox", std::string(action_name(asked)), std::string(judged.held->asked.rule)});
  record_.sandbox.asked = action_name(asked);
  record_.sandbox.rule = judged.held->asked.rule;
  SandboxQuestion question =
      question_about(file.artifact, file.name, file.url.text(), judged.held->found,
                     policy_->holding(), asked == Action::hold);
  question.subject.passwords = std::move(passwords);
  SandboxAnswer answer =
      co_await ask_sandboxes(svc_.shared.sandbox, svc_.shared.inspector, std::move(question));
  auto said = why_not(answer);
  if (answer.standing == SandboxAnswer::Standing::known) said = std::move(answer.verdict);
  if (!said && asked == Action::hold && svc_.shared.settings.portal.held_files == 0) {
    said = no_answer(Reason::timeout, "there is no room to wait in");
  }
  if (said) {
    settle(judged, facts, *said, file);
  } else if (asked == Action::hold) {
    judged.held->under_way = std::move(answer.under_way);
    record_.action = "hold";
    record_.sandbox.page = true;
    co_return judged;
  }
  judged.held.reset();  // decided, or followed up when the verdict comes
  co_return judged;
}

void UnlockJudge::settle(Judged& judged, TransactionFacts& facts, const SandboxVerdict& said,
                         const KeptFile& file) {
  note_sandbox(record_.sandbox, said);
  Assessment& found = judged.held->found;
  const Decision ruling =
      rule_with_sandbox(*policy_, facts, found, file.sha256, *judged.held, said);
  note_found(found, judged.state, facts);
  set_phase(judged.state, ruling, facts);
  note_ruling(ruling, judged.state);
}

void UnlockJudge::note_found(const Assessment& found, KeptState& state,
                             const TransactionFacts& facts) {
  record_.verdict = state.verdict = found.verdict();
  record_.reason = state.reason = facts.facts.reason;
  record_.findings = found.findings();
  record_.score = found.score();
}

void UnlockJudge::note_ruling(const Decision& ruling, const KeptState& state) {
  record_.stages.push_back(
      {"verdict", std::string(action_name(ruling.action)), std::string(ruling.rule)});
  record_.rule = ruling.rule;
  record_.action = action_name(ruling.action);
  record_.unlock.tries = state.tries;
  const bool open =
      state.phase == KeptState::Phase::opened || state.phase == KeptState::Phase::refused;
  if (open) record_.unlock.opened_by = "person";
  record_.unlock.offered = !open && state.tries < policy_->unlock().tries;
}

}  // namespace weir
