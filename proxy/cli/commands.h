// The subcommands of the weir program. Each registers its options with the command line and sets
// the exit code that its callback came to. Exit codes: 0 well, 1 a problem was found, 2 wrong
// usage, 3 it could not be done; `scan` has its own (see its help).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "policy/policy.h"

namespace CLI {
class App;
}

namespace weir {

inline constexpr int kProblem = 1;
inline constexpr int kUsage = 2;
inline constexpr int kTrouble = 3;

void add_run(CLI::App& cli, int& exit_code);
void add_check(CLI::App& cli, int& exit_code);
void add_explain(CLI::App& cli, int& exit_code);
void add_scan(CLI::App& cli, int& exit_code);
void add_ca(CLI::App& cli, int& exit_code);
void add_verify_chain(CLI::App& cli, int& exit_code);
void add_passwd(CLI::App& cli, int& exit_code);
void add_bypass_candidates(CLI::App& cli, int& exit_code);
void add_listing(CLI::App& cli, int& exit_code);
void add_feeds(CLI::App& cli, int& exit_code);
void add_sandbox(CLI::App& cli, int& exit_code);
void add_history(CLI::App& cli, int& exit_code);
void add_timeline(CLI::App& cli, int& exit_code);
void add_events(CLI::App& cli, int& exit_code);
void add_policy(CLI::App& cli, int& exit_code);
void add_api(CLI::App& cli, int& exit_code);
void add_retro(CLI::App& cli, int& exit_code);
void add_quarantine(CLI::App& cli, int& exit_code);
void add_doctor(CLI::App& cli, int& exit_code);
void add_backup(CLI::App& cli, int& exit_code);  // and restore

// conf/weir.yaml from where the user is; of an installed program /etc/weir/weir.yaml.
std::string default_config();

std::string events_file(const Settings& settings);  // the newest of the event log

void print_problems(const std::vector<Diagnostic>& problems);  // to stderr, a line each
// The mistakes of the list of feeds, by weir-feeds; true: none, or no list.
bool feeds_are_right(const Settings& settings);
// Whether a helper, words[0], ends well; what it says goes where ours does.
bool helper_succeeds(std::vector<std::string> words);
// What weir scan does with these files, by path, each under another name; its exit code.
int scan_named(const std::string& config, const std::map<std::string, std::string>& names,
               bool json);
// Of weir-sign, weir-scan and weir-feeds: beside this program, or ../libexec/weir when installed.
std::string helper_folder();

}  // namespace weir
