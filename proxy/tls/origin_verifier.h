// judge_chain with the means of a running gateway: missing intermediates are fetched (AIA), and so
// are OCSP answers and CRLs when nothing at hand speaks. Everything is bounded in count, size and
// time, and cached. One per loop, loop thread only. Private to proxy/tls.
#pragma once

#include <string>
#include <vector>

#include "core/metrics.h"
#include "proxy/tls/chain_check.h"
#include "proxy/tls/fetch_cache.h"
#include "proxy/tls/revocation.h"
#include "proxy/tls/tls.h"

namespace weir {

struct OriginChain {
  std::vector<X509Ptr> certificates;  // leaf first
  std::string host;
  std::string stapled_ocsp;
};

class OriginVerifier {
 public:
  OriginVerifier(std::shared_ptr<const TrustStore> trust, const TlsSettings& settings,
                 const Clock& clock, CertificateFetch fetch, Metrics& metrics);

  // Never fails: what could not be fetched stays a problem, or in soft mode none.
  Co<ChainJudgement> judge(OriginChain chain, SteadyTime deadline);

 private:
  struct Download {
    std::string key, url, post_body, content_type;
    Duration keep;
  };
  Co<void> repair(OriginChain& chain, ChainCheck& check, SteadyTime deadline);
  Co<std::vector<X509Ptr>> fetch_issuer(X509* of, SteadyTime deadline);
  Co<void> check_revocation(const OriginChain& chain, ChainCheck& check, SteadyTime deadline);
  Co<void> check_intermediates(ChainCheck& check, SteadyTime deadline);
  Co<Standing> ask_ocsp(X509* cert, X509* issuer, SteadyTime deadline);
  Co<Standing> read_crls(X509* cert, X509* issuer, SteadyTime deadline);
  Co<std::string> download(Download what, SteadyTime deadline);  // "" when it failed

  std::shared_ptr<const TrustStore> trust_;
  const TlsSettings settings_;
  const Clock& clock_;
  CertificateFetch fetch_;
  FetchCache cache_;
  Counter& fetched_;
  Counter& fetch_failed_;
};

}  // namespace weir
