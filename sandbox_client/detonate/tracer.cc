#include "sandbox_client/detonate/tracer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <span>

#include "sandbox_client/detonate/call_facts.h"
#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

constexpr long kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                          PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACECLONE;
constexpr int kEndOfCall = SIGTRAP | 0x80;

void resume(__ptrace_request how, pid_t pid, int signal) {
  ::ptrace(how, pid, nullptr, static_cast<std::intptr_t>(signal));
}

bool stops(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// A timespec, or a timeval, of the sample's.
std::optional<double> read_time(const Tracee& tracee, std::uint64_t address, double unit) {
  std::array<std::int64_t, 2> time{};
  const auto bytes = std::as_writable_bytes(std::span(time));
  if (!tracee.read(address, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()})) {
    return std::nullopt;
  }
  return static_cast<double>(time[0]) + unit * static_cast<double>(time[1]);
}

// In seconds; nothing when it wants to wait for ever, or cannot be understood.
std::optional<double> wanted_sleep(const Tracee& tracee, const Call& call, Watch watch) {
  constexpr double kNano = 1e-9;
  constexpr double kMicro = 1e-6;
  if (watch == Watch::sleep) return read_time(tracee, call.args[0], kNano);
  if (watch == Watch::select_sleep) return read_time(tracee, call.args[4], kMicro);
  if (watch == Watch::pselect_sleep) return read_time(tracee, call.args[4], kNano);
  if (watch == Watch::poll_sleep) return static_cast<int>(call.args[2]) / 1000.0;
  const auto wanted = read_time(tracee, call.args[2], kNano);
  if (!wanted || (call.args[1] & TIMER_ABSTIME) == 0) return wanted;
  timespec now{};
  if (::clock_gettime(static_cast<clockid_t>(call.args[0]), &now) != 0) return std::nullopt;
  return *wanted - static_cast<double>(now.tv_sec) - kNano * static_cast<double>(now.tv_nsec);
}

int folder_of(std::uint64_t argument) { return static_cast<int>(argument); }

}  // namespace

void Tracer::watch(pid_t first) {
  first_ = first;
  behaviour_.started(first, 1);
  int status = 0;
  if (::waitpid(first, &status, __WALL) != first || !WIFSTOPPED(status)) return;
  ::ptrace(PTRACE_SETOPTIONS, first, nullptr, kOptions);
  resume(PTRACE_CONT, first, 0);
  for (;;) {
    const pid_t pid = ::waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return;
    if (WIFSTOPPED(status)) stopped(pid, status);
    if (WIFEXITED(status)) ended(pid, WEXITSTATUS(status));
    if (WIFSIGNALED(status)) ended(pid, 128 + WTERMSIG(status));
  }
}

void Tracer::ended(pid_t pid, int code) {
  pending_.erase(pid);
  behaviour_.ended(pid, code);
  if (pid == first_) hooks_.first_ended();
}

void Tracer::stopped(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  const unsigned event = static_cast<unsigned>(status) >> 16U;
  if (event == PTRACE_EVENT_SECCOMP) return call_begins(pid);
  if (signal == kEndOfCall) return call_ends(pid);
  if (event == PTRACE_EVENT_EXEC) ran(pid);
  if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) new_thread(pid, false);
  if (event == PTRACE_EVENT_CLONE) new_thread(pid, true);
  // A new thread begins with a stop of its own; and a stop would only keep us waiting.
  go_on(pid, event != 0 || stops(signal) ? 0 : signal);
}

void Tracer::go_on(pid_t pid, int signal) {
  resume(pending_.contains(pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, signal);
}

void Tracer::new_thread(pid_t parent, bool may_be_thread) {
  unsigned long child = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child) != 0) return;
  const auto pid = static_cast<pid_t>(child);
  if (may_be_thread && Tracee(pid).process() != pid) return;
  behaviour_.started(pid, Tracee(parent).process());
}

void Tracer::ran(pid_t pid) {
  const Tracee tracee(pid);
  const std::string program = tracee.link("exe");
  auto words = tracee.command_line();
  std::vector<std::string> code{program};
  const std::filesystem::path here = tracee.link("cwd");
  for (std::size_t at = 0; at < std::min<std::size_t>(words.size(), 3); ++at) {
    code.push_back((here / words[at]).lexically_normal().string());
  }
  behaviour_.ran(pid, std::move(words), program, code);
  if (is_shell(program) && is_network_socket(tracee.link("fd/0"))) {
    behaviour_.act("shell-on-socket", program);
  }
  if (asks_for_machine(program)) behaviour_.act("vm-check", program);
}

void Tracer::call_begins(pid_t pid) {
  const Tracee tracee(pid);
  const auto call = tracee.call();
  const bool wait_for_end = call && handle(tracee, pid, *call);
  if (!wait_for_end) pending_.erase(pid);
  go_on(pid, 0);
}

void Tracer::await(pid_t pid, Watch watch, std::string path, std::string other) {
  pending_[pid] = {.watch = watch, .path = std::move(path), .other = std::move(other)};
}

// Whether the end of the call is of interest.
bool Tracer::handle(const Tracee& tracee, pid_t pid, const Call& call) {
  const auto watch = static_cast<Watch>(call.data);
  const auto& args = call.args;
  switch (watch) {
    case Watch::open:
    case Watch::openat:
    case Watch::openat2:
    case Watch::creat: return opening(tracee, pid, call, watch);
    case Watch::unlink: return await(pid, watch, tracee.path(AT_FDCWD, args[0])), true;
    case Watch::unlinkat: return await(pid, watch, tracee.path(folder_of(args[0]), args[1])), true;
    case Watch::rename:
      await(pid, watch, tracee.path(AT_FDCWD, args[0]), tracee.path(AT_FDCWD, args[1]));
      return true;
    case Watch::renameat:
      await(pid, watch, tracee.path(folder_of(args[0]), args[1]),
            tracee.path(folder_of(args[2]), args[3]));
      return true;
    case Watch::truncate: return await(pid, watch, tracee.path(AT_FDCWD, args[0])), true;
    case Watch::symlink: return await(pid, watch, tracee.path(AT_FDCWD, args[1])), true;
    case Watch::chmod:
    case Watch::fchmodat: {
      const bool at = watch == Watch::fchmodat;
      if ((args[at ? 2 : 1] & 0111U) == 0) return false;
      await(pid, Watch::chmod, tracee.path(at ? folder_of(args[0]) : AT_FDCWD, args[at ? 1 : 0]));
      return true;
    }
    case Watch::connect: return calling(tracee, args[1], args[2], false), false;
    case Watch::bind: return calling(tracee, args[1], args[2], true), false;
    case Watch::sendto: return calling(tracee, args[4], args[5], false), false;
    case Watch::sleep:
    case Watch::clock_sleep:
    case Watch::select_sleep:
    case Watch::pselect_sleep:
    case Watch::poll_sleep: return sleeping(tracee, call, watch), false;
    case Watch::code_page: return behaviour_.act("code-page", tracee.link("exe")), false;
    case Watch::memfd: return behaviour_.act("memfd", tracee.link("exe")), false;
    case Watch::kill: return signalling(call), false;
    case Watch::become:
      if (args[0] == 0) behaviour_.act("become-root", call_name(call.number));
      return false;
    case Watch::ptrace: return tracing(tracee, call), false;
    case Watch::clone:
    case Watch::refuse:
    case Watch::none: break;
  }
  return refuse(tracee, call), false;
}

bool Tracer::opening(const Tracee& tracee, pid_t pid, const Call& call, Watch watch) {
  const bool plain = watch == Watch::open || watch == Watch::creat;
  std::uint64_t flags = plain ? call.args[1] : call.args[2];
  if (watch == Watch::creat) flags = O_WRONLY | O_CREAT | O_TRUNC;
  if (watch == Watch::openat2) {  // struct open_how begins with the flags
    std::array<std::uint8_t, 8> how{};
    if (!tracee.read(call.args[2], how)) return false;
    flags = 0;
    for (std::size_t at = 0; at < 4; ++at) flags |= std::uint64_t{how.at(at)} << (8 * at);
  }
  std::string path =
      tracee.path(plain ? AT_FDCWD : folder_of(call.args[0]), call.args[plain ? 0 : 1]);
  if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) == 0) {
    if (asks_for_machine(path)) behaviour_.act("vm-check", path);
    if ((flags & O_DIRECTORY) != 0 || !is_bait(path)) return false;
    if (reads_its_own(tracee.link("exe"), path)) return false;
    await(pid, Watch::none, std::move(path));
    return true;
  }
  if (path.starts_with("/dev/") && !path.starts_with("/dev/shm/")) return false;
  if (path.starts_with("/proc/")) return false;
  await(pid, Watch::open, std::move(path));
  return true;
}

void Tracer::call_ends(pid_t pid) {
  const auto found = pending_.find(pid);
  if (found != pending_.end()) {
    const Pending pending = std::move(found->second);
    pending_.erase(found);
    if (const auto result = Tracee(pid).returned()) {
      // A name that is not there was no deed; an interrupted call comes again.
      const bool nothing = *result == -ENOENT || *result == -ENOTDIR || *result < -500;
      if (!nothing) note_end(pending, *result < 0);
    }
  }
  go_on(pid, 0);
}

void Tracer::note_end(const Pending& pending, bool refused) {
  switch (pending.watch) {
    case Watch::none: return behaviour_.file(pending.path, FileDeed::read, refused);
    case Watch::unlink:
    case Watch::unlinkat: return behaviour_.deleted(pending.path, refused);
    case Watch::rename:
    case Watch::renameat:
      behaviour_.file(pending.path, FileDeed::renamed, refused);
      return behaviour_.file(pending.other, FileDeed::written, refused);
    case Watch::chmod:
      if (!refused) behaviour_.act("made-executable", pending.path);
      return;
    default: return behaviour_.file(pending.path, FileDeed::written, refused);
  }
}

void Tracer::calling(const Tracee& tracee, std::uint64_t address, std::uint64_t size, bool bind) {
  std::array<std::uint8_t, 4> head{};  // family, then the port in the network's order
  if (address == 0 || size < sizeof(sockaddr_in) || !tracee.read(address, head)) return;
  const int family = head[0] + 256 * head[1];
  if (family != AF_INET && family != AF_INET6) return;
  const int port = 256 * head[2] + head[3];
  if (bind && port != 0) behaviour_.act("bound-port", std::to_string(port));
  if (!bind) hooks_.before_connect(port);
}

// A long sleep is how a sample waits for the sandbox to give up. It sleeps a hundredth of a second
// instead, and how long it wanted to is written down.
void Tracer::sleeping(const Tracee& tracee, const Call& call, Watch watch) {
  constexpr int kBriefMs = 10;
  const auto seconds = wanted_sleep(tracee, call, watch);
  if (!seconds || *seconds < 0.1) return;
  constexpr double kMost = 1'000'000;
  behaviour_.act("slept-seconds", "",
                 static_cast<std::uint64_t>(std::lround(std::clamp(*seconds, 1.0, kMost))));
  tracee.pause_instead(kBriefMs);
}

void Tracer::signalling(const Call& call) {
  const int target = static_cast<int>(call.args[0]);
  const int signal = static_cast<int>(call.args[1]);
  if (target == -1 && signal != 0) behaviour_.act("signalled-all", std::to_string(signal));
  if (target == 1 && signal != 0) behaviour_.act("signalled-init", std::to_string(signal));
}

void Tracer::tracing(const Tracee& tracee, const Call& call) {
  // "Am I being debugged?" is answered with no.
  if (call.args[0] == PTRACE_TRACEME) {
    behaviour_.act("debugger-check", "ptrace");
    tracee.skip_call(0);
    return;
  }
  refuse(tracee, call);
}

void Tracer::refuse(const Tracee& tracee, const Call& call) {
  behaviour_.act("denied-call", call_name(call.number));
  tracee.skip_call(-EPERM);
}

}  // namespace weir
