// weir history: who got this hash, who visited this host, what did this client or user get. Reads
// the files of the history, whether or not the gateway runs.
#include "proxy/cli/history.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "conf/load.h"
#include "conf/when.h"
#include "core/escape.h"
#include "proxy/cli/commands.h"
#include "proxy/history_keeper.h"
#include "proxy/history_question.h"
#include "proxy/history_rows.h"

namespace weir {
namespace {

struct HistoryQuestion {
  std::string config = default_config();
  std::string value, since, until;
  std::size_t limit = 1000;
  RowFormat format;
};

bool set_time(const std::string& text, std::string_view name, std::optional<WallTime>& into) {
  if (text.empty()) return true;
  into = parse_when(text, SystemClock().wall());
  if (!into) {
    std::cerr << "weir: --" << name << " " << escape_for_terminal(text)
              << " is no time, like 7d, 2026-11-23 or 2026-11-23T12:30\n";
  }
  return into.has_value();
}

int ask(const HistoryQuestion& question, const std::string& kind) {
  HistoryFilter filter;
  if (!ask_for(filter, kind, question.value)) {
    std::cerr << "weir: " << escape_for_terminal(question.value) << " is no " << kind << '\n';
    return kUsage;
  }
  if (!set_time(question.since, "since", filter.from) ||
      !set_time(question.until, "until", filter.to)) {
    return kUsage;
  }
  std::unique_ptr<HistoryAsker> asker;
  if (const int bad = HistoryAsker::open(question.config, asker); bad != 0) return bad;
  return asker->print(filter, question.limit, question.format);
}

}  // namespace

void RowFormat::add_options(CLI::App& command) {
  auto* as_json = command.add_flag("--json", json, "one JSON object a line");
  command.add_flag("--csv", csv, "for a spreadsheet")->excludes(as_json);
}

int HistoryAsker::open(const std::string& config, std::unique_ptr<HistoryAsker>& into) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return kTrouble;
  auto asker = std::unique_ptr<HistoryAsker>(new HistoryAsker(std::move(*settings)));
  auto history = History::attach(history_folder(asker->settings_),
                                 history_options(asker->settings_.history), asker->clock_);
  if (!history) {
    std::cerr << "weir: there is no history: " << history.error().what << '\n';
    return kTrouble;
  }
  if (const auto bad = (*history)->counts().last_error; !bad.empty()) {
    std::cerr << "weir: left out: " << bad << '\n';
  }
  asker->history_ = std::move(*history);
  into = std::move(asker);
  return 0;
}

int HistoryAsker::rows(const HistoryFilter& filter, std::size_t most,
                       const std::function<void(const DeliveryRecord&)>& visit) {
  constexpr std::size_t kPageRows = 2000;
  HistoryPage page;
  for (std::size_t done = 0; done < most;) {
    page.rows = std::min(kPageRows, most - done);
    const auto some = history_->search(filter, page);
    if (!some) {
      std::cerr << "weir: " << some.error().what << '\n';
      return kTrouble;
    }
    for (const DeliveryRecord& row : some->rows) visit(row);
    done += some->rows.size();
    page.before = some->next;
    if (page.before == 0) return 0;
  }
  return 0;
}

int HistoryAsker::print(const HistoryFilter& filter, std::size_t most, const RowFormat& format) {
  std::size_t count = 0;
  if (format.csv) std::cout << csv_head();
  const int bad = rows(filter, most, [&](const DeliveryRecord& row) {
    ++count;
    std::cout << (format.json ? row_json(row) : format.csv ? row_csv(row) : row_text(row));
  });
  if (bad != 0) return bad;
  if (count == most) std::cerr << "weir: the newest " << most << "; more with --limit\n";
  return count == 0 ? kProblem : 0;
}

void add_history(CLI::App& cli, int& exit_code) {
  auto* history = cli.add_subcommand(
      "history",
      "who got what, the newest first. Exit code: 0 rows were found, 1 there are none, 2 wrong "
      "usage, 3 it could not be read");
  history->require_subcommand(1);
  const struct {
    const char* name;
    const char* help;
  } kinds[] = {{"hash", "who got the file with this SHA-256"},
               {"host", "who visited this host"},
               {"domain", "who visited this registrable domain, any host below it"},
               {"client", "what went to this address"},
               {"user", "what went to this user"},
               {"url", "whose URLs have this part; reads each row"},
               {"file", "which files have this in their names; reads each row"}};
  for (const auto& kind : kinds) {
    auto* command = history->add_subcommand(kind.name, kind.help);
    auto q = std::make_shared<HistoryQuestion>();
    command->add_option("value", q->value, "what to look for")->required();
    command->add_option("--since", q->since, "like 7d, 2026-11-23 or 2026-11-23T12:30 (UTC)");
    command->add_option("--until", q->until, "likewise");
    command->add_option("--limit", q->limit, "rows at most")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
    q->format.add_options(*command);
    command->callback(
        [q, name = std::string(kind.name), &exit_code] { exit_code = ask(*q, name); });
  }
}

}  // namespace weir
