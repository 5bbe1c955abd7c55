// weir policy dry-run: what another policy would have decided about the last traffic.
#include <CLI/CLI.hpp>
#include <iostream>

#include "conf/load.h"
#include "conf/when.h"
#include "core/escape.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "proxy/cli/commands.h"
#include "proxy/dry_run.h"
#include "proxy/events/event_search.h"
#include "proxy/events/event_text.h"

namespace weir {
namespace {

struct DryRunQuestion {
  std::string config = default_config();
  std::string proposed, since = "1h", until;
  std::size_t limit = 1'000'000;
  bool json = false;
};

std::string judgement_text(const PastDecision& judgement) {
  return judgement.action + " by '" + judgement.rule + "' in " + judgement.stage;
}

void print_text(const DryRun& run, const std::string& window) {
  std::cout << run.judged() << " transactions " << window << ", " << run.changed()
            << " would be decided otherwise\n";
  for (const PolicyChange& change : run.changes()) {
    std::cout << '\n'
              << change.events << " of " << change.clients.size()
              << " clients: " << escape_for_terminal(judgement_text(change.before)) << "  ->  "
              << escape_for_terminal(judgement_text(change.after)) << '\n';
    if (change.beyond) std::cout << "  (nothing was fetched then: how it goes on is not known)\n";
    for (const EventView& event : change.examples) std::cout << "  " << event_row(event);
  }
}

void add_judgement(JsonWriter& json, std::string_view name, const PastDecision& judgement) {
  json.begin_object(name);
  json.member("action", judgement.action);
  json.member("rule", judgement.rule);
  json.member("stage", judgement.stage);
  json.end_object();
}

void print_json(const DryRun& run) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("judged", run.judged());
  json.member("changed", run.changed());
  json.begin_array("changes");
  for (const PolicyChange& change : run.changes()) {
    json.begin_object();
    add_judgement(json, "before", change.before);
    add_judgement(json, "after", change.after);
    json.member("events", change.events);
    json.member("clients", change.clients.size());
    json.member("beyond_what_is_known", change.beyond);
    json.begin_array("examples");
    for (const EventView& event : change.examples) json.string(event.id);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  std::cout << out << '\n';
}

// 0, or the exit code.
int window_of(const DryRunQuestion& question, EventFilter& filter) {
  const WallTime now = SystemClock().wall();
  filter.from = parse_when(question.since, now);
  if (!question.until.empty()) filter.to = parse_when(question.until, now);
  const bool good = filter.from && (question.until.empty() || filter.to);
  if (!good) std::cerr << "weir: --since and --until are times like 1h or 2026-11-23T12:30\n";
  return good ? 0 : kUsage;
}

int dry_run(const DryRunQuestion& question) {
  EventFilter filter;
  if (const int bad = window_of(question, filter)) return bad;
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(question.config, problems);
  std::shared_ptr<const Policy> in_force, proposed;
  if (settings) in_force = Policy::load(settings->policy_file, problems);
  if (in_force) proposed = Policy::load(question.proposed, problems);
  print_problems(problems);
  if (!proposed) return kTrouble;
  DryRun run(*in_force, *proposed);
  bool cut = false;
  const auto done =
      search_events(events_file(*settings), filter, [&](const EventView& view, auto line) {
        if (const auto event = EventFacts::read(line)) run.judge(*event, view);
        cut = run.judged() == question.limit;
        return !cut;
      });
  if (!done) {
    std::cerr << "weir: the events cannot be read: " << done.error().what << '\n';
    return kTrouble;
  }
  if (question.json) {
    print_json(run);
  } else {
    print_text(run, "since " + iso_time(*filter.from));
  }
  if (cut) std::cerr << "weir: the newest " << question.limit << "; more with --limit\n";
  return run.changed() == 0 ? 0 : kProblem;
}

}  // namespace

void add_policy(CLI::App& cli, int& exit_code) {
  auto* policy = cli.add_subcommand("policy", "policies that are not in force yet");
  policy->require_subcommand(1);
  auto* command = policy->add_subcommand(
      "dry-run",
      "the last traffic judged by another policy: what would be decided otherwise, by which rules. "
      "Exit code: 0 nothing, 1 something, 2 wrong usage, 3 it could not be done");
  auto q = std::make_shared<DryRunQuestion>();
  command->add_option("policy", q->proposed, "the policy file to try")->required();
  command->add_option("--since", q->since, "like 1h, 7d, 2026-11-23T12:30 (UTC)")
      ->capture_default_str();
  command->add_option("--until", q->until, "likewise");
  command->add_option("--limit", q->limit, "transactions at most")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_flag("--json", q->json, "for programs");
  command->callback([q, &exit_code] { exit_code = dry_run(*q); });
}

}  // namespace weir
