// The CA of a running gateway: makes one at the first start, starts signers for it, and notices
// when another one was put in force or made known (weir ca), without a reload. Owned by the app;
// its thread. What cannot be used is said once, and the CA before stays in force.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "conf/settings.h"
#include "core/log.h"
#include "proxy/ca_files.h"
#include "proxy/tls/signer_process.h"

namespace weir {

class CaKeeper {
 public:
  // `settings.threads` is known already: a signer has a socket for each loop. All outlive it.
  static Result<std::unique_ptr<CaKeeper>> open(const Settings& settings,
                                                const std::string& helper_dir, Log& log);

  const CaSet& cas() const { return cas_; }
  std::shared_ptr<const CaCertificate> in_force() const;
  Result<SignerProcess> start_signer() const;

  enum class Seen : std::uint8_t {
    nothing,
    published,  // what clients are to trust is another
    replaced,   // so is the CA in force: `signer` is another one, its sockets are to be taken
  };
  // Each second. The signer before answers what it was asked until the next look.
  Seen look(std::optional<SignerProcess>& signer);

 private:
  CaKeeper(const Settings& settings, std::string helper_dir, Log& log, CaSet cas);

  const Settings& settings_;
  const std::string helper_dir_;
  Log& log_;
  CaWatch watch_;
  CaSet cas_;
  std::optional<SignerProcess> retired_;
};

}  // namespace weir
