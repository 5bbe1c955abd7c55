#include "proxy/tls/origin_verifier.h"

#include <algorithm>

#include "proxy/tls/revocation_check.h"

namespace weir {
namespace {

constexpr std::size_t kCacheEntries = 256;
constexpr int kMostRepairs = 3;
// What may be missing anyway does not hold up a connection for long.
constexpr Duration kSoftLimit = std::chrono::milliseconds(1500);
constexpr Duration kKeepIssuer = std::chrono::hours(24);
constexpr Duration kKeepStanding = std::chrono::hours(1);
constexpr Duration kKeepFailure = std::chrono::minutes(5);

WallTime plus(WallTime time, Duration by) {
  return time + std::chrono::duration_cast<WallTime::duration>(by);
}

bool issued(X509* issuer, X509* subject) {
  return X509_check_issued(issuer, subject) == X509_V_OK && X509_cmp(issuer, subject) != 0;
}

}  // namespace

OriginVerifier::OriginVerifier(std::shared_ptr<const TrustStore> trust, const TlsSettings& settings,
                               const Clock& clock, CertificateFetch fetch, Metrics& metrics)
    : trust_(std::move(trust)),
      settings_(settings),
      clock_(clock),
      fetch_(std::move(fetch)),
      cache_(kCacheEntries),
      fetched_(metrics.counter("weir_certificate_fetches_total",
                               "Issuers, OCSP answers and CRLs fetched for verification.",
                               {{"result", "ok"}})),
      fetch_failed_(metrics.counter("weir_certificate_fetches_total", "", {{"result", "failed"}})) {
}

Co<ChainJudgement> OriginVerifier::judge(OriginChain chain, SteadyTime deadline) {
  ChainCheck check = check_chain(*trust_, chain.certificates, chain.host, clock_.wall());
  if (settings_.aia_fetch && fetch_) co_await repair(chain, check, deadline);
  if (settings_.revocation != "off") co_await check_revocation(chain, check, deadline);
  co_return to_judgement(std::move(check.problems));
}

// Each round fetches the issuer of the last certificate that was found, and builds again.
Co<void> OriginVerifier::repair(OriginChain& chain, ChainCheck& check, SteadyTime deadline) {
  for (int i = 0; i < kMostRepairs && check.has("unknown-issuer") && !check.built.empty(); ++i) {
    X509* top = check.built.back().get();
    if (X509_self_signed(top, 0) == 1) co_return;  // a root that nobody here trusts
    auto issuers = co_await fetch_issuer(top, deadline);
    if (issuers.empty()) co_return;
    for (X509Ptr& issuer : issuers) chain.certificates.push_back(std::move(issuer));
    check = check_chain(*trust_, chain.certificates, chain.host, clock_.wall());
  }
}

Co<std::vector<X509Ptr>> OriginVerifier::fetch_issuer(X509* of, SteadyTime deadline) {
  for (const std::string& url : issuer_urls(of)) {
    const std::string body = co_await download({url, url, "", "", kKeepIssuer}, deadline);
    auto found = parse_issuers(as_bytes(body));
    std::erase_if(found, [of](const X509Ptr& candidate) { return !issued(candidate.get(), of); });
    if (!found.empty()) co_return found;
  }
  co_return std::vector<X509Ptr>{};
}

Co<void> OriginVerifier::check_revocation(const OriginChain& chain, ChainCheck& check,
                                          SteadyTime deadline) {
  if (!check.anchored()) co_return;
  const SteadyTime soon = clock_.steady() + kSoftLimit;
  if (settings_.revocation != "hard") deadline = std::min(deadline, soon);
  Standing leaf = revocation_at_hand(*trust_, check, chain.stapled_ocsp, clock_.wall());
  const bool has_issuer = check.built.size() >= 2;
  if (leaf == Standing::unknown && has_issuer && fetch_) {
    X509* cert = check.built[0].get();
    X509* issuer = check.built[1].get();
    std::string_view source = "the OCSP responder";
    leaf = co_await ask_ocsp(cert, issuer, deadline);
    if (leaf == Standing::unknown) {
      source = "the issuer's CRL";
      leaf = co_await read_crls(cert, issuer, deadline);
    }
    if (leaf == Standing::revoked) add_revoked(check, cert, source);
  }
  if (leaf == Standing::unknown && settings_.revocation == "hard") add_revocation_unknown(check);
  if (fetch_ && !check.has("revoked")) co_await check_intermediates(check, deadline);
}

// Their authorities publish lists, seldom anything else; one list serves many origins.
Co<void> OriginVerifier::check_intermediates(ChainCheck& check, SteadyTime deadline) {
  for (std::size_t i = 1; i + 1 < check.built.size(); ++i) {
    X509* cert = check.built[i].get();
    const Standing here = co_await read_crls(cert, check.built[i + 1].get(), deadline);
    if (here == Standing::revoked) co_return add_revoked(check, cert, "its issuer's CRL");
  }
}

Co<Standing> OriginVerifier::ask_ocsp(X509* cert, X509* issuer, SteadyTime deadline) {
  const std::string request = ocsp_request(cert, issuer);
  for (const std::string& url : ocsp_urls(cert)) {
    const std::string body = co_await download({url + ' ' + sha256_hex(as_bytes(request)), url,
                                                request, "application/ocsp-request", kKeepStanding},
                                               deadline);
    const Standing here = ocsp_standing(as_bytes(body), cert, issuer, clock_.wall()).standing;
    if (here != Standing::unknown) co_return here;
  }
  co_return Standing::unknown;
}

Co<Standing> OriginVerifier::read_crls(X509* cert, X509* issuer, SteadyTime deadline) {
  for (const std::string& url : crl_urls(cert)) {
    const std::string body = co_await download({url, url, "", "", kKeepStanding}, deadline);
    const CrlPtr crl = body.empty() ? nullptr : parse_crl(as_bytes(body));
    if (!crl) continue;
    const Standing here = crl_standing(crl.get(), cert, issuer, clock_.wall()).standing;
    if (here != Standing::unknown) co_return here;
  }
  co_return Standing::unknown;
}

Co<std::string> OriginVerifier::download(Download what, SteadyTime deadline) {
  if (const std::string* kept = cache_.find(what.key, clock_.wall())) co_return *kept;
  const Duration limit = std::min<Duration>(settings_.aia_timeout, deadline - clock_.steady());
  if (limit <= Duration::zero()) co_return "";
  auto body = co_await fetch_(what.url, std::move(what.post_body), std::move(what.content_type),
                              settings_.aia_max_bytes, limit);
  const bool good = body && !body->empty() && body->size() <= settings_.aia_max_bytes;
  (good ? fetched_ : fetch_failed_).add();
  const WallTime until = plus(clock_.wall(), good ? what.keep : kKeepFailure);
  co_return cache_.put(what.key, good ? std::move(*body) : std::string(), until);
}

}  // namespace weir
