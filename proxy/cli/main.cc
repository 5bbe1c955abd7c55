// The program weir: an inline secure web gateway, and the tools around it.
#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "proxy/cli/commands.h"

namespace weir {

void print_problems(const std::vector<Diagnostic>& problems) {
  for (const Diagnostic& problem : problems) std::cerr << problem.text() << '\n';
}

namespace {

// Where a package puts the helpers, as seen from the folder of this program.
constexpr const char* kInstalledHelpers = "../libexec/weir";
constexpr const char* kInstalledConfig = "/etc/weir/weir.yaml";

std::filesystem::path own_folder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path(".") : self.parent_path();
}

bool has_helpers(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / "weir-sign", error);
}

bool installed() {
  return !has_helpers(own_folder()) && has_helpers(own_folder() / kInstalledHelpers);
}

}  // namespace

std::string helper_folder() {
  if (!installed()) return own_folder().string();
  return (own_folder() / kInstalledHelpers).lexically_normal().string();
}

std::string default_config() { return installed() ? kInstalledConfig : "conf/weir.yaml"; }

}  // namespace weir

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App cli(
      "weir: a secure web gateway. It opens the TLS, looks at every file inside, and decides\n"
      "before the file reaches the disk.\n\n"
      "First steps:  weir run          start the gateway; it prints what to do next\n"
      "              weir check        is the configuration right, and does the policy do what it\n"
      "                                promises?\n"
      "              weir explain URL  what would happen to this URL, and which rule says so?");
  cli.set_version_flag("--version", "weir " WEIR_VERSION);
  cli.require_subcommand(1);
  cli.footer("Exit codes: 0 well, 1 a problem was found, 2 wrong usage, 3 it could not be done.");
  int exit_code = 0;
  weir::add_run(cli, exit_code);
  weir::add_check(cli, exit_code);
  weir::add_explain(cli, exit_code);
  weir::add_scan(cli, exit_code);
  weir::add_ca(cli, exit_code);
  weir::add_verify_chain(cli, exit_code);
  weir::add_passwd(cli, exit_code);
  weir::add_bypass_candidates(cli, exit_code);
  weir::add_listing(cli, exit_code);
  weir::add_feeds(cli, exit_code);
  weir::add_sandbox(cli, exit_code);
  weir::add_history(cli, exit_code);
  weir::add_events(cli, exit_code);
  weir::add_policy(cli, exit_code);
  weir::add_timeline(cli, exit_code);
  weir::add_retro(cli, exit_code);
  weir::add_quarantine(cli, exit_code);
  weir::add_doctor(cli, exit_code);
  weir::add_backup(cli, exit_code);
  weir::add_api(cli, exit_code);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : weir::kUsage;
  } catch (const std::exception& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return weir::kTrouble;
  }
  return exit_code;
}
