#include "policy/walk.h"

namespace weir {
namespace {

bool goes_on(const Decision& decision) {
  return decision.action != Action::block && decision.action != Action::bypass;
}

}  // namespace

std::vector<WalkStep> walk(const Policy& policy, const Facts& facts, Stage last) {
  std::vector<WalkStep> steps;
  const auto step = [&](Stage stage, const Facts& known) {
    WalkStep& made = steps.emplace_back();
    made.name = stage_name(stage);
    made.decision = policy.explain(stage, known, made.trace);
    return goes_on(made.decision) && stage != last;
  };
  // What is wrong with the certificate is not known before the request was judged.
  Facts before = facts;
  before.certificate_error = {};
  const bool tunnel = facts.tls || facts.scheme != "http";
  if ((tunnel || last == Stage::connect) && !step(Stage::connect, before)) return steps;
  const bool allowed = step(Stage::request, before);
  if (!goes_on(steps.back().decision)) return steps;
  if (!facts.certificate_error.empty()) {
    WalkStep& made = steps.emplace_back();
    made.name = "certificate";
    made.decision = policy.explain_certificate_error(facts, made.trace);
    if (!goes_on(made.decision)) return steps;
  }
  if (!allowed || !step(Stage::response, facts)) return steps;
  const bool further = step(Stage::verdict, facts);
  if (further && releases(steps.back().decision.action)) step(Stage::sandbox, facts);
  return steps;
}

}  // namespace weir
