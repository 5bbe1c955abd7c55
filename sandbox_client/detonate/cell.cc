#include "sandbox_client/detonate/cell.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "conf/text_file.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/fd.h"
#include "core/jail.h"
#include "sandbox_client/detonate/cell_init.h"
#include "sandbox_client/detonate/control_group.h"
#include "sandbox_client/detonate/fake_home.h"
#include "sandbox_client/detonate/sample_kind.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kSlack{10'000};  // to make the cell and to write the report

std::unexpected<Error> system_error(const std::string& call) {
  return std::unexpected(errno_error(call, errno));
}

struct Sample {
  std::string sha256;
  std::vector<std::uint8_t> head;
};

Result<Sample> read_sample(int file) {
  constexpr std::size_t kHeadBytes = 65536;
  struct stat about{};
  if (::fstat(file, &about) != 0) return system_error("fstat");
  if (!S_ISREG(about.st_mode)) return fail(Errc::invalid, Fault::client, "no regular file");
  if (static_cast<std::uint64_t>(about.st_size) > kMostSampleBytes) {
    return fail(Errc::too_large, Fault::client,
                std::to_string(about.st_size) + " bytes are more than a cell takes");
  }
  Sample sample;
  Digests digests(false);
  std::vector<std::uint8_t> piece(kHeadBytes);
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file, piece.data(), piece.size(), at);
    if (got < 0) return system_error("read the sample");
    if (got == 0) break;
    const ByteView bytes(piece.data(), static_cast<std::size_t>(got));
    if (at == 0) sample.head.assign(bytes.begin(), bytes.end());
    digests.update(bytes);
    at += got;
  }
  sample.sha256 = digests.finish().sha256;
  return sample;
}

Result<void> write_map(const char* path, const std::string& text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return system_error(path);
  }
  return {};
}

// The only user inside is the made-up one, who outside is nobody in particular.
Result<void> enter_namespaces() {
  JailSpec no_root;
  no_root.no_new_privileges = false;
  if (auto done = enter_jail(no_root, false); !done) return pass(std::move(done));
  const std::string here = std::to_string(kFakeUid) + " ";
  const std::string user = here + std::to_string(::geteuid()) + " 1";
  const std::string group = here + std::to_string(::getegid()) + " 1";
  constexpr int kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                       CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (::unshare(kAll) != 0) return system_error("unshare");
  if (auto done = write_map("/proc/self/setgroups", "deny"); !done) return done;
  if (auto done = write_map("/proc/self/uid_map", user); !done) return done;
  return write_map("/proc/self/gid_map", group);
}

// Nothing that the caller has open goes along.
bool keep_only(int& sample, int& answer) {
  constexpr int kHigh = 10;
  sample = ::fcntl(sample, F_DUPFD, kHigh);
  answer = ::fcntl(answer, F_DUPFD, sample + 1);
  if (sample < 0 || answer < 0) return false;
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) {
    if (::dup2(nothing, fd) < 0) return false;
  }
  const auto first = static_cast<unsigned>(sample);
  const auto last = static_cast<unsigned>(answer);
  ::fcntl(sample, F_SETFD, FD_CLOEXEC);
  ::fcntl(answer, F_SETFD, FD_CLOEXEC);
  return ::close_range(3, first - 1, 0) == 0 &&
         (last == first + 1 || ::close_range(first + 1, last - 1, 0) == 0) &&
         ::close_range(last + 1, ~0U, 0) == 0;
}

[[noreturn]] void make_cell(CellPlan plan, int answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!keep_only(plan.sample, answer)) ::_exit(1);
  if (auto done = enter_namespaces(); !done) {
    SandboxReport report;
    report.engine = "local";
    report.reason = "the cell could not be made: " + done.error().what;
    const std::string json = write_report(report);
    static_cast<void>(::write(answer, json.data(), json.size()));
    ::_exit(1);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change of user forgot it
  const pid_t init = ::fork();
  if (init == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(run_cell(plan, answer));
  }
  int status = 0;
  while (::waitpid(init, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

// Everything up to the end, the limit of a report, or the deadline.
std::string read_answer(int answer, SteadyTime deadline, const Clock& clock) {
  std::string json;
  std::array<char, 65536> piece{};
  while (json.size() <= ReportLimits::json_bytes) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.steady()).count();
    pollfd wait{.fd = answer, .events = POLLIN, .revents = 0};
    if (left <= 0) return {};
    if (::poll(&wait, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t got = ::read(answer, piece.data(), piece.size());
    if (got <= 0) break;
    json.append(piece.data(), static_cast<std::size_t>(got));
  }
  return json;
}

// The kernel was quicker than the warden, who looks now and then.
void note_memory_kills(std::uint64_t kills, SandboxReport& report) {
  const auto told = [](const ActSeen& act) { return act.what == kMemoryLimit; };
  if (kills == 0 || std::ranges::any_of(report.acts, told)) return;
  if (report.acts.size() == ReportLimits::acts) report.acts.pop_back();
  report.acts.push_back({.what = std::string(kMemoryLimit), .detail = {}, .count = kills});
}

Result<SandboxReport> run_in_cell(const CellPlan& plan) {
  auto answer = make_pipe();
  auto joined = make_pipe();
  if (!answer || !joined) return system_error("pipe2");
  const SystemClock clock;
  ControlGroup group = ControlGroup::make(
      "/sys/fs/cgroup", read_text_file("/proc/self/cgroup", 65536).value_or(""),
      {.memory = kCellMemory + kCellMemory / 8, .processes = kCellProcesses + 20});
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork");
  if (child == 0) {
    char go = 0;
    if (::read(joined->read.get(), &go, 1) != 1) ::_exit(1);  // when it is in its group
    make_cell(plan, answer->write.get());
  }
  group.add(child);
  if (::write(joined->write.get(), "g", 1) != 1) ::kill(child, SIGKILL);
  answer->write.reset();
  const std::string json =
      read_answer(answer->read.get(), clock.steady() + plan.limit + kSlack, clock);
  ::kill(child, SIGKILL);  // it has nothing left to do; its end is the end of the cell
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (json.empty()) return fail(Errc::crashed, Fault::helper, "the cell gave no report");
  auto report = parse_report(json);
  if (report) note_memory_kills(group.memory_kills(), *report);
  return report;
}

bool installed(const std::string& program) { return ::access(program.c_str(), X_OK) == 0; }

}  // namespace

Result<SandboxReport> detonate(const DetonationJob& job) {
  auto sample = read_sample(job.sample);
  if (!sample) return pass(std::move(sample));
  const std::string name = safe_name(job.name);
  const std::string path = std::string(kFakeHome) + "/Downloads/" + name;
  Launch launch = plan_launch(sample->head, name, path, installed);
  SandboxReport report;
  if (launch.argv.empty()) {
    report.engine = "local";
    report.outcome = DetonationOutcome::unsupported;
    report.reason = launch.reason;
  } else {
    auto ran =
        run_in_cell({.sample = job.sample, .name = name, .argv = launch.argv, .limit = job.limit});
    if (ran) {
      report = *std::move(ran);
    } else {
      report.engine = "local";
      report.reason = ran.error().what;
    }
  }
  report.sha256 = sample->sha256;
  report.kind = launch.kind;
  return report;
}

}  // namespace weir
