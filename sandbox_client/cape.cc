#include "sandbox_client/cape.h"

#include <algorithm>

#include "sandbox_client/judgement.h"

namespace weir {
namespace {

// Tickets that ended by their deadline are never asked for again.
constexpr std::size_t kMostTickets = 1000;

std::string mark_of(const Work& work) { return "weir-" + work.key; }

// CAPE's options are a list with commas, and so such a password cannot be said.
bool can_be_said(const std::string& password) {
  return !password.empty() && std::ranges::none_of(password, [](char c) {
    return c == ',' || static_cast<unsigned char>(c) < 0x20;
  });
}

}  // namespace

CapeEngine::CapeEngine(CapeOptions options, const Clock& clock, Sleeper& sleeper,
                       const std::atomic<bool>& stop)
    : options_(std::move(options)), clock_(clock), rest_(options_.rest, clock, sleeper, stop) {}

bool CapeEngine::takes(const Submission& submission) const {
  return options_.types.empty() ||
         std::ranges::find(options_.types, submission.type) != options_.types.end();
}

Result<Found> CapeEngine::find(const Work& work) {
  auto answer = rest_.get("/apiv2/tasks/search/sha256/" + work.submission.sha256 + "/");
  if (!answer) return pass(std::move(answer));
  const bool may_reuse =
      !work.uncertain && options_.reuse > Duration::zero() && work.submission.password.empty();
  auto tasks =
      cape_tasks(answer->json, mark_of(work),
                 std::chrono::time_point_cast<WallTime::duration>(clock_.wall() - options_.reuse));
  if (!tasks) {
    // Where searching is switched off, only what may have been sent has to wait.
    if (!work.uncertain) return Found();
    return pass(std::move(tasks));
  }
  Found found;
  if (!tasks->ours.empty()) {
    found.ticket = cape_ticket(tasks->ours);
  } else if (may_reuse && tasks->reported) {
    auto earlier = report(*tasks->reported, work.submission.sha256);
    if (earlier && *earlier) found.judgement = std::move(**earlier);
  }
  return found;
}

Result<std::string> CapeEngine::submit(const Work& work, UniqueFd file) {
  const Submission& one = work.submission;
  std::vector<FormPart> form;
  for (const auto& [name, value] : options_.fields) form.push_back({name, value});
  form.push_back({"custom", mark_of(work)});
  if (can_be_said(one.password)) form.push_back({"options", "password=" + one.password});
  form.push_back({"file", "", file.get(), one.name.empty() ? one.sha256 : one.name});
  auto answer = rest_.post("/apiv2/tasks/create/file/", std::move(form));
  if (!answer) return pass(std::move(answer));
  auto ids = cape_task_ids(answer->json);
  if (!ids) return pass(std::move(ids));
  return cape_ticket(*ids);
}

Result<std::optional<Judgement>> CapeEngine::poll(const Work& work) {
  const auto ids = cape_ticket_ids(work.ticket);
  if (!ids) return fail(Errc::not_found, Fault::local, "no ticket of CAPE: " + work.ticket);
  if (parts_.size() > kMostTickets) parts_.clear();
  Parts& parts = parts_[work.ticket];
  for (const std::int64_t id : *ids) {
    if (parts.contains(id)) continue;
    auto ended = ask(id, work.submission.sha256, parts);
    if (!ended) return pass(std::move(ended));
    if (!*ended) return std::optional<Judgement>();  // the others are not needed yet
  }
  auto joined = join_parts(parts);
  parts_.erase(work.ticket);
  if (!joined) return pass(std::move(joined));
  return std::optional(std::move(*joined));
}

// Whether this task has ended.
Result<bool> CapeEngine::ask(std::int64_t id, const std::string& sha256, Parts& parts) {
  auto answer = rest_.get("/apiv2/tasks/status/" + std::to_string(id) + "/");
  if (!answer) return pass(std::move(answer));
  const auto state = cape_state(answer->json);
  if (!state) return std::unexpected(state.error());
  if (*state == CapeState::under_way) return false;
  if (*state == CapeState::failed) {
    parts[id] = std::nullopt;
    return true;
  }
  auto ready = report(id, sha256);
  if (!ready) return pass(std::move(ready));
  if (!*ready) return false;  // reported, but the report is not there yet
  parts[id] = std::move(**ready);
  return true;
}

Result<std::optional<Judgement>> CapeEngine::report(std::int64_t id, const std::string& sha256) {
  const std::string number = std::to_string(id);
  auto answer = rest_.get(options_.whole_report ? "/apiv2/tasks/get/report/" + number + "/json/"
                                                : "/apiv2/tasks/get/iocs/" + number + "/");
  if (!answer) return pass(std::move(answer));
  if (cape_error(answer->json)) return std::optional<Judgement>();
  const auto made = cape_report(answer->json, sha256, options_.limits);
  if (!made) return std::unexpected(made.error());
  auto judgement = judge(*made, cape_version(answer->json));
  if (!judgement) return pass(std::move(judgement));
  judgement->raw_json = std::move(answer->body);
  return std::optional(std::move(*judgement));
}

Result<Judgement> CapeEngine::join_parts(const Parts& parts) {
  const Judgement* worst = nullptr;
  bool some_failed = false;
  for (const auto& [id, part] : parts) {
    if (!part) {
      some_failed = true;
    } else if (worst == nullptr || std::pair(part->verdict.verdict, part->verdict.score) >
                                       std::pair(worst->verdict.verdict, worst->verdict.score)) {
      worst = &*part;
    }
  }
  if (worst == nullptr) {
    return fail(Errc::crashed, Fault::helper, "CAPE: the analysis failed");
  }
  Judgement joined = *worst;
  if (some_failed && joined.verdict.verdict < Verdict::uninspectable) {
    joined.verdict.verdict = Verdict::uninspectable;
    joined.verdict.reason = Reason::crashed;
  }
  return joined;
}

}  // namespace weir
