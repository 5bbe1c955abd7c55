// weir backup and weir restore: the state of a gateway in one file, and back.
#include "proxy/backup/backup.h"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "conf/load.h"
#include "conf/text_file.h"
#include "proxy/cli/commands.h"
#include "proxy/doctor/checkup.h"
#include "proxy/doctor/doctor.h"

namespace weir {
namespace {

struct BackupQuestion {
  std::string config = default_config();
  std::string file, passphrase_file, state_dir, settings_dir;
  bool without_keys = false, without_history = false;
};

int say(const Error& error) {
  std::cerr << "weir: " << error.what << '\n';
  return kTrouble;
}

// Asked for without showing it, where there is a terminal.
std::string typed_line() {
  termios before{};
  const bool terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    std::cerr << "passphrase for the keys: ";
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << '\n';
  }
  return line;
}

// One line, blanks and all.
Result<std::string> passphrase_of(const BackupQuestion& question) {
  constexpr std::uint64_t kMost = 4096;
  if (question.without_keys) return std::string();
  std::string line;
  if (question.passphrase_file.empty()) {
    line = typed_line();
  } else {
    auto text = read_text_file(question.passphrase_file, kMost);
    if (!text) return pass(std::move(text));
    line = text->substr(0, text->find('\n'));
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) {
    return fail(Errc::invalid, Fault::config,
                "the keys need a passphrase: on standard input, in --passphrase-file, or "
                "--without-keys");
  }
  return line;
}

int back_up(const BackupQuestion& question) {
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(question.config, problems);
  print_problems(problems);
  if (!settings) return kProblem;
  auto passphrase = passphrase_of(question);
  if (!passphrase) return say(passphrase.error());
  SystemRandom random;
  const auto done = make_backup({.settings = *settings,
                                 .config = question.config,
                                 .file = question.file,
                                 .passphrase = *passphrase,
                                 .history = !question.without_history},
                                SystemClock(), random);
  if (!done) return say(done.error());
  std::cout << question.file << ": " << size_in_words(done->bytes) << ", " << done->files.size()
            << " files, " << done->keys.size() << " keys sealed\n";
  for (const std::string& name : done->without) std::cout << "left out: " << name << '\n';
  return 0;
}

bool runs(const Settings& settings) {
  Patient patient{.settings = settings,
                  .config = {},
                  .helper_dir = {},
                  .now = {},
                  .dns_name = {},
                  .running_pid = 0,
                  .addresses = {}};
  find_running(patient);
  return patient.running_pid != 0;
}

int restore(const BackupQuestion& question) {
  std::string state_dir = question.state_dir;
  if (state_dir.empty()) {
    std::vector<Diagnostic> problems;
    const auto settings = load_settings(question.config, problems);
    print_problems(problems);
    if (!settings) return kProblem;
    state_dir = settings->state_dir;
  }
  Settings target;
  target.state_dir = state_dir;
  if (runs(target)) {
    std::cerr << "weir: a gateway runs on " << state_dir << "; stop it first\n";
    return kTrouble;
  }
  auto passphrase = passphrase_of(question);
  if (!passphrase) return say(passphrase.error());
  SystemRandom random;
  const auto done = restore_backup({.file = question.file,
                                    .state_dir = state_dir,
                                    .settings_dir = question.settings_dir,
                                    .passphrase = *passphrase},
                                   random);
  if (!done) return say(done.error());
  std::cout << "restored to " << state_dir << ": " << done->files.size() << " files of "
            << done->created << ", weir " << done->program << '\n';
  for (const std::string& file : done->files) std::cout << "  " << file << '\n';
  for (const std::string& note : done->notes) std::cout << "not restored: " << note << '\n';
  return 0;
}

}  // namespace

void add_backup(CLI::App& cli, int& exit_code) {
  auto q = std::make_shared<BackupQuestion>();
  const auto add = [&](const char* name, const char* help, const char* file_help,
                       int (*run)(const BackupQuestion&)) {
    auto* command = cli.add_subcommand(name, help);
    command->add_option("file", q->file, file_help)->required();
    command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
    command->add_option("--passphrase-file", q->passphrase_file,
                        "its first line opens the keys; else standard input is read");
    command->add_flag("--without-keys", q->without_keys, "no keys of the CA and the quarantine");
    command->callback([=, &exit_code] { exit_code = run(*q); });
    return command;
  };
  auto* backup =
      add("backup", "the state in one file, while the gateway runs", "to be made", back_up);
  backup->add_flag("--without-history", q->without_history, "not who got what");
  auto* back = add("restore", "what weir backup made, to where no state is", "a backup", restore);
  back->add_option("--state", q->state_dir, "state directory; default: of the settings");
  back->add_option("--settings", q->settings_dir, "write settings and policy there");
}

}  // namespace weir
