#include "proxy/sign/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace weir {
namespace {

constexpr int kRoundsPerPeer = 16;  // so that one loop's burst does not starve the others

enum class Round : std::uint8_t { more, empty, closed, nonsense };

Round answer_one(LeafSigner& signer, int peer, const Clock& clock) {
  std::array<std::uint8_t, 1024> block{};  // a request is at most 12 + 4 + 253 + 256 bytes
  const ssize_t got = ::recv(peer, block.data(), block.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (got == 0) return Round::closed;
  if (got < 0) {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return later ? Round::empty : Round::closed;
  }
  if (static_cast<std::size_t>(got) > block.size()) return Round::nonsense;
  auto request = decode_sign_request({block.data(), static_cast<std::size_t>(got)});
  if (!request) return Round::nonsense;
  send_reply(peer, signer.answer(*request, clock.wall()));
  return Round::more;
}

Round answer_some(LeafSigner& signer, int peer, const Clock& clock) {
  for (int i = 0; i < kRoundsPerPeer; ++i) {
    if (const Round round = answer_one(signer, peer, clock); round != Round::more) return round;
  }
  return Round::more;
}

}  // namespace

bool send_reply(int peer, const SignReply& reply) {
  const std::string bytes = encode(reply);
  return ::send(peer, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

ServerEnd serve_signer(LeafSigner& signer, const std::vector<UniqueFd>& peers, const Clock& clock) {
  std::vector<pollfd> waits;
  for (const UniqueFd& peer : peers) waits.push_back({peer.get(), POLLIN, 0});
  std::size_t open = waits.size();
  while (open > 0) {
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return ServerEnd::io;
    }
    for (pollfd& wait : waits) {
      if (wait.fd < 0 || wait.revents == 0) continue;
      const Round round = answer_some(signer, wait.fd, clock);
      if (round == Round::nonsense) return ServerEnd::nonsense;
      if (round != Round::closed) continue;
      wait.fd = -1;
      --open;
    }
  }
  return ServerEnd::closed;
}

}  // namespace weir
