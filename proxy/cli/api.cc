// weir api: tokens for the JSON API.
#include <CLI/CLI.hpp>
#include <iostream>

#include "core/escape.h"
#include "core/random.h"
#include "proxy/api/tokens.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

// The line to standard output, for `>> tokens.yaml`; the secret beside it, once.
int make_token(const std::string& name, const std::string& role) {
  if (!is_api_name(name)) {
    std::cerr << "weir: " << escape_for_terminal(name)
              << " is no name: 1 to 64 letters, digits, '.', '-' or '_'\n";
    return kUsage;
  }
  SystemRandom random;
  const std::string token = new_api_token(random);
  std::cerr << token << '\n';
  std::cout << api_token_line(name, *api_role_from_name(role), token);
  return 0;
}

}  // namespace

void add_api(CLI::App& cli, int& exit_code) {
  auto* api = cli.add_subcommand("api", "the JSON API on the admin listener");
  api->require_subcommand(1);
  auto* command = api->add_subcommand(
      "token",
      "make a token: its line for api.tokens_file to standard output, the token itself, which is "
      "shown only now, to standard error");
  auto name = std::make_shared<std::string>(), role = std::make_shared<std::string>("reader");
  command->add_option("name", *name, "whose; it is in the audit log")->required();
  command->add_option("--role", *role, "reader: asks; operator: changes, too")
      ->check(CLI::IsMember({"reader", "operator"}))
      ->capture_default_str();
  command->callback([name, role, &exit_code] { exit_code = make_token(*name, *role); });
}

}  // namespace weir
