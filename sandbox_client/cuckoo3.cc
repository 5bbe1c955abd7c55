#include "sandbox_client/cuckoo3.h"

#include <algorithm>
#include <ranges>

#include "core/json_writer.h"
#include "sandbox_client/judgement.h"

namespace weir {
namespace {

constexpr std::size_t kMostId = 64;

std::unexpected<Error> odd(const char* what) {
  return fail(Errc::malformed, Fault::helper, std::string("Cuckoo: ") + what);
}

// An id becomes part of a path.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kMostId && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
  });
}

std::string settings_of(const Submission& one, const std::string& more) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.member("priority", std::clamp(one.priority, 1, 999));
  out.member("orig_filename", true);
  if (!one.password.empty()) out.member("password", one.password);
  out.end_object();
  if (!more.empty()) json.insert(json.size() - 1, "," + more);
  return json;
}

DetonationVerdict verdict_of(double score, const ScoreLimits& limits) {
  const Verdict verdict = verdict_of_score(score, limits);
  if (verdict == Verdict::malicious) return DetonationVerdict::malicious;
  return verdict == Verdict::suspicious ? DetonationVerdict::suspicious : DetonationVerdict::clean;
}

}  // namespace

Result<std::string> cuckoo3_id(const JsonValue& json) {
  const std::string_view id = json["analysis_id"].text();
  if (is_id(id)) return std::string(id);
  if (const std::string_view says = json["error"].text(); !says.empty()) {
    return fail(Errc::io, Fault::helper, "Cuckoo says: " + remote_text(says), true);
  }
  return odd("no analysis id");
}

Result<std::optional<SandboxReport>> cuckoo3_report(const JsonValue& json,
                                                    const std::string& sha256,
                                                    const ScoreLimits& limits) {
  const std::string_view state = json["state"].text();
  if (state.empty()) return odd("no state");
  if (state == "fatal_error") return fail(Errc::crashed, Fault::helper, "Cuckoo: fatal error");
  if (state == "no_selected") {
    return fail(Errc::unsupported, Fault::helper, "Cuckoo: nothing in it can be run");
  }
  if (state != "finished") return std::optional<SandboxReport>();
  const auto score = json["score"].number();
  if (!score) return odd("finished without a score");
  SandboxReport report;
  report.engine = "cuckoo3";
  report.sha256 = sha256;
  report.outcome = DetonationOutcome::finished;
  report.score = bounded_score(*score * 10);
  report.verdict = verdict_of(*score * 10, limits);
  for (const char* list : {"families", "tags"}) {
    for (const JsonValue& one : json[list].items() | std::views::take(16)) {
      if (one.text().empty()) continue;
      report.signatures.push_back(
          {remote_text(one.text(), ReportLimits::word), 5, "named by Cuckoo", ""});
    }
  }
  return std::optional(std::move(report));
}

bool Cuckoo3Engine::takes(const Submission& submission) const {
  return options_.types.empty() ||
         std::ranges::find(options_.types, submission.type) != options_.types.end();
}

Result<Found> Cuckoo3Engine::find(const Work& work) {
  if (!work.uncertain) return Found();
  return fail(Errc::unsupported, Fault::helper,
              "it may have been sent, and Cuckoo cannot be searched for it");
}

Result<std::string> Cuckoo3Engine::submit(const Work& work, UniqueFd file) {
  const Submission& one = work.submission;
  std::vector<FormPart> form;
  form.push_back({"settings", settings_of(one, options_.settings_json)});
  form.push_back({"file", "", file.get(), one.name.empty() ? one.sha256 : one.name});
  auto answer = rest_.post("/submit/file", std::move(form));
  if (!answer) {
    Error error = std::move(answer).error();
    // 503: it is there, but its id was in an answer that is none.
    if (error.code == Errc::busy && error.what.contains("503")) {
      error.code = Errc::io;
      error.retryable = false;
    }
    return std::unexpected(std::move(error));
  }
  return cuckoo3_id(answer->json);
}

Result<std::optional<Judgement>> Cuckoo3Engine::poll(const Work& work) {
  if (!is_id(work.ticket)) return fail(Errc::not_found, Fault::local, "no ticket of Cuckoo");
  auto answer = rest_.get("/analysis/" + work.ticket);
  if (!answer) return pass(std::move(answer));
  auto report = cuckoo3_report(answer->json, work.submission.sha256, options_.limits);
  if (!report) return pass(std::move(report));
  if (!*report) return std::optional<Judgement>();
  auto judgement = judge(**report, "");
  if (!judgement) return pass(std::move(judgement));
  judgement->raw_json = std::move(answer->body);
  return std::optional(std::move(*judgement));
}

}  // namespace weir
