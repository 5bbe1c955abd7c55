#include "sandbox_client/webhook.h"

#include <algorithm>

#include "sandbox_client/judgement.h"

namespace weir {
namespace {

constexpr std::size_t kMostTicket = 1024;

std::unexpected<Error> odd(const std::string& what) {
  return fail(Errc::malformed, Fault::helper, "webhook: " + what);
}

// "https://host/a/b" → "https://host", for tickets that are paths.
std::string origin_of(const std::string& url) {
  const std::size_t host = url.find("://");
  return host == url.npos ? url : url.substr(0, url.find_first_of("/?#", host + 3));
}

}  // namespace

Result<std::optional<SandboxReport>> webhook_report(const JsonValue& json, std::string_view body,
                                                    const std::string& sha256) {
  if (json["status"].text() == "pending") return std::optional<SandboxReport>();
  if (json["status"].text() == "unknown") {
    return fail(Errc::not_found, Fault::helper, "webhook: does not know the ticket");
  }
  if (json["verdict"].text().empty()) return odd("neither pending nor a verdict");
  auto report = parse_report(body);
  if (!report) return pass(std::move(report));
  if (report->sha256 != sha256) return odd("report of another file");
  return std::optional(std::move(*report));
}

bool WebhookEngine::takes(const Submission& submission) const {
  return options_.types.empty() ||
         std::ranges::find(options_.types, submission.type) != options_.types.end();
}

// By its key, which submit() sends too: "?key=...".
Result<Found> WebhookEngine::find(const Work& work) {
  if (!work.uncertain) return Found();
  auto answer = rest_.get("?key=" + percent_encode(work.key));
  Found found;
  if (!answer) {
    if (answer.error().code == Errc::not_found) return found;
    return pass(std::move(answer));
  }
  auto ticket = ticket_of(answer->json);
  if (!ticket) return pass(std::move(ticket));
  found.ticket = std::move(*ticket);
  return found;
}

Result<std::string> WebhookEngine::ticket_of(const JsonValue& json) const {
  const std::string_view ticket = json["ticket"].text();
  if (ticket.empty() || ticket.size() > kMostTicket) return odd("no ticket");
  std::string url(ticket);
  if (url.starts_with('/')) url = origin_of(rest_.base_url()) + url;
  if (!same_origin(url, rest_.base_url())) return odd("ticket elsewhere: " + remote_text(ticket));
  return url;
}

Result<std::string> WebhookEngine::submit(const Work& work, UniqueFd file) {
  const Submission& one = work.submission;
  std::vector<FormPart> form;
  form.push_back({"key", work.key});
  form.push_back({"sha256", one.sha256});
  form.push_back({"name", one.name});
  form.push_back({"type", one.type});
  form.push_back({"source_url", one.source_url});
  if (!one.password.empty()) form.push_back({"password", one.password});
  form.push_back({"file", "", file.get(), one.sha256});
  auto answer = rest_.post("", std::move(form));
  if (!answer) return pass(std::move(answer));
  return ticket_of(answer->json);
}

Result<std::optional<Judgement>> WebhookEngine::poll(const Work& work) {
  auto answer = rest_.get_url(work.ticket);
  if (!answer) return pass(std::move(answer));
  auto report = webhook_report(answer->json, answer->body, work.submission.sha256);
  if (!report) return pass(std::move(report));
  if (!*report) return std::optional<Judgement>();
  auto judgement = judge(**report, "");
  if (!judgement) return pass(std::move(judgement));
  return std::optional(std::move(*judgement));
}

}  // namespace weir
