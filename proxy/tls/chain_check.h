// Building and checking a chain with OpenSSL's verifier, going on after each error so that every
// problem is seen. Private to proxy/tls; what judge_chain and the origin side are made of.
#pragma once

#include <string>
#include <vector>

#include "proxy/tls/trust_store.h"
#include "proxy/tls/verify.h"

namespace weir {

struct ChainCheck {
  std::vector<ChainProblem> problems;  // unordered, a reason may repeat
  std::vector<X509Ptr> built;          // leaf, its issuer, ... as far as issuers were found
  bool has(std::string_view reason) const;
  // Roots were reached, so what issuers signed about revocation means something.
  bool anchored() const { return !has("unknown-issuer") && !has("self-signed"); }
};

ChainCheck check_chain(const TrustStore& trust, const std::vector<X509Ptr>& chain,
                       const std::string& host, WallTime now);

ChainJudgement to_judgement(std::vector<ChainProblem> problems);

std::string describe(X509* cert);  // "CN=example.test"

}  // namespace weir
