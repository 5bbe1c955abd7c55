// weir run: starts the gateway and tells a person what to do next.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "conf/load.h"
#include "core/json_writer.h"
#include "proxy/api/api.h"
#include "proxy/app.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

// By default the heap of a thread gives a few pages back at every other connection and asks for
// them at the next: four system calls for each new host.
void settle_heaps() {
  constexpr int kStep = 1 << 20, kKeep = 16 << 20;
  ::mallopt(M_TOP_PAD, kStep);
  ::mallopt(M_TRIM_THRESHOLD, kKeep);
}

std::string addresses_json(const App& app) {
  std::string out = "{\"proxy\":[";
  for (const Endpoint& endpoint : app.proxy_endpoints()) {
    if (out.back() != '[') out += ',';
    out += json_quote(endpoint.text());
  }
  return out + "],\"admin\":" + json_quote(app.admin_endpoint().text()) +
         ",\"pid\":" + std::to_string(::getpid()) + "}\n";
}

// Whole or not at all: a reader never sees half of it.
void write_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream(fresh) << text;
  std::error_code ignored;
  std::filesystem::rename(fresh, path, ignored);
}

void greet(const App& app, const std::string& state_dir) {
  const std::string proxy = app.proxy_endpoints().front().text();
  const std::string admin = "http://" + app.admin_endpoint().text();
  const std::string ca = app.ca_file();
  const std::string curl = "curl --proxy http://" + proxy + " --cacert " + ca + " ";
  std::cout
      << "weir " WEIR_VERSION " is running.\n\n"
      << "  proxy    " << proxy << "\n"
      << "  PAC URL  " << admin << "/proxy.pac\n"
      << "  CA file  " << ca << "   (also " << admin << "/ca.pem, /ca.cer)\n"
      << "  events   " << state_dir << "/events.jsonl\n\n"
      << "Try it (no internet needed):\n"
      << "  passes:  " << curl << "https://demo.weir.test/hello.txt\n"
      << "  blocked: " << curl << "https://demo.weir.test/eicar.com\n"
      << "  unknown: " << curl << "https://demo.weir.test/setup.sh   (run in a sandbox first)\n"
      << "  unknown: " << curl << "https://demo.weir.test/update.sh  (does harm there)\n\n"
      << "Trust the CA, then point a browser at the PAC URL:\n"
      << "  Debian, Ubuntu   sudo cp " << ca
      << " /usr/local/share/ca-certificates/weir.crt && sudo update-ca-certificates\n"
      << "  Chromium         certutil -A -d sql:$HOME/.pki/nssdb -n weir -t \"C,,\" -i " << ca
      << "\n"
      << "  Firefox          Settings > Privacy & Security > View Certificates > Authorities >"
         " Import\n"
      << "  Windows          certutil -addstore Root ca.cer   (as administrator)\n"
      << "  macOS            sudo security add-trusted-cert -d -r trustRoot -k "
         "/Library/Keychains/System.keychain ca.pem\n"
      << std::endl;
}

int run_gateway(const std::string& config) {
  settle_heaps();
  std::vector<Diagnostic> problems;
  auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return kProblem;
  const SystemClock clock;
  Log log(STDERR_FILENO, log_level_from_name(settings->log.level).value_or(LogLevel::info), clock);
  const std::string state_dir = settings->state_dir;
  auto app = App::start({std::move(*settings), config, helper_folder(), make_admin_api}, log);
  if (!app) {
    std::cerr << "weir: " << app.error().what << '\n';
    return kTrouble;
  }
  write_file(state_dir + "/weir.pid", std::to_string(::getpid()) + "\n");
  write_file(state_dir + "/run.json", addresses_json(**app));
  greet(**app, state_dir);
  (*app)->run();
  std::error_code ignored;
  std::filesystem::remove(state_dir + "/run.json", ignored);
  std::filesystem::remove(state_dir + "/weir.pid", ignored);
  return 0;
}

}  // namespace

void add_run(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand("run", "start the gateway; SIGTERM drains, SIGHUP reloads");
  auto config = std::make_shared<std::string>(default_config());
  command->add_option("-c,--config", *config, "settings file")->capture_default_str();
  command->callback([config, &exit_code] { exit_code = run_gateway(*config); });
}

}  // namespace weir
