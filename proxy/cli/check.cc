// weir check and weir explain: is the configuration right, and what would it do?
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "conf/load.h"
#include "core/file_type.h"
#include "core/log.h"
#include "core/random.h"
#include "core/url.h"
#include "feeds/reputation.h"
#include "policy/explain_text.h"
#include "proxy/cli/commands.h"
#include "proxy/index_watch.h"
#include "proxy/name_knowledge.h"
#include "proxy/transaction_facts.h"
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
  std::string url, client = "127.0.0.1", user, method = "GET", content_type, file_type;
  std::string verdict, reason, certificate_error;
  bool json = false;
};

int explain(const Question& question) {
  const auto loaded = load(question.config);
  if (!loaded) return kProblem;
  const auto url = parse_url(question.url);
  if (!url) {
    std::cerr << "weir: " << question.url << ": " << url.error().what << '\n';
    return kUsage;
  }
  const auto client = IpAddress::parse(question.client);
  const auto verdict = verdict_from_name(question.verdict.empty() ? "clean" : question.verdict);
  const auto reason = reason_from_name(question.reason.empty() ? "none" : question.reason);
  if (!client || !verdict || !reason) {
    std::cerr << "weir: --client must be an address, --verdict and --reason known words\n";
    return kUsage;
  }
  const std::string text = url->text();
  Facts facts;
  facts.client = *client;
  facts.user = question.user;
  loaded->policy->groups_of(question.user, facts.groups);
  facts.host = url->host;
  facts.port = url->port;
  facts.scheme = url->scheme;
  facts.tls = url->scheme == "https";
  facts.sni = facts.tls && !url->is_ip ? std::string_view(url->host) : std::string_view{};
  facts.now = SystemClock().wall();
  loaded->policy->categories_of(url->host, text, facts.categories);
  // What the gateway has in force; without feeds there is no file.
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::error, clock);
  auto index = IndexWatch(loaded->settings.state_dir + "/feeds", log).look();
  if (!index) index = Index::empty();
  const Reputation reputation = reputation_of(index->find_url(*url, facts.now));
  set_reputation(facts, reputation);
  const NameFacts names =
      loaded->names->ask({url->host, url->path_and_query, facts.sni, facts.tls}, facts.now, false);
  set_names(facts, names);
  facts.method = question.method;
  facts.url = text;
  facts.path = url->path_and_query;
  facts.certificate_error = question.certificate_error;
  facts.status = 200;
  facts.content_type = question.content_type;
  facts.file_type = question.file_type;
  if (const auto type = file_type_from_name(question.file_type)) {
    facts.file_family = family_name(family_of(*type));
  }
  facts.verdict = *verdict;
  facts.reason = *reason;
  const Explanation explanation = explain_all(*loaded->policy, facts);
  std::cout << (question.json ? explanation_json(explanation) : explanation_text(explanation));
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
  command->add_option("url", q->url, "the URL")->required();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_option("--client", q->client, "client address")->capture_default_str();
  command->add_option("--user", q->user, "authenticated user");
  command->add_option("--method", q->method, "request method")->capture_default_str();
  command->add_option("--content-type", q->content_type, "media type of the response");
  command->add_option("--file-type", q->file_type, "type by content, e.g. pe, zip, pdf");
  command->add_option("--verdict", q->verdict, "clean, suspicious, uninspectable, malicious");
  command->add_option("--reason", q->reason, "why it is uninspectable, e.g. encrypted");
  command->add_option("--certificate-error", q->certificate_error, "e.g. expired");
  command->add_flag("--json", q->json, "for programs");
  command->callback([q, &exit_code] { exit_code = explain(*q); });
}

}  // namespace weir
