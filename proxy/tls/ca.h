// The gateway's certificate authority on disk: `ca.pem` (certificates, for everybody) and `ca.key`
// (mode 0600, read by weir-sign only). Start-up and command line only; blocks on files.
// Errors name the file and what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

// A new P-256 key and a self-signed certificate, ten years, in `dir`. Path length 1, so that it can
// certify the one that takes its place (ca_life.h in proxy/sign). Never overwrites: `invalid` when
// one of the files is there.
Result<void> create_ca(const std::string& dir, WallTime now);

// What the world may know of the CA: the first certificate of the file.
struct CaCertificate {
  std::string pem;
  std::string der;
  std::string sha256;  // hex, lower case
  std::string subject;
  std::string issuer;
  WallTime not_before;
  WallTime not_after;
  std::vector<std::string> chain_der;  // the file's intermediates, to be sent with every leaf
  // What clients are to trust: the self-signed certificate of the file, else the first.
  std::string anchor_pem;
  std::string anchor_der;
  std::string anchor_sha256;
};
Result<CaCertificate> read_ca(const std::string& certificate_file);

// The file's certificates without those that an older CA gave the same key: PEM.
Result<std::string> pem_without_cross(const std::string& certificate_file);

// "AA:BB:..." as browsers show it.
std::string fingerprint_text(const std::string& sha256_hex);

}  // namespace weir
