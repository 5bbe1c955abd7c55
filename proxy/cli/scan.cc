// weir scan: the gateway's inspection on local files, in the same jailed workers.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <iostream>
#include <thread>

#include "conf/load.h"
#include "core/digest.h"
#include "core/file_type.h"
#include "core/json_writer.h"
#include "inspect/gateway_inspector.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr int kScanTrouble = 4;

struct ScanQuestion {
  std::string config = kDefaultConfig;
  std::vector<std::string> paths;
  bool json = false;
};

struct ScannedFile {
  std::string path, sha256;
  std::uint64_t size = 0;
  FileType type = FileType::unknown;
  Assessment assessment;
  std::chrono::nanoseconds took{};
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

std::string json_line(const ScannedFile& file) {
  std::string out;
  JsonWriter json(out);
  const auto worst = file.assessment.worst();
  json.begin_object();
  json.member("path", file.path);
  json.member("sha256", file.sha256);
  json.member("size", file.size);
  json.member("type", file_type_name(file.type));
  json.member("verdict", verdict_name(file.assessment.verdict()));
  json.key("reason");
  worst && worst->reason != Reason::none ? json.string(reason_name(worst->reason)) : json.null();
  json.key("where");
  worst && !worst->where.empty() ? json.string(worst->where) : json.null();
  json.begin_array("findings");
  for (const Finding& finding : file.assessment.findings()) {
    json.begin_object();
    json.member("scanner", scanner_name(finding.scanner));
    json.member("verdict", verdict_name(finding.verdict));
    json.member("name", finding.name);
    json.member("where", finding.where);
    json.end_object();
  }
  json.end_array();
  json.member("artifacts", file.assessment.artifacts);
  json.member("ms", std::chrono::duration_cast<std::chrono::milliseconds>(file.took).count());
  json.end_object();
  return out;
}

void print(const ScannedFile& file, bool json) {
  if (json) {
    std::cout << json_line(file) << '\n';
    return;
  }
  std::cout << verdict_name(file.assessment.verdict()) << "  " << file.path << "  ("
            << file_type_name(file.type) << ", " << file.size << " bytes)\n";
  for (const Finding& finding : file.assessment.findings()) {
    std::cout << "    " << verdict_name(finding.verdict);
    if (finding.reason != Reason::none) std::cout << ": " << reason_name(finding.reason);
    std::cout << "  " << scanner_name(finding.scanner) << " " << finding.name;
    if (!finding.where.empty()) std::cout << "  in " << finding.where;
    std::cout << '\n';
  }
}

// Files are taken one after the other by as many of these as there are workers.
struct Work {
  GatewayInspector& inspector;
  const Clock& clock;
  Profile profile;
  std::vector<std::string> files;
  std::size_t next = 0;
  bool json = false;
  bool trouble = false;
  Verdict worst = Verdict::clean;
};

Co<void> scan_files(Work& work) {
  while (work.next < work.files.size()) {
    ScannedFile file;
    file.path = work.files[work.next++];
    auto subject = open_subject(file.path, work.inspector.wants_old_digests(), file.type);
    if (!subject) {
      std::cerr << "weir: " << subject.error().what << '\n';
      work.trouble = true;
      continue;
    }
    file.sha256 = subject->sha256;
    file.size = subject->size;
    const SteadyTime began = work.clock.steady();
    ScanTimes times;
    file.assessment = co_await work.inspector.assess(std::move(*subject), work.profile, times);
    file.took = work.clock.steady() - began;
    work.worst = join(work.worst, file.assessment.verdict());
    print(file, work.json);
  }
}

int scan(const ScanQuestion& question) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(question.config, problems);
  print_problems(problems);
  if (!settings) return kScanTrouble;
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::warning, clock);
  Metrics metrics;
  InspectSettings& inspect = settings->inspect;
  auto inspector =
      GatewayInspector::start(inspect, helper_folder() + "/weir-scan", clock, metrics, log);
  if (!inspector) {
    std::cerr << "weir: " << inspector.error().what << '\n';
    return kScanTrouble;
  }
  Work work{.inspector = **inspector, .clock = clock, .profile = {}, .files = {}};
  for (const Scanner scanner :
       {Scanner::hash, Scanner::yara, Scanner::clamav, Scanner::structure}) {
    work.profile.scanners.add(scanner);
  }
  work.json = question.json;
  work.files = files_below(question.paths, work.trouble);
  boost::asio::io_context context{1};
  const unsigned lanes =
      inspect.workers == 0 ? std::max(1U, std::thread::hardware_concurrency()) : inspect.workers;
  for (unsigned i = 0; i < lanes; ++i) {
    boost::asio::co_spawn(context, scan_files(work), boost::asio::detached);
  }
  context.run();
  return work.trouble ? kScanTrouble : static_cast<int>(work.worst);
}

}  // namespace

void add_scan(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "scan",
      "inspect local files as the gateway would. Exit code by the worst verdict: 0 clean, "
      "1 suspicious, 2 uninspectable, 3 malicious; 4 trouble");
  auto q = std::make_shared<ScanQuestion>();
  command->add_option("paths", q->paths, "files and folders")->required();
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  command->add_flag("--json", q->json, "one JSON object a line");
  command->callback([q, &exit_code] { exit_code = scan(*q); });
}

}  // namespace weir
