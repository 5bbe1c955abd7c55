// weir block, weir allow, weir unlist, weir listed: what people here decide about hosts, URLs,
// addresses and files. Each writes the local list and then the index, which a running gateway takes
// within a second.
#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>

#include "conf/load.h"
#include "core/escape.h"
#include "core/log.h"
#include "proxy/cli/commands.h"
#include "proxy/local_lists.h"

namespace weir {
namespace {

struct Question {
  std::string config = default_config();
  std::string indicator, lasting, why;
};

int say(const Error& error) {
  std::cerr << "weir: " << error.what << '\n';
  return kTrouble;
}

std::optional<Settings> settings_of(const Question& question) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(question.config, problems);
  print_problems(problems);
  return settings;
}

int tell(const Result<LocalEntry>& done) {
  if (done) {
    std::cout << "done, in force within a second\n";
    return 0;
  }
  (void)say(done.error());
  if (done.error().code == Errc::invalid) return kUsage;
  return done.error().code == Errc::not_found ? kProblem : kTrouble;
}

int put(const Question& question, bool allow) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  return tell(put_on_local_list(*settings,
                                {question.indicator, allow, question.lasting, question.why},
                                SystemClock().wall()));
}

int remove(const Question& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  return tell(take_off_local_list(*settings, question.indicator, SystemClock().wall()));
}

int print(const Question& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const auto list = LocalList::load(local_list_path(*settings));
  if (!list) return say(list.error());
  for (const LocalEntry& entry : list->entries()) {
    std::cout << (entry.allow ? "allow  " : "block  ") << std::left << std::setw(12)
              << indicator_kind_name(entry.kind) << entry.value << "  since "
              << iso_time(entry.added)
              << (entry.expiry == WallTime{} ? "" : "  until " + iso_time(entry.expiry))
              << (entry.why.empty() ? "" : "  " + escape_for_terminal(entry.why)) << '\n';
  }
  return 0;
}

void add_put(CLI::App& cli, int& exit_code, const char* name, const char* help, bool allow) {
  auto* command = cli.add_subcommand(name, help);
  auto q = std::make_shared<Question>();
  command->add_option("indicator", q->indicator, "host, URL, address, range or file digest")
      ->required();
  command->add_option("--for", q->lasting, "how long, like 24h or 7d; without: until unlisted");
  command->add_option("--why", q->why, "the reason, for the event and for others");
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->callback([q, allow, &exit_code] { exit_code = put(*q, allow); });
}

}  // namespace

void add_listing(CLI::App& cli, int& exit_code) {
  add_put(cli, exit_code, "block", "block a host, URL, address or file here, whatever feeds say",
          false);
  add_put(cli, exit_code, "allow", "let a host, URL, address or file pass, whatever feeds say",
          true);
  auto* unlist = cli.add_subcommand("unlist", "take back a block or an allow");
  auto u = std::make_shared<Question>();
  unlist->add_option("indicator", u->indicator, "as it was given")->required();
  unlist->add_option("-c,--config", u->config, "settings file")->capture_default_str();
  unlist->callback([u, &exit_code] { exit_code = remove(*u); });
  auto* listed = cli.add_subcommand("listed", "print what is blocked and allowed here");
  auto l = std::make_shared<Question>();
  listed->add_option("-c,--config", l->config, "settings file")->capture_default_str();
  listed->callback([l, &exit_code] { exit_code = print(*l); });
}

}  // namespace weir
