#include "proxy/sandbox_asking.h"

#include "proxy/holding.h"
#include "proxy/sandbox_bundles.h"
#include "proxy/sandbox_inside.h"

namespace weir {
namespace {

using Standing = SandboxAnswer::Standing;

constexpr std::chrono::milliseconds kTakingOut{60'000};  // one file, waiting for a worker included

Submission part_of(const Submission& whole, const ArtifactNote& note) {
  Submission part = whole;
  part.sha256 = note.sha256;
  part.name = note.where.substr(note.where.rfind('/') + 1);
  part.type = note.type;
  part.size = note.size;
  return part;
}

// What is not known of the chosen files is taken out of the archive; what cannot be had is as if no
// sandbox had answered.
Co<std::vector<SandboxDesk::Inside>> take_out(SandboxDesk& desk, Inspector& inspector,
                                              const SandboxQuestion& question,
                                              const std::vector<ArtifactNote>& files,
                                              SandboxVerdict& so_far) {
  std::vector<std::string> digests;
  for (const ArtifactNote& note : files) digests.push_back(note.sha256);
  const auto known = co_await desk.recall(std::move(digests));
  std::vector<SandboxDesk::Inside> parts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    SandboxVerdict said = no_answer(Reason::crashed, "a file inside could not be taken out");
    if (known[i]) {
      said = *known[i];
    } else if (auto body = co_await inspector.take_out(question.subject, files[i], kTakingOut)) {
      parts.push_back({{part_of(question.whole, files[i]), std::move(body)}, files[i].where});
      continue;
    }
    said.where = files[i].where;
    so_far = graver(so_far, said);
  }
  co_return parts;
}

SandboxVerdict clean_so_far() {
  SandboxVerdict clean;
  clean.verdict = Verdict::clean;
  clean.reason = Reason::none;
  return clean;
}

}  // namespace

void add_known_bad(const SandboxDesk& desk, const std::string& sha256, Assessment& found) {
  const auto look = [&](const std::string& digest, const std::string& where) {
    const auto bad = desk.known_bad(digest);
    if (!bad) return;
    Finding finding = *finding_of(*bad);
    if (!where.empty()) finding.where = where;
    found.add(std::move(finding));
  };
  look(sha256, "");
  for (const ArtifactNote& note : std::vector<ArtifactNote>(found.tree)) {
    if (!note.sha256.empty()) look(note.sha256, note.where);
  }
}

SandboxQuestion question_about(const Artifact& artifact, const std::string& name,
                               const std::string& source_url, const Assessment& found,
                               const HoldingRules& rules, bool waits) {
  return {.whole = {.sha256 = artifact.subject.sha256,
                    .name = name,
                    .source_url = source_url,
                    .type = std::string(file_type_name(artifact.type)),
                    .password = {},
                    .engine = {},
                    .size = artifact.subject.size,
                    .priority = waits ? 10 : 0},
          .subject = artifact.subject,
          .type = artifact.type,
          .tree = found.tree,
          .rules = rules};
}

std::optional<SandboxVerdict> why_not(const SandboxAnswer& answer) {
  if (answer.standing == Standing::unsupported) {
    return no_answer(Reason::unsupported, "no sandbox takes such files");
  }
  if (answer.standing == Standing::unavailable) {
    return no_answer(Reason::engine_down, "no sandbox answers");
  }
  return std::nullopt;
}

Co<SandboxAnswer> ask_sandboxes(SandboxDesk& desk, Inspector& inspector, SandboxQuestion question) {
  const Submission& whole = question.whole;
  InsideChoice choice =
      choose_inside(question.type, question.tree, question.rules,
                    [&](const ArtifactNote& note) { return desk.takes(part_of(whole, note)); });
  if (choice.files.empty()) {
    co_return co_await desk.hand_in({question.whole, question.subject.body});
  }
  if (auto under_way = desk.under_way(whole)) {
    co_return SandboxAnswer{Standing::waiting, {}, std::move(under_way)};
  }
  SandboxVerdict so_far = clean_so_far();
  if (!choice.left_out.empty()) {
    so_far = no_answer(Reason::unsupported, std::string(choice.left_out));
  }
  auto parts = co_await take_out(desk, inspector, question, choice.files, so_far);
  if (so_far.verdict == Verdict::malicious) {
    co_return SandboxAnswer{Standing::known, std::move(so_far), nullptr};
  }
  if (question.rules.archives == HoldingRules::Archives::both && desk.takes(whole)) {
    parts.push_back({{question.whole, question.subject.body}, ""});
  }
  co_return co_await desk.hand_in_parts(question.whole, std::move(parts), std::move(so_far));
}

}  // namespace weir
