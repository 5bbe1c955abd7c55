// weir feeds …: weir-feeds does it, for the folder and the list that the settings name. It parses
// what strangers wrote, so it is a program of its own.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "conf/load.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

const std::string kProgram = "weir-feeds";

std::vector<std::string> command(const Settings& settings) {
  return {helper_folder() + "/" + kProgram, "--list", settings.feeds_file, "--folder",
          settings.state_dir + "/feeds"};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

int pass_on(const std::string& config, const std::vector<std::string>& words) {
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return kProblem;
  if (settings->feeds_file.empty()) {
    std::cerr << "weir feeds: " << config << " names no feeds_file\n";
    return kProblem;
  }
  std::vector<std::string> all = command(*settings);
  all.insert(all.end(), words.begin(), words.end());
  const std::vector<char*> argv = pointers(all);
  ::execv(argv[0], argv.data());
  std::cerr << "weir feeds: " << all[0] << ": " << std::strerror(errno) << '\n';
  return kTrouble;
}

struct FeedsWords {
  std::string config = default_config();
  std::vector<std::string> names;
};

}  // namespace

bool feeds_are_right(const Settings& settings) {
  if (settings.feeds_file.empty()) return true;
  std::vector<std::string> all = command(settings);
  all[0] = kProgram;
  all.emplace_back("check");
  return helper_succeeds(std::move(all));
}

void add_feeds(CLI::App& cli, int& exit_code) {
  auto* feeds = cli.add_subcommand("feeds", "the reputation feeds: state, refresh, search");
  feeds->require_subcommand(1);
  auto words = std::make_shared<FeedsWords>();
  feeds->add_option("-c,--config", words->config, "settings file")->capture_default_str();
  const auto add = [&](const std::string& name, const char* help, const char* argument, int least,
                       int most) {
    auto* command = feeds->add_subcommand(name, help);
    command->fallthrough();
    if (most != 0) command->add_option(argument, words->names, "")->expected(least, most);
    command->callback([words, name, &exit_code] {
      std::vector<std::string> all{name};
      all.insert(all.end(), words->names.begin(), words->names.end());
      exit_code = pass_on(words->config, all);
    });
  };
  constexpr int kMany = 500;
  add("status", "each feed: state, entries, age, what is wrong", "", 0, 0);
  add("refresh", "fetch now, all or the named ones", "name", 0, kMany);
  add("search", "who lists this host, URL, address, range or digest", "indicator", 1, 1);
  add("diff", "what the last update of a feed changed", "name", 1, 1);
  add("accept", "take what is in quarantine, after you have looked at it", "name", 1, kMany);
  add("formats", "what 'format' may be in the list of feeds", "", 0, 0);
}

}  // namespace weir
