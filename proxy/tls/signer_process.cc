#include "proxy/tls/signer_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <memory>

#include "proxy/tls/sign_wire.h"

namespace weir {
namespace {

constexpr int kFirstPeer = 3;
constexpr int kOutOfTheWay = 512;  // above every number that the child's sockets get
constexpr int kStartMillis = 5000;

struct DestroyActions {
  void operator()(posix_spawn_file_actions_t* actions) const {
    posix_spawn_file_actions_destroy(actions);
  }
};

struct SocketPair {
  UniqueFd ours, theirs;
};

Result<SocketPair> make_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return std::unexpected(errno_error("socketpair", errno));
  }
  SocketPair pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
  // The child's end moves out of the range it will be copied to.
  pair.theirs.reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, kOutOfTheWay));
  if (!pair.theirs) return std::unexpected(errno_error("dup", errno));
  return pair;
}

// Exactly 0 to 2 and `peers` are open in the child.
Result<pid_t> spawn(std::vector<std::string> arguments, const std::vector<UniqueFd>& peers) {
  posix_spawn_file_actions_t raw;
  if (posix_spawn_file_actions_init(&raw) != 0) return std::unexpected(errno_error("spawn", errno));
  const std::unique_ptr<posix_spawn_file_actions_t, DestroyActions> actions(&raw);
  int next = kFirstPeer;
  for (const UniqueFd& peer : peers) posix_spawn_file_actions_adddup2(&raw, peer.get(), next++);
  posix_spawn_file_actions_addclosefrom_np(&raw, next);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::array<char*, 1> environment{nullptr};  // nothing that OpenSSL or the loader would listen to
  pid_t pid = -1;
  const int bad = ::posix_spawn(&pid, argv[0], &raw, nullptr, argv.data(), environment.data());
  if (bad != 0) return std::unexpected(errno_error("start " + arguments.front(), bad));
  return pid;
}

int reap(pid_t pid, int flags) {
  int status = 0;
  pid_t got = -1;
  do {
    got = ::waitpid(pid, &status, flags);
  } while (got < 0 && errno == EINTR);
  return got == 0 ? -1 : status;
}

Result<SignReply> receive_reply(int socket) {
  pollfd wait{socket, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&wait, 1, kStartMillis);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return fail(Errc::crashed, Fault::helper, "weir-sign: no answer at start");
  std::string block(kMaxSignMessage, '\0');
  const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
  if (got <= 0) return fail(Errc::crashed, Fault::helper, "weir-sign: ended at start");
  return decode_sign_reply(as_bytes(block).first(static_cast<std::size_t>(got)));
}

}  // namespace

Result<SignerProcess> SignerProcess::start(const SignerStart& start, const TlsSettings& settings) {
  SignerProcess process;
  std::vector<UniqueFd> peers;
  for (unsigned i = 0; i < start.loops; ++i) {
    auto pair = make_pair();
    if (!pair) return pass(std::move(pair));
    process.sockets_.push_back(std::move(pair->ours));
    peers.push_back(std::move(pair->theirs));
  }
  std::vector<std::string> arguments{start.program,
                                     "--ca",
                                     start.certificate_file,
                                     "--key",
                                     start.key_file,
                                     "--fds",
                                     std::to_string(start.loops),
                                     "--lifetime",
                                     std::to_string(settings.leaf_lifetime.count()),
                                     "--backdate",
                                     std::to_string(settings.leaf_backdate.count())};
  if (!start.crl_url.empty()) arguments.insert(arguments.end(), {"--crl-url", start.crl_url});
  if (start.best_effort) arguments.insert(arguments.end(), {"--isolation", "best_effort"});
  auto pid = spawn(std::move(arguments), peers);
  if (!pid) return pass(std::move(pid));
  process.pid_ = *pid;
  peers.clear();
  if (auto ready = process.await_ready(); !ready) return pass(std::move(ready));
  return process;
}

Result<void> SignerProcess::await_ready() {
  for (const UniqueFd& socket : sockets_) {
    auto reply = receive_reply(socket.get());
    if (!reply) return pass(std::move(reply));
    if (reply->kind == SignReply::Kind::error)
      return fail(Errc::invalid, Fault::config, reply->body);
    if (reply->kind != SignReply::Kind::ready) {
      return fail(Errc::crashed, Fault::helper, "weir-sign: unexpected message at start");
    }
    ca_sha256_ = reply->body;
  }
  return {};
}

SignerProcess::SignerProcess(SignerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      sockets_(std::move(other.sockets_)),
      ca_sha256_(std::move(other.ca_sha256_)) {}

SignerProcess& SignerProcess::operator=(SignerProcess&& other) noexcept {
  if (this == &other) return *this;
  end();
  pid_ = std::exchange(other.pid_, -1);
  sockets_ = std::move(other.sockets_);
  ca_sha256_ = std::move(other.ca_sha256_);
  return *this;
}

SignerProcess::~SignerProcess() { end(); }

void SignerProcess::end() {
  sockets_.clear();
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);  // it keeps nothing that would need an orderly end
  reap(pid_, 0);
  pid_ = -1;
}

bool SignerProcess::alive() {
  if (pid_ < 0) return false;
  if (reap(pid_, WNOHANG) == -1) return true;
  pid_ = -1;
  return false;
}

Result<void> signer_act(const std::string& program, std::vector<std::string> words) {
  const std::string act = words.empty() ? "" : words.front();
  words.insert(words.begin(), program);
  auto pid = spawn(std::move(words), {});
  if (!pid) return pass(std::move(pid));
  const int status = reap(*pid, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::invalid, Fault::config, "weir-sign " + act + " did not succeed");
}

Result<void> create_ca_apart(const std::string& program, const std::string& dir) {
  if (signer_act(program, {"--create", dir})) return {};
  return fail(Errc::invalid, Fault::config, "weir-sign could not make a CA in " + dir);
}

}  // namespace weir
