// weir check and weir explain: is the configuration right, and what would it do?
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "conf/load.h"
#include "core/log.h"
#include "core/random.h"
#include "proxy/cli/commands.h"
#include "proxy/explain_question.h"
#include "proxy/index_watch.h"
#include "proxy/name_knowledge.h"
#include "sandbox_client/engine_list.h"

namespace weir {
namespace {

struct Loaded {
  Settings settings;
  std::unique_ptr<NameKnowledge> names;
  std::shared_ptr<const Policy> policy;
};

// Without the memory of what was seen: it belongs to the gateway that runs.
Result<std::unique_ptr<NameKnowledge>> names_of(const Settings& settings) {
  NameSettings names = settings.names;
  names.remember = 0;
  const SystemClock clock;
  SystemRandom random;
  Log log(STDERR_FILENO, LogLevel::error, clock);
  return NameKnowledge::load(names, settings.state_dir, random, clock.wall(), log);
}

std::optional<Loaded> load(const std::string& config) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(config, problems);
  std::shared_ptr<const Policy> policy;
  if (settings) policy = Policy::load(settings->policy_file, problems);
  print_problems(problems);
  if (!settings || !policy) return std::nullopt;
  auto names = names_of(*settings);
  if (!names) {
    std::cerr << names.error().what << '\n';
    return std::nullopt;
  }
  return Loaded{std::move(*settings), std::move(*names), std::move(policy)};
}

bool sandboxes_are_right(const Settings& settings) {
  if (settings.sandbox_file.empty()) return true;
  std::vector<Diagnostic> problems;
  const auto list = load_sandbox_list(settings.sandbox_file, problems);
  print_problems(problems);
  if (!list) return false;
  const auto on = std::ranges::count_if(list->engines, &EngineSpec::enabled);
  std::cout << settings.sandbox_file << ": " << on << " sandboxes\n";
  return true;
}

// The scanner reads certificates, this program does not.
bool publishers_are_right(const Settings& settings) {
  const std::string& roots = settings.inspect.publisher_roots;
  return roots.empty() || helper_succeeds({"weir-scan", "--check-publisher-roots", roots});
}

int check(const std::string& config) {
  const auto loaded = load(config);
  if (!loaded) return kProblem;
  int passed = 0;
  const auto failures = loaded->policy->self_test(passed);
  print_problems(failures);
  std::cout << loaded->settings.policy_file << ": policy " << loaded->policy->version() << ", "
            << passed << " tests passed, " << failures.size() << " failed\n";
  const bool feeds = feeds_are_right(loaded->settings);
  const bool sandboxes = sandboxes_are_right(loaded->settings);
  const bool publishers = publishers_are_right(loaded->settings);
  return failures.empty() && feeds && sandboxes && publishers ? 0 : kProblem;
}

struct Question {
  std::string config = default_config();
  ExplainQuestion about;
  bool json = false;
};

int explain(const Question& question) {
  const auto loaded = load(question.config);
  if (!loaded) return kProblem;
  // What the gateway has in force; without feeds there is no file.
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::error, clock);
  auto index = IndexWatch(loaded->settings.state_dir + "/feeds", log).look();
  if (!index) index = Index::empty();
  const auto text = explain_question(
      question.about, {*loaded->policy, *index, *loaded->names, clock.wall()}, question.json);
  if (!text) {
    std::cerr << "weir: " << text.error().what << '\n';
    return kUsage;
  }
  std::cout << *text;
  return 0;
}

}  // namespace

void add_check(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "check", "validate settings, policy and lists, and run the policy's own tests");
  auto config = std::make_shared<std::string>(default_config());
  command->add_option("-c,--config", *config, "settings file")->capture_default_str();
  command->callback([config, &exit_code] { exit_code = check(*config); });
}

void add_explain(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "explain", "print each rule considered for a URL, why it matched or not, and the decision");
  auto q = std::make_shared<Question>();
  command->add_option("url", q->about.url, "the URL")->required();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_option("--client", q->about.client, "client address")->capture_default_str();
  command->add_option("--user", q->about.user, "authenticated user");
  command->add_option("--method", q->about.method, "request method")->capture_default_str();
  command->add_option("--content-type", q->about.content_type, "media type of the response");
  command->add_option("--file-type", q->about.file_type, "type by content, e.g. pe, zip, pdf");
  command->add_option("--verdict", q->about.verdict, "clean, suspicious, uninspectable, malicious");
  command->add_option("--reason", q->about.reason, "why it is uninspectable, e.g. encrypted");
  command->add_option("--certificate-error", q->about.certificate_error, "e.g. expired");
  command->add_flag("--json", q->json, "for programs");
  command->callback([q, &exit_code] { exit_code = explain(*q); });
}

}  // namespace weir
