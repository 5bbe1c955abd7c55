// The weir-sign process as the gateway sees it: started before any socket is opened, one socket per
// loop, stopped by closing them. Owned by the app; its thread only. Starting it again after a crash
// is starting another one; the new sockets are given to the loops' issuers (issuer.h, attach).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/fd.h"
#include "core/result.h"

namespace weir {

struct SignerStart {
  std::string program;           // path of weir-sign
  std::string certificate_file;  // ca.pem
  std::string key_file;          // ca.key
  std::string crl_url;           // in every leaf; "" = none
  unsigned loops = 1;
  bool best_effort = false;  // a jail layer that the system refuses is reported, not fatal
};

class SignerProcess {
 public:
  // Returns when the signer says that it is ready. invalid: what the signer said (a damaged CA
  // file, with its name); crashed: it ended or said nothing for five seconds. Blocks: start-up
  // only, or off the loops.
  static Result<SignerProcess> start(const SignerStart& start, const TlsSettings& settings);

  SignerProcess(SignerProcess&& other) noexcept;
  SignerProcess& operator=(SignerProcess&& other) noexcept;
  ~SignerProcess();  // closes sockets not taken, then ends and reaps the process

  UniqueFd take_socket(unsigned loop) { return std::move(sockets_.at(loop)); }
  pid_t pid() const { return pid_; }
  bool alive();  // reaps it if it has ended
  const std::string& ca_sha256() const { return ca_sha256_; }

 private:
  SignerProcess() = default;
  Result<void> await_ready();
  void end();

  pid_t pid_ = -1;
  std::vector<UniqueFd> sockets_;
  std::string ca_sha256_;
};

// Runs weir-sign for one act on the files of a CA (proxy/sign/ca_life.h), so that no key ever is in
// this process's memory. What is wrong it says on standard error. Blocks.
Result<void> signer_act(const std::string& program, std::vector<std::string> words);

// Runs `weir-sign --create DIR`, so that the key never is in this process's memory. Blocks.
Result<void> create_ca_apart(const std::string& program, const std::string& dir);

}  // namespace weir
