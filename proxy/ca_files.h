// The CA's files in the state directory as everybody may see them, and the acts on them that need
// no key: putting the next CA in force, ending a rotation, noticing that one was put in force. What
// needs a key, weir-sign does (proxy/sign/ca_life.h). Blocks on files; off the loops.
//
//   ca.pem, ca.key            in force; ca.pem is replaced last, so whoever watches it sees a pair
//   ca-next.pem, ca-next.key  clients may trust it already; signs nothing yet
//   ca-old.pem, ca-old.key    was in force; clients may still trust it
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "core/result.h"
#include "proxy/tls/ca.h"

namespace weir {

struct CaSet {
  CaCertificate current;
  std::optional<CaCertificate> next, old;
};
Result<CaSet> read_cas(const std::string& state_dir);

// What clients should trust from now on: of the one in force, and of the next.
std::string published_pem(const CaSet& cas);

// The next CA takes the place of the one in force, which becomes the old one; without one in force
// it is simply put there. Can be repeated after a crash in its middle. not_found: there is no next.
Result<void> activate_next_ca(const std::string& state_dir);

// The old CA's key and certificate are deleted, and its cross certificate is no longer sent: who
// trusts only the old one is refused from now on. not_found: there is no old one.
Result<void> finish_rotation(const std::string& state_dir);

// Forgets the next CA. not_found: there is none.
Result<void> discard_next_ca(const std::string& state_dir);

// Tells when ca.pem or ca-next.pem are other files than at the last look. One thread.
class CaWatch {
 public:
  explicit CaWatch(std::string state_dir);  // what is there now is known
  bool look();

 private:
  // Device, inode, size and time of change; all 0: not there.
  using Mark = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;
  static Mark mark(const std::string& path);

  std::string dir_;
  Mark current_, next_;
};

}  // namespace weir
