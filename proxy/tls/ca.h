// The gateway's certificate authority on disk: `ca.pem` (certificate, for everybody) and `ca.key`
// (mode 0600, read by weir-sign only). Start-up and command line only; blocks on files.
// Errors name the file and what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

// A new P-256 key and a self-signed certificate, ten years, path length 0, in `dir`. Never
// overwrites: `invalid` when one of the files is there.
Result<void> create_ca(const std::string& dir, WallTime now);

// What the world may know of the CA: the first certificate of the file.
struct CaCertificate {
  std::string pem;
  std::string der;
  std::string sha256;  // hex, lower case
  std::string subject;
  WallTime not_before;
  WallTime not_after;
  std::vector<std::string> chain_der;  // the file's intermediates, to be sent with every leaf
};
Result<CaCertificate> read_ca(const std::string& certificate_file);

// "AA:BB:..." as browsers show it.
std::string fingerprint_text(const std::string& sha256_hex);

}  // namespace weir
