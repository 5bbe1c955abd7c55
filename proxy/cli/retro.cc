// weir retro: puts the history to what feeds and sandboxes say now, and prints who got what. Reads
// only, whether or not the gateway runs; what it finds is not remembered as told.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <set>

#include "conf/when.h"
#include "core/escape.h"
#include "core/log.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/history.h"
#include "proxy/index_watch.h"
#include "proxy/retro_match.h"

namespace weir {
namespace {

constexpr std::size_t kMostSuspects = 100'000;

struct RetroQuestion {
  std::string config = default_config();
  std::string since;
  bool json = false, no_urls = false;
};

struct Found {
  std::vector<Suspect> suspects;
  std::set<std::string> keys;

  bool add(Suspect suspect) {
    if (keys.insert(suspect.key()).second) suspects.push_back(std::move(suspect));
    return suspects.size() < kMostSuspects;
  }
};

// What sandboxes have called malicious, if there is a memory of them.
Result<> ask_sandboxes(HistoryAsker& asker, Found& found) {
  const std::string path = asker.settings().state_dir + "/sandbox/verdicts.sqlite";
  if (::access(path.c_str(), F_OK) != 0) return {};
  auto memory = VerdictMemory::open(path, {}, asker.clock());
  if (!memory) return pass(std::move(memory));
  return asker.history().each_hash([&](const std::string& sha256) {
    const auto verdict = (*memory)->find(sha256);
    const bool bad = verdict && verdict->verdict == Verdict::malicious;
    return !bad || found.add(suspect_of(sha256, *verdict));
  });
}

void print_text(const Suspect& suspect, const Sightings& sightings) {
  std::cout << suspect.kind << " " << escape_for_terminal(suspect.value) << "\n  listed as "
            << escape_for_terminal(suspect.indicator) << " by "
            << escape_for_terminal(suspect.source) << ": " << escape_for_terminal(suspect.threat)
            << "\n  deliveries: " << sightings.deliveries
            << (sightings.complete ? "" : " (there are more)") << '\n';
  for (const Receipt& one : sightings.receipts) {
    std::cout << "    " << iso_time(one.first) << "  " << one.client << "  "
              << (one.user.empty() ? "-" : escape_for_terminal(one.user)) << "  x" << one.times
              << "  " << escape_for_terminal(one.url, 200)
              << (one.inside ? "  inside sha256:" + one.sha256 : std::string()) << "  "
              << one.event_id << '\n';
  }
}

// How many suspects somebody got; negative: it could not be read.
int print_all(HistoryAsker& asker, const Found& found, WallTime since, bool json) {
  int got = 0;
  for (const Suspect& suspect : found.suspects) {
    const auto sightings = who_got(asker.history(), suspect, since);
    if (!sightings) {
      std::cerr << "weir: " << sightings.error().what << '\n';
      return -1;
    }
    if (sightings->deliveries == 0) continue;
    ++got;
    if (json) {
      std::cout << notice_line(patient_zero(suspect, *sightings, asker.clock().wall())) << '\n';
    } else {
      print_text(suspect, *sightings);
    }
  }
  return got;
}

int retro(const RetroQuestion& question) {
  std::unique_ptr<HistoryAsker> asker;
  if (const int bad = HistoryAsker::open(question.config, asker)) return bad;
  const WallTime now = asker->clock().wall();
  const auto since =
      question.since.empty() ? std::optional(WallTime{}) : parse_when(question.since, now);
  if (!since) {
    std::cerr << "weir: --since " << escape_for_terminal(question.since) << " is no time\n";
    return kUsage;
  }
  Log log(STDERR_FILENO, LogLevel::error, asker->clock());
  auto index = IndexWatch(asker->settings().state_dir + "/feeds", log).look();
  if (!index) index = Index::empty();
  const LookBack about{*index, nullptr, now, !question.no_urls, nullptr};
  Found found;
  Result<> done = find_suspects(asker->history(), about,
                                [&](Suspect suspect) { return found.add(std::move(suspect)); });
  if (done) done = ask_sandboxes(*asker, found);
  if (!done) {
    std::cerr << "weir: " << done.error().what << '\n';
    return kTrouble;
  }
  const int got = print_all(*asker, found, *since, question.json);
  if (got < 0) return kTrouble;
  if (!question.json) std::cout << got << " found\n";
  return got == 0 ? 0 : kProblem;
}

}  // namespace

void add_retro(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "retro",
      "who got what is known as bad by now: the history against feeds, the local list and sandbox "
      "verdicts. Exit code: 0 nobody, 1 somebody did, 2 wrong usage, 3 it could not be read");
  auto q = std::make_shared<RetroQuestion>();
  command->add_option("--since", q->since, "like 7d or 2026-11-23 (UTC); without: all");
  command->add_flag("--no-urls", q->no_urls, "hashes and hosts only, which is quicker");
  command->add_flag("--json", q->json, "one notice a line, as in the event log");
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->callback([q, &exit_code] { exit_code = retro(*q); });
}

}  // namespace weir
