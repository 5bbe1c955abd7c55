#include "proxy/tls/verify.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "proxy/tls/chain_check.h"
#include "proxy/tls/revocation_check.h"

namespace weir {

ChainJudgement judge_chain(const TrustStore& trust, const ChainInput& input) {
  std::vector<X509Ptr> chain;
  for (const std::string& der : input.chain_der) {
    auto cert = x509_from_der(as_bytes(der));
    if (!cert) return to_judgement({{"other", "a certificate of the chain cannot be parsed"}});
    chain.push_back(std::move(cert));
  }
  ChainCheck check = check_chain(trust, chain, input.host, input.now);
  add_revocation_at_hand(trust, check, input.stapled_ocsp, input.now, input.revocation);
  return to_judgement(std::move(check.problems));
}

Result<std::vector<std::string>> read_pem_chain(const std::string& file) {
  ERR_clear_error();
  const BioPtr in(BIO_new_file(file.c_str(), "r"));
  if (!in) {
    return fail(Errc::not_found, Fault::config,
                file + ": cannot be opened (" + take_openssl_error() + ")");
  }
  std::vector<std::string> out;
  while (const X509Ptr cert{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    out.push_back(der_of(*cert));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string problem = take_openssl_error();
  if (at_end && !out.empty()) return out;
  return fail(
      Errc::invalid, Fault::config,
      file + (at_end ? ": holds no PEM certificate" : ": damaged certificate (" + problem + ")"));
}

}  // namespace weir
