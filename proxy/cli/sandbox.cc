// weir sandbox …: what waits for a sandbox, what sandboxes said, and to judge a file anew. Works
// beside a gateway that runs, which notices within a second.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "conf/load.h"
#include "core/digest.h"
#include "core/escape.h"
#include "core/log.h"
#include "proxy/cli/commands.h"
#include "sandbox_client/engine_list.h"
#include "sandbox_client/submission.h"
#include "sandbox_client/verdict_memory.h"

namespace weir {
namespace {

struct SandboxWords {
  std::string config = default_config();
  std::string sha256, engine;
  bool raw = false;
};

struct Opened {
  Settings settings;
  SandboxList list;
  std::string folder;
};

std::optional<Opened> open_settings(const std::string& config) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(config, problems);
  std::optional<SandboxList> list;
  if (settings && settings->sandbox_file.empty()) {
    std::cerr << "weir sandbox: " << config << " names no sandbox_file\n";
  } else if (settings) {
    list = load_sandbox_list(settings->sandbox_file, problems);
  }
  print_problems(problems);
  if (!list) return std::nullopt;
  const std::string folder = settings->state_dir + "/sandbox";
  return Opened{std::move(*settings), std::move(*list), folder};
}

int say(const Error& error) {
  std::cerr << "weir sandbox: " << error.what << '\n';
  return kTrouble;
}

// Where the files in the queue stand. Read only: the queue belongs to the gateway.
int print_queue(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    std::cout << "queue: nothing was ever handed in\n";
    return 0;
  }
  DatabaseOptions options;
  options.read_only = true;
  auto database = Database::open(path, options);
  if (!database) return say(database.error());
  auto rows = database->query("SELECT state, COUNT(*), SUM(size) FROM submissions GROUP BY state");
  if (!rows) return say(rows.error());
  std::uint64_t all = 0;
  for (;;) {
    const auto more = rows->step();
    if (!more) return say(more.error());
    if (!*more) break;
    const auto state = static_cast<SubmissionState>(rows->integer(0));
    std::cout << "queue: " << rows->integer(1) << ' ' << submission_state_name(state) << ", "
              << rows->integer(2) << " bytes\n";
    ++all;
  }
  if (all == 0) std::cout << "queue: empty\n";
  return 0;
}

int status(const std::string& config) {
  const auto opened = open_settings(config);
  if (!opened) return kProblem;
  for (const EngineSpec& spec : opened->list.engines) {
    const std::string where = spec.kind == EngineKind::local ? "this machine" : spec.rest.base_url;
    std::cout << "engine " << spec.name << ": " << (spec.enabled ? where : "off") << '\n';
  }
  if (const int code = print_queue(opened->folder + "/queue.sqlite"); code != 0) return code;
  if (!std::filesystem::exists(opened->folder + "/verdicts.sqlite")) return 0;
  const SystemClock clock;
  const auto memory =
      VerdictMemory::open(opened->folder + "/verdicts.sqlite", opened->list.memory, clock);
  if (!memory) return say(memory.error());
  std::cout << "verdicts: " << (*memory)->size() << " remembered\n";
  return 0;
}

Result<std::unique_ptr<VerdictMemory>> open_memory(const Opened& opened, const Clock& clock) {
  const std::string path = opened.folder + "/verdicts.sqlite";
  if (!std::filesystem::exists(path)) {
    return fail(Errc::not_found, Fault::config, "no sandbox has judged anything yet: " + path);
  }
  return VerdictMemory::open(path, opened.list.memory, clock);
}

void print_verdict(const SandboxVerdict& one, bool expired) {
  std::cout << "engine " << one.engine << ": " << verdict_name(one.verdict);
  if (one.reason != Reason::none) std::cout << " (" << reason_name(one.reason) << ')';
  std::cout << ", score " << static_cast<int>(one.score);
  if (!one.title.empty()) std::cout << ", " << escape_for_log(one.title);
  std::cout << "\n  learned " << iso_time(one.learned) << ", " << (expired ? "was" : "is")
            << " believed until " << iso_time(one.expires) << '\n';
}

int show(const SandboxWords& words) {
  const auto opened = open_settings(words.config);
  if (!opened) return kProblem;
  const SystemClock clock;
  const auto memory = open_memory(*opened, clock);
  if (!memory) return say(memory.error());
  const auto all = (*memory)->all_of(words.sha256);
  if (!all) return say(all.error());
  if (all->empty()) {
    std::cout << "no sandbox has judged " << words.sha256 << '\n';
    return kProblem;
  }
  for (const SandboxVerdict& one : *all) {
    if (!words.engine.empty() && one.engine != words.engine) continue;
    if (!words.raw) {
      print_verdict(one, one.expires <= clock.wall());
      continue;
    }
    std::cout << (*memory)->report(words.sha256, one.engine).value_or("{}") << '\n';
  }
  return 0;
}

int rejudge(const SandboxWords& words) {
  const auto opened = open_settings(words.config);
  if (!opened) return kProblem;
  const SystemClock clock;
  const auto memory = open_memory(*opened, clock);
  if (!memory) return say(memory.error());
  const auto all = (*memory)->all_of(words.sha256);
  if (!all) return say(all.error());
  if (all->empty()) {
    std::cout << "no sandbox has judged " << words.sha256 << '\n';
    return kProblem;
  }
  if (const auto done = (*memory)->outdate(words.sha256); !done) return say(done.error());
  std::cout << words.sha256 << " is judged anew when somebody asks for it next\n";
  return 0;
}

std::string must_be_digest(const std::string& text) {
  return is_sha256_hex(text) ? "" : "a SHA-256 has 64 small hexadecimal digits";
}

}  // namespace

void add_sandbox(CLI::App& cli, int& exit_code) {
  auto* sandbox = cli.add_subcommand("sandbox", "unknown files: what waits, what was said of one");
  sandbox->require_subcommand(1);
  auto words = std::make_shared<SandboxWords>();
  sandbox->add_option("-c,--config", words->config, "settings file")->capture_default_str();
  auto* status_command = sandbox->add_subcommand("status", "engines, queue, verdicts");
  status_command->fallthrough();
  status_command->callback([words, &exit_code] { exit_code = status(words->config); });

  auto* show_command = sandbox->add_subcommand("show", "what sandboxes said of a file");
  show_command->fallthrough();
  show_command->add_option("sha256", words->sha256, "of the file")
      ->required()
      ->check(must_be_digest);
  show_command->add_option("--engine", words->engine, "only this one");
  show_command->add_flag("--report", words->raw, "the report itself, one JSON object an engine");
  show_command->callback([words, &exit_code] { exit_code = show(*words); });

  auto* rejudge_command = sandbox->add_subcommand(
      "rejudge", "forget what was said: the file is run again when asked for");
  rejudge_command->fallthrough();
  rejudge_command->add_option("sha256", words->sha256, "of the file")
      ->required()
      ->check(must_be_digest);
  rejudge_command->callback([words, &exit_code] { exit_code = rejudge(*words); });
}

}  // namespace weir
