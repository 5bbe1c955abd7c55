// Configuration text, as YAML, as settings and as a policy: nothing crashes, hangs or grows without
// bound, and what fails says why.
#include <cstdlib>
#include <string>

#include "conf/load.h"
#include "core/bytes.h"
#include "policy/policy.h"

namespace {

// A policy that was accepted answers every question.
void ask(const weir::Policy& policy) {
  weir::Facts facts;
  facts.host = "www.example.com";
  facts.url = "https://www.example.com/a/b?c";
  facts.path = "/a/b?c";
  for (const auto stage :
       {weir::Stage::connect, weir::Stage::request, weir::Stage::response, weir::Stage::verdict}) {
    const auto decision = policy.decide(stage, facts);
    if (decision.rule.empty() || decision.rule == "default") std::abort();
    if (stage == weir::Stage::response && decision.profile == nullptr) std::abort();
  }
  int passed = 0;
  (void)policy.self_test(passed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  std::vector<weir::Diagnostic> out;
  weir::Problems problems("conf/fuzz.yaml", out);
  const auto root = weir::parse_yaml(text, problems);
  if (root.has_value() != out.empty()) std::abort();
  if (!root) return 0;
  const bool bound = weir::bind_settings(*root, problems).has_value();
  if (bound != (problems.errors() == 0)) std::abort();
  out.clear();
  const auto policy = weir::Policy::parse(text, "/nonexistent/fuzz.yaml", out);
  if (policy) ask(*policy);
  if (!policy && out.empty()) std::abort();
  return 0;
}
