#include "inspect/worker/zygote.h"
#include "inspect/worker/hash_scanner.h"
#include "inspect/worker/publisher_scanner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "inspect/worker/canary.h"
#include "inspect/worker/child_syscalls.h"
#include "inspect/worker/scan_job.h"

namespace weir {
namespace {

constexpr rlim_t kChildDescriptors = 64;
// The gateway kills a child at its deadline. This only ends one whose gateway has forgotten it.
constexpr rlim_t kChildCpuSeconds = 3600;

std::unexpected<Error> system_error(std::string_view call) {
  return std::unexpected(errno_error(call, errno));
}

// Keeps descriptors 0 to 2 and `kept`, which becomes 3.
void close_all_but(UniqueFd& kept) {
  constexpr int kPlace = 3;
  if (kept.get() != kPlace) kept = UniqueFd(::dup3(kept.get(), kPlace, O_CLOEXEC));
  ::syscall(SYS_close_range, kPlace + 1, ~0U, 0);
}

// What a child writes is not the zygote's log: it could say anything.
void silence(int nothing) {
#ifndef WEIR_SANITIZED
  constexpr int kLast = STDERR_FILENO;
#else
  constexpr int kLast = STDOUT_FILENO;  // sanitizers report there
#endif
  for (int fd = 0; fd <= kLast; ++fd) ::dup2(nothing, fd);
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGXFSZ, SIG_IGN);  // a full scratch directory is an answer, not a death
}

[[noreturn]] void wait_for_the_end() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::syscall(SYS_close_range, 0, ~0U, 0);
  for (;;) ::pause();
}

}  // namespace

Zygote::Zygote(ScanOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), control_(options_.control_fd) {
  ::fcntl(control_.get(), F_SETFD, FD_CLOEXEC);
}

Zygote::~Zygote() {
  if (scratch_root_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(scratch_root_, ignored);
}

int Zygote::run() {
  if (auto ready = prepare(); !ready) {
    static_cast<void>(send_scan_message(control_.get(), encode(ScanFailed{ready.error().what})));
    return 1;
  }
  if (!send_scan_message(control_.get(), encode(engines_.about))) return 1;
  serve();
  return 0;
}

Result<void> Zygote::prepare() {
  sigset_t deaths;
  ::sigemptyset(&deaths);
  ::sigaddset(&deaths, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &deaths, nullptr);
  deaths_.reset(::signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!deaths_) return system_error("signalfd");
  nothing_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing_) return system_error("open /dev/null");
  auto engines = load_engines(options_);
  if (!engines) return pass(std::move(engines));
  engines_ = std::move(*engines);
  data_bytes_ = own_data_bytes();
  if (auto done = enter_namespaces(); !done) return done;
  return test_itself();
}

Result<void> Zygote::enter_namespaces() {
  JailSpec spec;
  spec.user = spec.mount = spec.net = spec.pid = spec.ipc = spec.uts = true;
  spec.empty_root = true;
  auto report = enter_jail(spec, options_.best_effort);
  if (!report) return pass(std::move(report));
  for (const std::string& missing : report->missing) engines_.about.warnings.push_back(missing);
  own_namespaces_ = report->has("namespaces");
  if (own_namespaces_) return start_first_process();
  std::error_code error;
  std::string root = (std::filesystem::temp_directory_path(error) / "weir-scan-XXXXXX").string();
  if (::mkdtemp(root.data()) == nullptr) return system_error("mkdtemp " + root);
  scratch_root_ = root;
  return {};
}

Result<void> Zygote::start_first_process() {
  first_process_ = ::fork();
  if (first_process_ < 0) return system_error("fork");
  if (first_process_ == 0) wait_for_the_end();
  return {};
}

// A child in its jail finds the canary with each engine, as it would anything else.
Result<void> Zygote::test_itself() {
  auto child = spawn();
  if (!child) return pass(std::move(child));
  auto found = check_canary(child->socket.get(), engines_.canary);
  ::syscall(SYS_pidfd_send_signal, child->pidfd.get(), SIGKILL, nullptr, 0);
  return found;
}

std::string Zygote::scratch_for_next() {
  if (own_namespaces_) return std::string(kScratch);
  std::string path = scratch_root_ + "/" + std::to_string(++spawned_);
  ::mkdir(path.c_str(), 0700);
  return path;
}

Result<Zygote::Child> Zygote::spawn() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error("socketpair");
  }
  Child child;
  child.socket.reset(ends[0]);
  UniqueFd theirs(ends[1]);
  const std::string scratch = scratch_for_next();
  child.pid = ::fork();
  if (child.pid < 0) return system_error("fork");
  if (child.pid == 0) be_child(std::move(theirs), scratch);
  child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  scratches_[child.pid] = own_namespaces_ ? std::string() : scratch;
  if (!child.pidfd) return system_error("pidfd_open");
  return child;
}

JailSpec Zygote::child_jail(const std::string& scratch) const {
  JailSpec spec;
  spec.mount = own_namespaces_;
  spec.scratch_bytes = own_namespaces_ ? options_.memory_bytes : 0;
  spec.limits = {{RLIMIT_DATA, data_bytes_ + options_.memory_bytes},
                 {RLIMIT_FSIZE, options_.memory_bytes},
                 {RLIMIT_NOFILE, kChildDescriptors},
                 {RLIMIT_CPU, kChildCpuSeconds},
                 {RLIMIT_CORE, 0},
                 {RLIMIT_NPROC, 0}};
  spec.landlock = true;
  spec.writable = scratch;
  spec.drop_capabilities = true;
  spec.allowed = child_syscalls();
  spec.refused = refused_child_syscalls();
  return spec;
}

void Zygote::be_child(UniqueFd socket, const std::string& scratch) {
  unblock_signals();
  silence(nothing_.get());
  close_all_but(socket);
  YaraScanner yara(engines_.yara);
  ClamavScanner clamav(engines_.clamav, scratch);
  HashScanner hashes(engines_.hashes);
  PublisherScanner publishers(engines_.publishers, clock_);
  const std::array<FileScanner*, 4> scanners{&hashes, &publishers, &yara, &clamav};
  if (!enter_jail(child_jail(scratch), options_.best_effort)) ::_exit(3);
  ::_exit(serve_scan_jobs(socket.get(), scanners, clock_, scratch));
}

void Zygote::serve() {
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{.fd = control_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = deaths_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) reap();
    if (waiting[0].revents != 0 && !serve_request()) return;
  }
}

// False: the gateway is gone, or talks nonsense.
bool Zygote::serve_request() {
  const auto datagram = receive_scan_message(control_.get());
  if (!datagram) return false;
  const auto request = decode_spawn_request(as_bytes(datagram->bytes));
  if (!request || !datagram->fds.empty()) return false;
  const auto child = spawn();
  if (!child) {
    const SpawnFailed failed{.id = request->id, .text = child.error().what};
    return send_scan_message(control_.get(), encode(failed)).has_value();
  }
  const Spawned spawned{.id = request->id, .pid = static_cast<std::uint32_t>(child->pid)};
  const std::array fds{child->socket.get(), child->pidfd.get()};
  return send_scan_message(control_.get(), encode(spawned), fds).has_value();
}

void Zygote::reap() {
  signalfd_siginfo ignored{};
  while (::read(deaths_.get(), &ignored, sizeof ignored) > 0) {
  }
  for (pid_t pid = 0; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
    const auto found = scratches_.find(pid);
    if (found == scratches_.end()) continue;
    std::error_code error;
    if (!found->second.empty()) std::filesystem::remove_all(found->second, error);
    scratches_.erase(found);
  }
}

}  // namespace weir
