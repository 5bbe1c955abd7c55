#include "inspect/scan_zygote.h"

extern "C" {  // glibc 2.36 declares it without
#include <sys/pidfd.h>
}

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <optional>
#include <vector>

namespace weir {

namespace asio = boost::asio;

struct ScanZygote::State {
  State(asio::io_context& on, UniqueFd control_end, UniqueFd process_fd)
      : loop(on),
        control(on, control_end.release()),
        process(on, process_fd.release()),
        limit(on) {}
  ~State() {  // nobody waits for it any more
    if (!end.empty()) return;
    kill();
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(process.native_handle()), &info, WEXITED);
  }

  void kill() { ::pidfd_send_signal(process.native_handle(), SIGKILL, nullptr, 0); }

  // Ends the conversation; reap() sees the rest.
  void close() {
    closed = true;
    limit.cancel();
    kill();
    boost::system::error_code ignored;
    control.close(ignored);
  }

  void lost(const std::string& why) {
    if (closed) return;
    close();
    if (const auto tell = std::move(events.gone)) tell(why);
  }

  asio::io_context& loop;
  asio::posix::stream_descriptor control;
  asio::posix::stream_descriptor process;
  asio::steady_timer limit;
  Events events;
  std::uint32_t next_id = 1;   // of the next request
  std::uint32_t answered = 0;  // the last request that was answered
  bool closed = false;
  std::string end;  // how the process ended, once it has
};

namespace {

struct Actions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Actions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
};

// A group of its own, so that the terminal's interrupt is ours to handle; signals as a new program
// expects them.
void set_up(Actions& actions, int control_end, int control_fd) {
  posix_spawn_file_actions_addopen(&actions.files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions.files, control_end, control_fd);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&actions.attributes, &none);
  posix_spawnattr_setsigdefault(&actions.attributes, &all);
  posix_spawnattr_setpgroup(&actions.attributes, 0);
  posix_spawnattr_setflags(&actions.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

Result<pid_t> spawn_program(const std::string& program, const ScanOptions& options,
                            int control_end) {
  std::vector<std::string> words = scan_arguments(options);
  words.insert(words.begin(), program);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Actions actions;
  set_up(actions, control_end, options.control_fd);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions.files, &actions.attributes,
                                  argv.data(), environ);
  if (error != 0) return std::unexpected(errno_error("start " + program, error));
  return pid;
}

}  // namespace

Result<std::shared_ptr<ScanZygote>> ScanZygote::start(asio::io_context& loop,
                                                      const std::string& program,
                                                      ScanOptions options) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(errno_error("socketpair", errno));
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  options.control_fd = 3;
  auto pid = spawn_program(program, options, theirs.get());
  if (!pid) return pass(std::move(pid));
  UniqueFd process(::pidfd_open(*pid, 0));
  if (!process) {
    const int cause = errno;
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return std::unexpected(errno_error("pidfd_open", cause));
  }
  auto state = std::make_shared<State>(loop, std::move(ours), std::move(process));
  asio::co_spawn(loop, reap(state), asio::detached);
  return std::shared_ptr<ScanZygote>(new ScanZygote(std::move(state)));
}

ScanZygote::ScanZygote(std::shared_ptr<State> state) : state_(std::move(state)) {}

ScanZygote::~ScanZygote() {
  state_->events = {};
  state_->close();
}

unsigned ScanZygote::asked() const { return state_->next_id - 1 - state_->answered; }

// Only notes the end: what it said before is still to be read.
Co<void> ScanZygote::reap(std::shared_ptr<State> state) {
  (void)co_await state->process.async_wait(asio::posix::stream_descriptor::wait_read,
                                           asio::as_tuple(asio::use_awaitable));
  siginfo_t info{};
  const auto process = static_cast<id_t>(state->process.native_handle());
  if (::waitid(P_PIDFD, process, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) co_return;
  const bool killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  state->end =
      (killed ? "killed by signal " : "ended with status ") + std::to_string(info.si_status);
  boost::system::error_code ignored;
  state->control.cancel(ignored);
}

Co<Result<ScanReady>> ScanZygote::ready(Duration limit) {
  const auto state = state_;
  const auto expired = std::make_shared<bool>(false);
  state->limit.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(limit));
  state->limit.async_wait([state, expired](boost::system::error_code error) {
    if (error) return;
    *expired = true;
    state->control.cancel();
  });
  for (;;) {
    if (*expired) co_return fail(Errc::timeout, Fault::helper, "weir-scan: loading takes too long");
    auto got = receive_scan_message(state->control.native_handle());
    if (got) {
      state->limit.cancel();
      auto message = decode_zygote_message(as_bytes(got->bytes));
      if (!message) co_return pass(std::move(message));
      if (auto* ready = std::get_if<ScanReady>(&*message)) co_return std::move(*ready);
      if (auto* failed = std::get_if<ScanFailed>(&*message)) {
        co_return fail(Errc::invalid, Fault::config, std::move(failed->text));
      }
      co_return fail(Errc::malformed, Fault::helper, "weir-scan: unexpected first message");
    }
    if (got.error().code != Errc::busy || !state->end.empty()) {
      co_return fail(Errc::crashed, Fault::helper, "weir-scan: ended while loading " + state->end);
    }
    (void)co_await state->control.async_wait(asio::posix::stream_descriptor::wait_read,
                                             asio::as_tuple(asio::use_awaitable));
  }
}

void ScanZygote::listen(Events events) {
  state_->events = std::move(events);
  asio::co_spawn(state_->loop, serve(state_), asio::detached);
}

bool ScanZygote::request_child() {
  if (state_->closed) return false;
  const SpawnRequest request{state_->next_id};
  if (!send_scan_message(state_->control.native_handle(), encode(request))) return false;
  ++state_->next_id;
  return true;
}

Co<void> ScanZygote::serve(std::shared_ptr<State> state) {
  while (!state->closed) {
    auto got = receive_scan_message(state->control.native_handle());
    if (!got && got.error().code == Errc::busy) {
      if (!state->end.empty()) co_return state->lost(state->end);
      (void)co_await state->control.async_wait(asio::posix::stream_descriptor::wait_read,
                                               asio::as_tuple(asio::use_awaitable));
      continue;
    }
    if (!got) co_return state->lost(got.error().what);
    auto message = decode_zygote_message(as_bytes(got->bytes));
    if (!message) co_return state->lost(message.error().what);
    const std::uint32_t due = state->answered + 1;
    auto* spawned = std::get_if<Spawned>(&*message);
    auto* failed = std::get_if<SpawnFailed>(&*message);
    const std::uint32_t id = spawned != nullptr ? spawned->id : failed != nullptr ? failed->id : 0;
    const std::size_t descriptors = spawned != nullptr ? 2 : 0;
    if (id != due || due >= state->next_id || got->fds.size() != descriptors) {
      co_return state->lost("it answered what was not asked");
    }
    state->answered = due;
    // Copies: an event may drop the last owner of the zygote and with it the events.
    if (spawned != nullptr) {
      if (auto tell = state->events.spawned) tell(std::move(got->fds[0]), std::move(got->fds[1]));
    } else if (auto tell = state->events.spawn_failed) {
      tell(failed->text);
    }
  }
}

}  // namespace weir
