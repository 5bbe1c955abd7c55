#include "proxy/ca_keeper.h"

#include <filesystem>

#include "core/net_addr.h"

namespace weir {
namespace {

// The CRL's address in every leaf.
std::string crl_url(const ListenSettings& listen) {
  std::string authority = listen.admin;
  if (!listen.advertised_host.empty()) {
    const auto parts = split_host_port(authority);
    if (parts && parts->port) {
      authority = listen.advertised_host + ":" + std::to_string(*parts->port);
    }
  }
  return "http://" + authority + "/ca.crl";
}

}  // namespace

Result<std::unique_ptr<CaKeeper>> CaKeeper::open(const Settings& settings,
                                                 const std::string& helper_dir, Log& log) {
  const std::string& dir = settings.state_dir;
  if (!std::filesystem::exists(dir + "/ca.pem") && !std::filesystem::exists(dir + "/ca.key")) {
    if (auto made = create_ca_apart(helper_dir + "/weir-sign", dir); !made) {
      return pass(std::move(made));
    }
    log.info("ca", "a new CA was made", {{"file", dir + "/ca.pem"}});
  }
  auto cas = read_cas(dir);
  if (!cas) return pass(std::move(cas));
  return std::unique_ptr<CaKeeper>(new CaKeeper(settings, helper_dir, log, std::move(*cas)));
}

CaKeeper::CaKeeper(const Settings& settings, std::string helper_dir, Log& log, CaSet cas)
    : settings_(settings),
      helper_dir_(std::move(helper_dir)),
      log_(log),
      watch_(settings.state_dir),
      cas_(std::move(cas)) {}

std::shared_ptr<const CaCertificate> CaKeeper::in_force() const {
  return std::make_shared<const CaCertificate>(cas_.current);
}

Result<SignerProcess> CaKeeper::start_signer() const {
  const std::string& dir = settings_.state_dir;
  return SignerProcess::start({.program = helper_dir_ + "/weir-sign",
                               .certificate_file = dir + "/ca.pem",
                               .key_file = dir + "/ca.key",
                               .crl_url = crl_url(settings_.listen),
                               .loops = settings_.threads,
                               .best_effort = settings_.inspect.isolation == "best_effort"},
                              settings_.tls);
}

CaKeeper::Seen CaKeeper::look(std::optional<SignerProcess>& signer) {
  retired_.reset();
  if (!watch_.look()) return Seen::nothing;
  auto read = read_cas(settings_.state_dir);
  if (!read) {
    log_.error("ca", "cannot be read", {{"problem", read.error().what}});
    return Seen::nothing;
  }
  if (read->current.sha256 == cas_.current.sha256 &&
      read->current.chain_der == cas_.current.chain_der) {
    cas_ = std::move(*read);
    return Seen::published;
  }
  auto started = start_signer();
  if (!started) {
    log_.error("ca", "the new CA cannot be used; the one before stays in force",
               {{"problem", started.error().what}});
    return Seen::nothing;
  }
  retired_ = std::exchange(signer, std::move(*started));
  cas_ = std::move(*read);
  log_.info("ca", "another CA is in force",
            {{"subject", cas_.current.subject}, {"sha256", cas_.current.sha256}});
  return Seen::replaced;
}

}  // namespace weir
