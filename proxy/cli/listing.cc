// weir block, weir allow, weir unlist, weir listed: what people here decide about hosts, URLs,
// addresses and files. Each writes the local list and then the index, which a running gateway takes
// within a second.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "conf/load.h"
#include "conf/units.h"
#include "core/escape.h"
#include "core/log.h"
#include "feeds/local_index.h"
#include "feeds/local_list.h"
#include "proxy/cli/commands.h"

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

struct Place {
  std::string folder;
  std::string list() const { return folder + "/local.json"; }
};

std::optional<Place> place_of(const std::string& config) {
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return std::nullopt;
  Place place{settings->state_dir + "/feeds"};
  std::error_code error;
  std::filesystem::create_directories(place.folder, error);
  std::filesystem::permissions(place.folder, std::filesystem::perms::owner_all, error);
  return place;
}

int change(const Question& question, const std::function<Result<bool>(LocalList&)>& apply) {
  const auto place = place_of(question.config);
  if (!place) return kProblem;
  auto list = LocalList::load(place->list());
  if (!list) return say(list.error());
  const WallTime now = SystemClock().wall();
  list->drop_expired(now);
  const auto changed = apply(*list);
  if (!changed) return say(changed.error());
  if (!*changed) {
    std::cerr << "weir: " << escape_for_terminal(question.indicator) << " is not on the list\n";
    return kProblem;
  }
  if (auto saved = list->save(place->list()); !saved) return say(saved.error());
  const auto summary = write_local_index(place->folder, *list, now);
  if (!summary) return say(summary.error());
  std::cout << list->entries().size() << " entries, in force within a second\n";
  return 0;
}

int put(const Question& question, bool allow) {
  auto entry = local_entry(question.indicator);
  if (!entry) {
    std::cerr << "weir: " << entry.error().what << '\n';
    return kUsage;
  }
  const auto lasting = question.lasting.empty() ? std::optional(std::chrono::milliseconds(0))
                                                : parse_duration(question.lasting);
  if (!lasting) {
    std::cerr << "weir: --for " << question.lasting << " is no duration, like 24h or 7d\n";
    return kUsage;
  }
  const WallTime now = SystemClock().wall();
  entry->allow = allow;
  entry->added = now;
  entry->why = question.why;
  if (*lasting > std::chrono::milliseconds(0)) entry->expiry = now + *lasting;
  return change(question, [&](LocalList& list) -> Result<bool> {
    if (auto added = list.put(std::move(*entry)); !added) return pass(std::move(added));
    return true;
  });
}

int remove(const Question& question) {
  const auto entry = local_entry(question.indicator);
  if (!entry) {
    std::cerr << "weir: " << entry.error().what << '\n';
    return kUsage;
  }
  return change(question, [&](LocalList& list) -> Result<bool> {
    return list.remove(entry->kind, entry->value);
  });
}

int print(const Question& question) {
  const auto place = place_of(question.config);
  if (!place) return kProblem;
  const auto list = LocalList::load(place->list());
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
