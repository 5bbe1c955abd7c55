#include "inspect/formats/authenticode_chain.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <optional>

namespace weir {
namespace {

constexpr int kMostDepth = 8;
// 112 bits: RSA of 2048 bits, no certificate that is signed with SHA-1.
constexpr int kSecurityLevel = 2;
// The signature ends with the certificate, stamped or not.
constexpr char kLifetimeSigning[] = "1.3.6.1.4.1.311.10.3.13";

// RFC 5280 section 4.2.1.12: the signer's certificate must say so; those above it must not say
// otherwise.
bool may_sign_code(X509* certificate, bool signer) {
  const std::uint32_t usage = X509_get_extended_key_usage(certificate);
  if (!signer) return (usage & (XKU_CODE_SIGN | XKU_ANYEKU)) != 0;
  return (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0 &&
         (usage & XKU_CODE_SIGN) != 0 &&
         (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0;
}

bool chain_may_sign_code(const STACK_OF(X509) * chain) {
  const int count = sk_X509_num(chain);
  for (int i = 0; i < count; ++i) {
    if (i > 0 && i + 1 == count) break;  // a root is trusted for what it is listed for
    if (!may_sign_code(sk_X509_value(chain, i), i == 0)) return false;
  }
  return count > 0;
}

bool chain_holds(const SpcSignature& one, const PublisherRoots& roots, std::int64_t at) {
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), roots.store(), one.certificate, one.p7->d.sign->cert) !=
      1) {
    return false;
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, at);
  X509_VERIFY_PARAM_set_depth(rules, kMostDepth);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  return X509_verify_cert(context.get()) == 1 &&
         chain_may_sign_code(X509_STORE_CTX_get0_chain(context.get()));
}

bool ends_with_certificate(const X509* certificate) {
  using Usages = std::unique_ptr<EXTENDED_KEY_USAGE, FreeHandle<EXTENDED_KEY_USAGE_free>>;
  const Usages usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    char text[80];
    OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usages.get(), i), 1);
    if (std::string_view(text) == kLifetimeSigning) return true;
  }
  return false;
}

std::optional<std::int64_t> time_in(const TS_TST_INFO& info) {
  std::tm parts{};
  const ASN1_GENERALIZEDTIME* time = TS_TST_INFO_get_time(&info);
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return ::timegm(&parts);
}

// TS_VERIFY_CTX takes its rules from the store, and the store with it.
X509_STORE* store_for_stamps(const PublisherRoots& roots, std::int64_t now) {
  X509_STORE* store = X509_STORE_new();
  STACK_OF(X509)* all = X509_STORE_get1_all_certs(roots.store());
  for (int i = 0; i < sk_X509_num(all); ++i) X509_STORE_add_cert(store, sk_X509_value(all, i));
  sk_X509_pop_free(all, X509_free);
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store);
  X509_VERIFY_PARAM_set_time(rules, now);
  X509_VERIFY_PARAM_set_depth(rules, kMostDepth);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  return store;
}

// The token is over the signer's signature; its own chain must hold today, for stamping times.
bool stamp_holds(PKCS7* token, const ASN1_OCTET_STRING* stamped, const PublisherRoots& roots,
                 std::int64_t now) {
  const TimeStampCheckPtr check(TS_VERIFY_CTX_new());
  TS_VERIFY_CTX_set_flags(check.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
  TS_VERIFY_CTX_set_data(
      check.get(), BIO_new_mem_buf(ASN1_STRING_get0_data(stamped), ASN1_STRING_length(stamped)));
  TS_VERIFY_CTX_set_store(check.get(), store_for_stamps(roots, now));
  return TS_RESP_verify_token(check.get(), token) == 1;
}

std::optional<std::int64_t> stamped_at(const SpcSignature& one, const PublisherRoots& roots,
                                       std::int64_t now) {
  const ASN1_TYPE* value = unsigned_attribute(*one.signer, kSpcTimeStamp);
  if (value == nullptr || value->type != V_ASN1_SEQUENCE) return std::nullopt;
  const ASN1_STRING* der = value->value.sequence;
  std::size_t used = 0;
  const Pkcs7Ptr token = read_signed_data(
      {ASN1_STRING_get0_data(der), static_cast<std::size_t>(ASN1_STRING_length(der))}, used);
  if (!token) return std::nullopt;
  const auto* signer = sk_PKCS7_SIGNER_INFO_value(token->d.sign->signer_info, 0);
  const TimeStampPtr info(PKCS7_to_TS_TST_INFO(token.get()));
  if (!info || !is_sha2(signer->digest_alg)) return std::nullopt;
  if (!is_sha2(TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info.get())))) {
    return std::nullopt;
  }
  const auto time = time_in(*info);
  if (!time || *time > now) return std::nullopt;
  if (!stamp_holds(token.get(), one.signer->enc_digest, roots, now)) return std::nullopt;
  return time;
}

}  // namespace

bool is_vouched_for(const SpcSignature& one, const PublisherRoots& roots, std::int64_t now) {
  bool holds = chain_holds(one, roots, now);
  if (!holds && !ends_with_certificate(one.certificate)) {
    const auto stamped = stamped_at(one, roots, now);
    holds = stamped && chain_holds(one, roots, *stamped);
  }
  ERR_clear_error();
  return holds;
}

}  // namespace weir
