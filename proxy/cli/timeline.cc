// weir timeline: what one endpoint did before and after a time or an event, in the order of time,
// with links into other tools.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "conf/when.h"
#include "core/escape.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/history.h"
#include "proxy/history_question.h"
#include "proxy/history_rows.h"

namespace weir {
namespace {

struct TimelineQuestion {
  std::string config = default_config();
  std::string who, event, around;
  unsigned minutes = 5;
  std::size_t limit = 10'000;
  RowFormat format;
};

struct Window {
  HistoryFilter filter;
  WallTime around{};
};

// The row of an event, near the time that its id tells.
int find_event(HistoryAsker& asker, const std::string& id, std::optional<DeliveryRecord>& into) {
  HistoryFilter filter;
  if (!ask_for_event(filter, id)) {
    std::cerr << "weir: " << escape_for_terminal(id) << " is no event id\n";
    return kUsage;
  }
  if (const int bad = asker.rows(filter, 1, [&](const DeliveryRecord& row) { into = row; })) {
    return bad;
  }
  if (into) return 0;
  std::cerr << "weir: event " << id << " is not in the history\n";
  return kProblem;
}

int window_of(HistoryAsker& asker, const TimelineQuestion& question, Window& window) {
  window.around = asker.clock().wall();
  if (!question.event.empty()) {
    std::optional<DeliveryRecord> row;
    if (const int bad = find_event(asker, question.event, row)) return bad;
    window.around = row->time;
    window.filter.client = row->client;
  }
  if (!question.who.empty()) {
    window.filter = {};
    ask_for_whom(window.filter, question.who);
  }
  if (!question.around.empty()) {
    const auto time = parse_when(question.around, asker.clock().wall());
    if (!time) {
      std::cerr << "weir: --around " << escape_for_terminal(question.around) << " is no time\n";
      return kUsage;
    }
    window.around = *time;
  }
  window.filter.from = window.around - std::chrono::minutes(question.minutes);
  window.filter.to = window.around + std::chrono::minutes(question.minutes);
  return 0;
}

void print(const TimelineQuestion& question, const LinkSettings& templates,
           const DeliveryRecord& row) {
  const NamedLinks links = links_of(templates, row, std::chrono::minutes(question.minutes));
  if (question.format.json) {
    std::cout << row_json(row, links);
    return;
  }
  if (question.format.csv) {
    std::cout << row_csv(row);
    return;
  }
  const bool marked = !question.event.empty() && row.event_id == question.event;
  std::cout << (marked ? "> " : "  ") << row_text(row);
  for (const auto& [name, url] : links) std::cout << "      " << name << ": " << url << '\n';
}

int show(const TimelineQuestion& question) {
  if (question.who.empty() && question.event.empty()) {
    std::cerr << "weir: name a client or a user, or an event by --event\n";
    return kUsage;
  }
  std::unique_ptr<HistoryAsker> asker;
  if (const int bad = HistoryAsker::open(question.config, asker)) return bad;
  Window window;
  if (const int bad = window_of(*asker, question, window)) return bad;
  std::vector<DeliveryRecord> rows;
  const auto take = [&](const DeliveryRecord& row) { rows.push_back(row); };
  if (const int bad = asker->rows(window.filter, question.limit, take)) return bad;
  std::ranges::reverse(rows);
  if (question.format.csv) std::cout << csv_head();
  for (const DeliveryRecord& row : rows) print(question, asker->settings().links, row);
  if (rows.size() == question.limit) {
    std::cerr << "weir: the last " << question.limit << "; more with --limit\n";
  }
  return rows.empty() ? kProblem : 0;
}

}  // namespace

void add_timeline(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "timeline",
      "what a client or user did around a time or an event, with the links of 'links' in the "
      "settings. Exit code: 0 rows were found, 1 there are none, 2 wrong usage, 3 it could not be "
      "read");
  auto q = std::make_shared<TimelineQuestion>();
  command->add_option("who", q->who, "address of a client, or a user");
  command->add_option("--event", q->event, "event id: around it, for its client");
  command->add_option("--around", q->around, "like 2h, 2026-11-23T12:30 (UTC); without: now");
  command->add_option("--minutes", q->minutes, "before and after")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--limit", q->limit, "rows at most")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  q->format.add_options(*command);
  command->callback([q, &exit_code] { exit_code = show(*q); });
}

}  // namespace weir
