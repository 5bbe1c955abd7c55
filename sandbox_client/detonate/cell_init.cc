#include "sandbox_client/detonate/cell_init.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/clock.h"
#include "core/jail.h"
#include "core/landlock.h"
#include "sandbox_client/detonate/fake_home.h"
#include "sandbox_client/detonate/fake_network.h"
#include "sandbox_client/detonate/room.h"
#include "sandbox_client/detonate/sink.h"
#include "sandbox_client/detonate/tracer.h"
#include "sandbox_client/detonate/warden.h"

namespace weir {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::array kLimits{
    JailLimit{.resource = RLIMIT_NPROC, .most = kCellProcesses},
    JailLimit{.resource = RLIMIT_FSIZE, .most = 64 * kMebibyte},
    JailLimit{.resource = RLIMIT_DATA, .most = 1024 * kMebibyte},
    JailLimit{.resource = RLIMIT_NOFILE, .most = 512},
    JailLimit{.resource = RLIMIT_CORE, .most = 0},
    JailLimit{.resource = RLIMIT_MEMLOCK, .most = kMebibyte},
    JailLimit{.resource = RLIMIT_MSGQUEUE, .most = kMebibyte},
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

// What is still needed: to watch all processes, to play ports below 1024, and to read what the
// sample left, whatever its mode.
Result<void> keep_few_capabilities() {
  constexpr std::uint32_t kKept =
      1U << CAP_SYS_PTRACE | 1U << CAP_NET_BIND_SERVICE | 1U << CAP_DAC_READ_SEARCH;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> kept{};
  kept[0].effective = kKept;
  kept[0].permitted = kKept;
  if (::syscall(SYS_capset, &header, kept.data()) == 0) return {};
  return std::unexpected(errno_error("capset", errno));
}

// In the sample's first process. Returns only if it did not start, with the reason in errno.
void become_sample(std::vector<std::string> argv, int output) {
  std::vector<std::string> environment{"HOME=" + std::string(kFakeHome),
                                       "USER=" + std::string(kFakeUser),
                                       "LOGNAME=" + std::string(kFakeUser),
                                       "SHELL=/bin/bash",
                                       "TERM=xterm-256color",
                                       "LANG=C.UTF-8",
                                       "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games"};
  for (int capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
  }
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (::setsid() < 0 || ::dup2(nothing.get(), 0) < 0 || ::dup2(output, 1) < 0 ||
      ::dup2(output, 2) < 0 || ::chdir((std::string(kFakeHome) + "/Downloads").c_str()) != 0) {
    return;
  }
  std::signal(SIGPIPE, SIG_DFL);
  // When the cell's group is full the kernel ends what the sample started, not who watches it.
  const UniqueFd first_to_go(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  static_cast<void>(::write(first_to_go.get(), "1000", 4));
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return;
  ::raise(SIGSTOP);  // until the tracer is ready
  JailSpec spec;
  spec.leave_root = false;
  spec.limits.assign(kLimits.begin(), kLimits.end());
  spec.drop_capabilities = true;
  if (!enter_jail(spec, false) || !restrict_changes(writable_places()) || !watch_calls()) {
    errno = EPERM;
    return;
  }
  const auto words = pointers(argv);
  const auto variables = pointers(environment);
  ::execve(words[0], words.data(), variables.data());
}

// Says why the sample did not start; says nothing when it did.
[[noreturn]] void start_sample(const CellPlan& plan, int output, int trouble) {
  become_sample(plan.argv, output);
  const int reason = errno;
  static_cast<void>(::write(trouble, &reason, sizeof reason));
  ::_exit(127);
}

void note_trouble(Behaviour& behaviour, int trouble) {
  int reason = 0;
  if (::read(trouble, &reason, sizeof reason) != static_cast<ssize_t>(sizeof reason)) return;
  behaviour.stop_reason(DetonationOutcome::failed,
                        std::string("it did not start: ") + std::strerror(reason));
}

void note_time(Behaviour& behaviour) {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
  if (seconds > 0) behaviour.act("cpu-seconds", "", static_cast<std::uint64_t>(seconds));
}

Result<SandboxReport> watch_sample(const CellPlan& plan) {
  auto path = build_room(plan.sample, plan.name);
  if (!path) return pass(std::move(path));
  if (auto done = make_every_address_local(); !done) return pass(std::move(done));
  static_cast<void>(::sethostname("alex-desktop", 12));
  auto output = make_pipe();
  auto trouble = make_pipe();
  if (!output || !trouble) return fail(Errc::io, Fault::local, "pipe2");

  const SystemClock clock;
  Behaviour behaviour(*path);
  Sink sink(behaviour, clock);
  if (auto done = sink.open(std::move(output->read)); !done) return pass(std::move(done));
  const pid_t first = ::fork();
  if (first < 0) return std::unexpected(errno_error("fork", errno));
  if (first == 0) start_sample(plan, output->write.get(), trouble->write.get());
  output->write.reset();
  trouble->write.reset();

  if (auto done = keep_few_capabilities(); !done) return pass(std::move(done));
  // From here on nobody inside may look into this process.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  Warden warden(behaviour, clock, plan.limit);
  std::thread listening([&] { sink.run(); });
  std::thread guarding([&] { warden.run(); });
  Tracer tracer(behaviour, {.before_connect = [&](int port) { sink.listen_on(port); },
                            .first_ended = [&] { warden.first_ended(); }});
  tracer.watch(first);
  warden.stop();
  sink.stop();
  guarding.join();
  listening.join();
  note_trouble(behaviour, trouble->read.get());
  note_time(behaviour);
  SandboxReport report = behaviour.finish();
  report.duration_ms = static_cast<std::uint64_t>(warden.elapsed().count());
  return report;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd, text.data(), text.size());
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno_error("pipe2", errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

int run_cell(const CellPlan& plan, int answer) {
  auto report = watch_sample(plan);
  SandboxReport failed;
  if (!report) {
    failed.engine = "local";
    failed.reason = "the cell could not be made: " + report.error().what;
  }
  return write_all(answer, write_report(report ? *report : failed)) ? 0 : 1;
}

}  // namespace weir
