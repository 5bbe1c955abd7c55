// Judges an origin's certificate chain, with one reason word for each thing that is wrong. The
// gateway and `weir verify-chain` use the same function. Any thread; blocks on nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

class TrustStore;

struct ChainInput {
  std::vector<std::string> chain_der;  // leaf first, then what the origin sent
  std::string host;                    // DNS name or IP literal to verify
  WallTime now;
  std::string stapled_ocsp;         // DER of the OCSPResponse; "" = none
  std::string revocation = "soft";  // off, soft, hard, as TlsSettings::revocation
};

// The words: revoked, other, unknown-issuer, self-signed, wrong-host, invalid-purpose, weak,
// expired, not-yet-valid, revocation-unknown (hard mode only); from the most serious down.
struct ChainProblem {
  std::string reason;
  std::string detail;  // which certificate and what of it; remote text is escaped
};

struct ChainJudgement {
  bool ok = false;
  std::string reason;  // "" when ok; else the most serious one
  std::string detail;
  std::vector<ChainProblem> problems;  // all, most serious first, each reason once
};

ChainJudgement judge_chain(const TrustStore& trust, const ChainInput& input);

// The certificates of a PEM file in order, as DER. Errors name the file.
Result<std::vector<std::string>> read_pem_chain(const std::string& file);

}  // namespace weir
