#include "proxy/tls/chain_check.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "proxy/tls/sign_wire.h"

namespace weir {
namespace {

constexpr int kStrength = 2;  // OpenSSL's level: 112 bits, so RSA from 2048 and no SHA-1
constexpr std::string_view kOther = "other";

struct Word {
  int error;
  std::string_view reason;
};

constexpr auto kWords = std::to_array<Word>({
    {X509_V_ERR_CERT_HAS_EXPIRED, "expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "not-yet-valid"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "wrong-host"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "wrong-host"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown-issuer"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown-issuer"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown-issuer"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown-issuer"},
    {X509_V_ERR_CERT_UNTRUSTED, "unknown-issuer"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "weak"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "weak"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "weak"},
    {X509_V_ERR_CERT_REVOKED, "revoked"},
    {X509_V_ERR_INVALID_PURPOSE, "invalid-purpose"},
    {X509_V_ERR_INVALID_CA, "invalid-purpose"},
    {X509_V_ERR_CERT_REJECTED, "invalid-purpose"},
});

// From the most serious down; also the list of verify.h.
constexpr auto kBySeriousness = std::to_array<std::string_view>({
    "revoked",
    kOther,
    "unknown-issuer",
    "self-signed",
    "wrong-host",
    "invalid-purpose",
    "weak",
    "expired",
    "not-yet-valid",
    "revocation-unknown",
});

std::string_view word_for(int error) {
  const auto found = std::ranges::find(kWords, error, &Word::error);
  return found == kWords.end() ? kOther : found->reason;
}

std::string time_text(const ASN1_TIME* time) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || ASN1_TIME_print_ex(out.get(), time, ASN1_DTFLGS_ISO8601) != 1) return "?";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string detail_of(int error, X509* cert) {
  std::string out = X509_verify_cert_error_string(error);
  if (cert == nullptr) return out;
  out += ": " + describe(cert);
  if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
    out += ", valid until " + time_text(X509_get0_notAfter(cert));
  }
  if (error == X509_V_ERR_CERT_NOT_YET_VALID) {
    out += ", valid from " + time_text(X509_get0_notBefore(cert));
  }
  return out;
}

int on_verify(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto& problems = *static_cast<std::vector<ChainProblem>*>(X509_STORE_CTX_get_app_data(context));
  const int error = X509_STORE_CTX_get_error(context);
  problems.push_back(
      {std::string(word_for(error)), detail_of(error, X509_STORE_CTX_get_current_cert(context))});
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;  // all of it is wanted; whoever reads the list decides
}

bool set_expectations(X509_STORE_CTX* context, const std::string& host, WallTime now) {
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_auth_level(wanted, kStrength);
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  X509_VERIFY_PARAM_set_time(wanted, to_time_t(now));
  const bool named = is_ip_literal(host)
                         ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1;
  return named && X509_STORE_CTX_set_default(context, "ssl_server") == 1;
}

using VerifyPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

void run_verifier(const TrustStore& trust, X509* leaf, STACK_OF(X509) * others,
                  const std::string& host, WallTime now, ChainCheck& out) {
  const VerifyPtr context(X509_STORE_CTX_new());
  const bool ready = context &&
                     X509_STORE_CTX_init(context.get(), trust.store(), leaf, others) == 1 &&
                     !host.empty() && set_expectations(context.get(), host, now);
  if (!ready) {
    out.problems.push_back({std::string(kOther), "the verifier could not be set up"});
    return;
  }
  X509_STORE_CTX_set_app_data(context.get(), &out.problems);
  X509_STORE_CTX_set_verify_cb(context.get(), on_verify);
  if (X509_verify_cert(context.get()) != 1 && out.problems.empty()) {
    const int error = X509_STORE_CTX_get_error(context.get());
    out.problems.push_back({std::string(kOther), X509_verify_cert_error_string(error)});
  }
  STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(built); ++i) out.built.push_back(share(sk_X509_value(built, i)));
}

}  // namespace

bool ChainCheck::has(std::string_view reason) const {
  return std::ranges::find(problems, reason, &ChainProblem::reason) != problems.end();
}

std::string describe(X509* cert) {
  std::string name = name_text(X509_get_subject_name(cert));
  constexpr std::size_t kMost = 256;
  if (name.size() > kMost) name.resize(kMost);
  return name.empty() ? "a certificate without a subject" : name;
}

ChainCheck check_chain(const TrustStore& trust, const std::vector<X509Ptr>& chain,
                       const std::string& host, WallTime now) {
  ChainCheck out;
  if (chain.empty()) {
    out.problems.push_back({std::string(kOther), "no certificate"});
    return out;
  }
  ERR_clear_error();
  const X509Stack others(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(others.get(), share(chain[i].get()).release());
  }
  run_verifier(trust, chain[0].get(), others.get(), host, now, out);
  ERR_clear_error();
  return out;
}

ChainJudgement to_judgement(std::vector<ChainProblem> problems) {
  ChainJudgement out;
  for (const std::string_view reason : kBySeriousness) {
    const auto found = std::ranges::find(problems, reason, &ChainProblem::reason);
    if (found != problems.end()) out.problems.push_back(std::move(*found));
  }
  out.ok = out.problems.empty();
  if (!out.ok) {
    out.reason = out.problems[0].reason;
    out.detail = out.problems[0].detail;
  }
  return out;
}

}  // namespace weir
