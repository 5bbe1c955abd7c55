// weir doctor: is this installation well, and how is each thing mended?
#include "proxy/doctor/doctor.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "conf/load.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

constexpr int kErrors = 2;

struct DoctorQuestion {
  std::string config = default_config();
  std::string dns_name = "example.com";
  bool json = false;
};

int print(const Checkup& checkup, bool json) {
  std::cout << (json ? checkup.json() : checkup.text());
  return checkup.exit_code();
}

int examine_installation(const DoctorQuestion& question) {
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(question.config, problems);
  if (!settings) {
    Checkup checkup;
    for (const Diagnostic& problem : problems) {
      checkup.error("settings", problem.text(), "mend " + question.config);
    }
    print(checkup, question.json);
    return kErrors;
  }
  return print(examine({.settings = *settings,
                        .config = question.config,
                        .helper_dir = helper_folder(),
                        .now = SystemClock().wall(),
                        .dns_name = question.dns_name,
                        .running_pid = 0,
                        .addresses = {}}),
               question.json);
}

}  // namespace

void add_doctor(CLI::App& cli, int& exit_code) {
  auto* command =
      cli.add_subcommand("doctor", "check this installation and say how to mend what is not right");
  command->footer("Exit codes: 0 all is well, 1 warnings, 2 errors.");
  auto q = std::make_shared<DoctorQuestion>();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_option("--dns-name", q->dns_name, "a name to ask each name server for")
      ->capture_default_str();
  command->add_flag("--json", q->json, "for programs");
  command->callback([q, &exit_code] { exit_code = examine_installation(*q); });
}

}  // namespace weir
