// weir scan: the gateway's inspection on local files, in the same jailed workers.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

#include "conf/load.h"
#include "core/digest.h"
#include "core/file_type.h"
#include "core/http_message.h"
#include "core/publisher.h"
#include "inspect/gateway_inspector.h"
#include "inspect/scan_wire.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/scan_report.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr int kScanTrouble = 4;

constexpr std::uint32_t kRemembered = 1000;  // verdicts

struct ScanQuestion {
  std::string config = default_config();
  std::vector<std::string> paths;
  std::map<std::string, std::string> names;  // how a path is called in the report, if not as such
  std::string password_file, policy_file;
  // Not the gateway's setting: here nobody attacks from file to file, and a fresh child for each
  // takes twice the time.
  std::uint32_t files_per_worker = 16;
  bool json = false;
};

std::vector<std::string> files_below(const std::vector<std::string>& paths, bool& trouble) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    for (fs::recursive_directory_iterator
             at(path, fs::directory_options::skip_permission_denied, error),
         end;
         at != end; at.increment(error)) {
      if (at->is_regular_file(error)) files.push_back(at->path().string());
    }
    trouble = trouble || static_cast<bool>(error);
  }
  std::ranges::sort(files);  // the same order at every run
  return files;
}

Result<ScanSubject> open_subject(const std::string& path, bool old_digests, FileType& type) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::unexpected(errno_error(path, errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Errc::invalid, Fault::config, path + ": not a regular file");
  }
  Digests digests(old_digests);
  std::vector<std::uint8_t> block(256 * 1024);
  bool first = true;
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0) return std::unexpected(errno_error(path, errno));
    const ByteView piece(block.data(), static_cast<std::size_t>(got));
    if (std::exchange(first, false)) type = type_by_magic(piece);
    if (got == 0) break;
    digests.update(piece);
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  DigestTexts texts = digests.finish();
  ScanSubject subject;
  subject.body = std::make_shared<const UniqueFd>(std::move(fd));
  subject.size = static_cast<std::uint64_t>(info.st_size);
  subject.sha256 = std::move(texts.sha256);
  subject.sha1 = std::move(texts.sha1);
  subject.md5 = std::move(texts.md5);
  subject.name = fs::path(path).filename().string();
  return subject;
}

// One password a line, tried in this order; what cannot be one is left out.
Result<std::vector<std::string>> read_passwords(const std::string& path) {
  std::vector<std::string> passwords;
  if (path.empty()) return passwords;
  std::ifstream file(path);
  if (!file) return fail(Errc::invalid, Fault::config, path + ": cannot be read");
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (line.size() > kMaxScanPassword || passwords.size() >= kMaxScanPasswords) {
      return fail(Errc::invalid, Fault::config,
                  path + ": at most " + std::to_string(kMaxScanPasswords) + " passwords of " +
                      std::to_string(kMaxScanPassword) + " bytes");
    }
    passwords.push_back(std::move(line));
  }
  return passwords;
}

// Files are taken one after the other by as many of these as there are workers.
struct Work {
  GatewayInspector& inspector;
  const Clock& clock;
  Profile profile;
  std::vector<std::string> files, passwords;
  std::map<std::string, std::string> names;
  std::shared_ptr<const Policy> policy;  // null: none was given
  std::size_t next = 0, done = 0;
  SteadyTime told{};
  bool json = false;
  bool show_progress = false;
  bool trouble = false;
  Verdict worst = Verdict::clean;
};

// What the gateway's verdict stage would do with this file, whoever asked for it and from where.
void ask_policy(const Policy& policy, ScannedFile& file) {
  Facts facts;
  const std::string name = fs::path(file.path).filename().string();
  facts.file_name = name;
  facts.size = file.size;
  facts.file_type = file_type_name(file.type);
  facts.file_family = family_name(family_of(file.type));
  facts.status = 200;
  facts.method = "GET";
  facts.sha256 = file.sha256;
  facts.verdict = file.assessment.verdict();
  facts.score = file.assessment.score();
  const auto worst = file.assessment.worst();
  if (worst) {
    facts.reason = worst->reason;
    facts.threat = worst->name;
  }
  for (const Finding& finding : file.assessment.findings()) facts.findings.push_back(finding.name);
  const std::string publisher = to_lower(publisher_of(file.assessment.findings()));
  facts.publisher = publisher;
  const Decision decision = policy.decide(Stage::verdict, facts);
  file.action = action_name(decision.action);
  file.rule = decision.rule;
}

void print(Work& work, const ScannedFile& file) {
  std::cout << (work.json ? scan_json_line(file) + "\n" : scan_text(file)) << std::flush;
}

// To a person at a terminal, every few seconds of a long run.
void tell_progress(Work& work) {
  constexpr std::chrono::seconds kEvery{5};
  const SteadyTime now = work.clock.steady();
  if (!work.show_progress || now - work.told < kEvery) return;
  work.told = now;
  std::cerr << "weir: " << work.done << " of " << work.files.size() << " files\n";
}

Co<void> scan_file(Work& work, std::string path) {
  ScannedFile file;
  file.path = std::move(path);
  auto subject = open_subject(file.path, work.inspector.wants_old_digests(), file.type);
  if (!subject) {
    std::cerr << "weir: " << subject.error().what << '\n';
    work.trouble = true;
    co_return;
  }
  if (const auto name = work.names.find(file.path); name != work.names.end()) {
    file.path = name->second;
    subject->name = name->second;
  }
  file.sha256 = subject->sha256;
  file.size = subject->size;
  subject->passwords = work.passwords;
  const SteadyTime began = work.clock.steady();
  ScanTimes times;
  file.assessment = co_await work.inspector.assess(std::move(*subject), work.profile, times);
  file.took = work.clock.steady() - began;
  work.worst = join(work.worst, file.assessment.verdict());
  if (work.policy) ask_policy(*work.policy, file);
  print(work, file);
}

Co<void> scan_files(Work& work) {
  while (work.next < work.files.size()) {
    co_await scan_file(work, work.files[work.next++]);
    ++work.done;
    tell_progress(work);
  }
}

void run_lanes(Work& work, unsigned lanes) {
  boost::asio::io_context context{1};
  for (unsigned i = 0; i < lanes; ++i) {
    boost::asio::co_spawn(context, scan_files(work), boost::asio::detached);
  }
  context.run();
}

// The profile that a policy gives to what no rule of its response stage names, or the strictest.
Profile profile_for(const Policy* policy) {
  Profile profile;
  for (const Scanner scanner :
       {Scanner::hash, Scanner::yara, Scanner::clamav, Scanner::structure}) {
    profile.scanners.add(scanner);
  }
  if (policy != nullptr) {
    const Decision decision = policy->decide(Stage::response, Facts{});
    profile.suspicious_score = decision.profile->suspicious_score;
  }
  return profile;
}

int scan(const ScanQuestion& question) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(question.config, problems);
  std::shared_ptr<const Policy> policy;
  if (!question.policy_file.empty()) policy = Policy::load(question.policy_file, problems);
  print_problems(problems);
  if (!settings || (!policy && !question.policy_file.empty())) return kScanTrouble;
  auto passwords = read_passwords(question.password_file);
  if (!passwords) {
    std::cerr << "weir: " << passwords.error().what << '\n';
    return kScanTrouble;
  }
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::warning, clock);
  Metrics metrics;
  InspectSettings& inspect = settings->inspect;
  inspect.files_per_worker = question.files_per_worker;
  // Enough for the copies in a tree; memory stays flat over any number of files.
  inspect.verdict_cache_entries = std::min(inspect.verdict_cache_entries, kRemembered);
  auto inspector =
      GatewayInspector::start(inspect, helper_folder() + "/weir-scan", clock, metrics, log);
  if (!inspector) {
    std::cerr << "weir: " << inspector.error().what << '\n';
    return kScanTrouble;
  }
  Work work{.inspector = **inspector,
            .clock = clock,
            .profile = profile_for(policy.get()),
            .files = {},
            .passwords = std::move(*passwords),
            .names = question.names,
            .policy = policy};
  work.json = question.json;
  work.show_progress = ::isatty(STDERR_FILENO) == 1;
  work.told = clock.steady();
  work.files = files_below(question.paths, work.trouble);
  run_lanes(work, inspect.workers == 0 ? std::max(1U, std::thread::hardware_concurrency())
                                       : inspect.workers);
  return work.trouble ? kScanTrouble : static_cast<int>(work.worst);
}

}  // namespace

int scan_named(const std::string& config, const std::map<std::string, std::string>& names,
               bool json) {
  ScanQuestion question;
  question.config = config;
  question.names = names;
  for (const auto& [path, name] : names) question.paths.push_back(path);
  question.json = json;
  return scan(question);
}

void add_scan(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "scan",
      "inspect local files as the gateway would. Exit code by the worst verdict: 0 clean, "
      "1 suspicious, 2 uninspectable, 3 malicious; 4 trouble");
  auto q = std::make_shared<ScanQuestion>();
  command->add_option("paths", q->paths, "files and folders")->required();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_option("--password-list", q->password_file,
                      "passwords to try on what is encrypted, one a line");
  command->add_option("--policy", q->policy_file,
                      "policy file: print what its verdict stage would do with each file");
  command
      ->add_option("--files-per-worker", q->files_per_worker,
                   "files that a jailed process reads before it is replaced")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--json", q->json, "one JSON object a line");
  command->callback([q, &exit_code] { exit_code = scan(*q); });
}

}  // namespace weir
