#include "proxy/tls/revocation_check.h"

namespace weir {
namespace {

Standing listed_standing(const TrustStore& trust, X509* cert, X509* issuer, WallTime now) {
  Standing best = Standing::unknown;
  for (const CrlPtr& crl : trust.crls()) {
    const Standing here = crl_standing(crl.get(), cert, issuer, now).standing;
    if (here == Standing::revoked) return here;
    if (here == Standing::good) best = here;
  }
  return best;
}

}  // namespace

void add_revoked(ChainCheck& check, X509* cert, std::string_view source) {
  check.problems.push_back({"revoked", describe(cert) + ", says " + std::string(source)});
}

void add_revocation_unknown(ChainCheck& check) {
  const std::string name = check.built.empty() ? "" : ": " + describe(check.built[0].get());
  check.problems.push_back({"revocation-unknown", "no OCSP answer and no CRL at hand" + name});
}

Standing revocation_at_hand(const TrustStore& trust, ChainCheck& check, const std::string& staple,
                            WallTime now) {
  Standing leaf = Standing::unknown;
  if (!check.anchored()) return leaf;
  for (std::size_t i = 0; i + 1 < check.built.size(); ++i) {
    X509* cert = check.built[i].get();
    X509* issuer = check.built[i + 1].get();
    Standing here = listed_standing(trust, cert, issuer, now);
    std::string_view source = "a configured CRL";
    if (i == 0 && here != Standing::revoked && !staple.empty()) {
      const Standing stapled = ocsp_standing(as_bytes(staple), cert, issuer, now).standing;
      if (stapled != Standing::unknown) here = stapled;
      source = "the stapled OCSP answer";
    }
    if (here == Standing::revoked) {
      add_revoked(check, cert, source);
      return here;
    }
    if (i == 0) leaf = here;
  }
  return leaf;
}

void add_revocation_at_hand(const TrustStore& trust, ChainCheck& check, const std::string& staple,
                            WallTime now, std::string_view mode) {
  if (mode == "off") return;
  const Standing leaf = revocation_at_hand(trust, check, staple, now);
  if (mode == "hard" && leaf == Standing::unknown && check.anchored())
    add_revocation_unknown(check);
}

}  // namespace weir
