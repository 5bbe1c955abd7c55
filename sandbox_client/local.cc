#include "sandbox_client/local.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/digest.h"
#include "sandbox_client/judgement.h"

namespace weir {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kMostDeaths = 1000;  // hashes that are remembered

Error connect_error(const std::string& path) {
  Error error = errno_error("connect to " + path, errno);
  error.fault = Fault::helper;
  error.retryable = true;
  error.code = errno == EAGAIN ? Errc::busy : Errc::refused;
  return error;
}

}  // namespace

LocalEngine::LocalEngine(LocalOptions options, const Clock& clock, Random& random)
    : options_(std::move(options)), clock_(clock) {
  std::array<std::uint8_t, 8> drawn{};
  random.fill(drawn);
  life_ = hex(drawn);
}

bool LocalEngine::takes(const Submission& submission) const {
  return options_.types.empty() ||
         std::ranges::find(options_.types, submission.type) != options_.types.end();
}

// What an earlier process handed over ended with it.
Result<Found> LocalEngine::find(const Work&) { return Found(); }

Result<UniqueFd> LocalEngine::connect() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.socket.empty() || options_.socket.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid, Fault::config, "no path for a socket: " + options_.socket, true);
  }
  std::ranges::copy(options_.socket, address.sun_path);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return std::unexpected(errno_error("socket", errno));
  const timeval patience{5, 0};  // to take the head, which fits into any buffer
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(connect_error(options_.socket));
  }
  return socket;
}

Result<std::string> LocalEngine::submit(const Work& work, UniqueFd file) {
  drop_old();
  auto socket = connect();
  if (!socket) return pass(std::move(socket));
  auto sent = send_local_request(socket->get(), local_request(work.submission, options_.seconds),
                                 file.get());
  if (!sent) {
    Error error = std::move(sent).error();
    error.retryable = true;  // closing ends what it may have begun
    return std::unexpected(std::move(error));
  }
  std::string ticket = life_ + "-" + std::to_string(++count_);
  runs_[ticket] = {std::move(*socket), {}, clock_.steady() + options_.longest};
  return ticket;
}

// Those of submissions that have expired are never asked for again.
void LocalEngine::drop_old() {
  const SteadyTime now = clock_.steady();
  std::erase_if(runs_, [now](const auto& one) { return one.second.until <= now; });
}

// True when the worker has closed.
Result<bool> LocalEngine::receive(Run& run) const {
  for (;;) {
    std::array<char, kPiece> piece;  // NOLINT: written before it is read
    const ssize_t got = ::recv(run.socket.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got < 0) return true;  // reset: it is gone
    if (got == 0) return true;
    run.answer.append(piece.data(), static_cast<std::size_t>(got));
    if (run.answer.size() > ReportLimits::json_bytes + 4) {
      return fail(Errc::crashed, Fault::helper, "sandbox worker does not stop talking");
    }
  }
}

Error LocalEngine::died(const std::string& sha256) {
  if (deaths_.size() > kMostDeaths) deaths_.clear();
  Error error{Errc::not_found, Fault::helper, false, "sandbox worker ended without a report"};
  if (++deaths_[sha256] >= options_.deaths) {
    deaths_.erase(sha256);
    error.code = Errc::crashed;
  }
  return error;
}

Result<std::optional<Judgement>> LocalEngine::poll(const Work& work) {
  const auto found = runs_.find(work.ticket);
  if (found == runs_.end()) {
    return fail(Errc::not_found, Fault::local, "was handed over by an earlier process");
  }
  Run& run = found->second;
  const auto closed = receive(run);
  auto report = closed ? read_local_answer(run.answer)
                       : Result<std::optional<SandboxReport>>(std::unexpected(closed.error()));
  const bool late = run.until <= clock_.steady();
  if (report && !*report && !*closed && !late) return std::optional<Judgement>();
  runs_.erase(found);
  if (!report) {  // nonsense is no reason to ask again
    return fail(Errc::crashed, Fault::helper, report.error().what);
  }
  if (!*report) return std::unexpected(died(work.submission.sha256));
  deaths_.erase(work.submission.sha256);
  if ((*report)->sha256 != work.submission.sha256) {
    return fail(Errc::crashed, Fault::helper, "sandbox worker reports another file");
  }
  auto judgement = judge(**report, options_.versions);
  if (!judgement) return pass(std::move(judgement));
  return std::optional(std::move(*judgement));
}

}  // namespace weir
