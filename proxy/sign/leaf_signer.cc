#include "proxy/sign/leaf_signer.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <vector>

#include "proxy/tls/x509_build.h"

namespace weir {
namespace {

constexpr Duration kLongestLifetime = std::chrono::hours(397 * 24);
constexpr Duration kCrlLifetime = std::chrono::hours(7 * 24);
constexpr std::size_t kMaxCommonName = 64;  // ub-common-name, RFC 5280 appendix A

std::unexpected<Error> refused(std::string_view what) {
  return fail(Errc::invalid, Fault::helper, std::string(what));
}

bool is_plain_http_url(std::string_view url) {
  return url.starts_with("http://") && url.size() < 512 &&
         std::ranges::all_of(
             url,
             [](char c) {
               return c > ' ' && c < 127 && c != ',' && c != ';' && c != '"' && c != '\\' &&
                      c != '@';
             });
}

// Exactly one P-256 SubjectPublicKeyInfo.
KeyPtr p256_key(ByteView der) {
  const unsigned char* at = der.data();
  KeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  std::array<char, 64> group{};
  const bool fits = key && at == der.data() + der.size() &&
                    EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
                    EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) == 1 &&
                    std::string_view(group.data()) == SN_X9_62_prime256v1;
  ERR_clear_error();
  return fits ? std::move(key) : nullptr;
}

template <class T, class Encode>
std::string encoded(T* object, Encode encode) {
  unsigned char* raw = nullptr;
  const int size = encode(object, &raw);
  const std::unique_ptr<unsigned char, FreeWith<[](void* p) { OPENSSL_free(p); }>> owner(raw);
  return size > 0 ? std::string(as_text({raw, static_cast<std::size_t>(size)})) : std::string();
}

WallTime plus(WallTime time, Duration by) {
  return time + std::chrono::duration_cast<WallTime::duration>(by);
}

}  // namespace

Result<LeafSigner> LeafSigner::make(CaPair ca, SignerLimits limits) {
  if (limits.lifetime <= std::chrono::hours(1))
    return refused("the leaf lifetime is under an hour");
  if (limits.backdate < Duration::zero()) return refused("the backdate is negative");
  if (!limits.crl_url.empty() && !is_plain_http_url(limits.crl_url)) {
    return refused("the CRL address is no plain http URL");
  }
  limits.backdate = std::min<Duration>(limits.backdate, std::chrono::hours(30 * 24));
  limits.lifetime = std::min<Duration>(limits.lifetime, kLongestLifetime - limits.backdate);
  return LeafSigner(std::move(ca), std::move(limits));
}

bool LeafSigner::within_rate(WallTime now) {
  if (now - second_start_ >= std::chrono::seconds(1) || now < second_start_) {
    second_start_ = now;
    in_second_ = 0;
  }
  return ++in_second_ <= limits_.per_second;
}

SignReply LeafSigner::answer(const SignRequest& request, WallTime now) {
  if (!within_rate(now)) return {SignReply::Kind::error, request.id, "rate: too many requests"};
  const bool leaf = request.kind == SignRequest::Kind::leaf;
  auto made = leaf ? sign_leaf(request.host, as_bytes(request.public_key), now) : sign_crl(now);
  if (!made) {
    const std::string word = made.error().code == Errc::invalid ? "invalid: " : "internal: ";
    return {SignReply::Kind::error, request.id, word + made.error().what};
  }
  return {leaf ? SignReply::Kind::leaf : SignReply::Kind::crl, request.id, std::move(*made)};
}

Result<X509Ptr> LeafSigner::blank_leaf(EVP_PKEY* key) const {
  X509Ptr cert(X509_new());
  if (!cert || X509_set_version(cert.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(cert.get(), key) != 1 ||
      X509_set_issuer_name(cert.get(), X509_get_subject_name(ca_.cert.get())) != 1) {
    return openssl_failure("leaf");
  }
  const bool ca_has_key_id = X509_get0_subject_key_id(ca_.cert.get()) != nullptr;
  std::vector<ExtensionText> extensions{
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, "serverAuth"},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, ca_has_key_id ? "keyid:always" : "issuer:always"},
  };
  if (!limits_.crl_url.empty()) {
    extensions.push_back({NID_crl_distribution_points, "URI:" + limits_.crl_url});
  }
  if (auto done = add_extensions(cert.get(), ca_.cert.get(), extensions); !done) {
    return pass(std::move(done));
  }
  return cert;
}

Result<void> LeafSigner::prepare_blank(ByteView public_key) {
  if (blank_.cert && blank_.public_key == as_text(public_key)) return {};
  const KeyPtr key = p256_key(public_key);
  if (!key) return refused("the public key is not P-256");
  auto cert = blank_leaf(key.get());
  if (!cert) return pass(std::move(cert));
  blank_ = {std::string(as_text(public_key)), std::move(*cert)};
  return {};
}

// Whatever an earlier host left in the blank is overwritten here.
Result<void> LeafSigner::fill_blank(const std::string& host, WallTime now) {
  X509* cert = blank_.cert.get();
  const WallTime from = plus(now, -limits_.backdate);
  const WallTime ca_end = wall_from_asn1(X509_get0_notAfter(ca_.cert.get()));
  const WallTime until = std::min(plus(now, limits_.lifetime), ca_end);
  if (until <= now) return refused("the CA has expired");
  // A name too long for the common name leaves an empty subject, and then the SAN is critical.
  const bool named = host.size() <= kMaxCommonName;
  const X509NamePtr subject(X509_NAME_new());
  if (!subject || !set_validity(cert, from, until) ||
      (named && !set_common_name(subject.get(), host)) ||
      X509_set_subject_name(cert, subject.get()) != 1) {
    return openssl_failure("leaf subject");
  }
  if (const int old = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1); old >= 0) {
    ExtensionPtr(X509_delete_ext(cert, old));
  }
  if (auto done = set_random_serial(cert); !done) return pass(std::move(done));
  return add_host_name(cert, host, !named);
}

Result<std::string> LeafSigner::sign_leaf(const std::string& host, ByteView public_key,
                                          WallTime now) {
  if (!is_signable_host(host)) return refused("no host name or address to sign for");
  if (auto done = prepare_blank(public_key); !done) return pass(std::move(done));
  if (auto done = fill_blank(host, now); !done) {
    blank_ = {};
    return pass(std::move(done));
  }
  if (X509_sign(blank_.cert.get(), ca_.key.get(), digest_for(ca_.key.get())) <= 0) {
    return openssl_failure("leaf signature");
  }
  return encoded(blank_.cert.get(), i2d_X509);
}

// A CRL without entries: leaves live for days and are never revoked, but some clients ask.
Result<std::string> LeafSigner::sign_crl(WallTime now) const {
  const CrlPtr crl(X509_CRL_new());
  const Asn1TimePtr last(ASN1_TIME_adj(nullptr, to_time_t(now) - 3600, 0, 0));
  const Asn1TimePtr next(ASN1_TIME_adj(nullptr, to_time_t(plus(now, kCrlLifetime)), 0, 0));
  const Asn1IntegerPtr number(ASN1_INTEGER_new());
  const bool filled =
      crl && last && next && number && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
      X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(ca_.cert.get())) == 1 &&
      X509_CRL_set1_lastUpdate(crl.get(), last.get()) == 1 &&
      X509_CRL_set1_nextUpdate(crl.get(), next.get()) == 1 &&
      ASN1_INTEGER_set_int64(number.get(), to_time_t(now)) == 1 &&
      X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) == 1;
  if (!filled) return openssl_failure("CRL");
  X509V3_CTX context;
  X509V3_set_ctx(&context, ca_.cert.get(), nullptr, nullptr, crl.get(), 0);
  X509V3_set_ctx_nodb(&context);
  if (X509_get0_subject_key_id(ca_.cert.get()) != nullptr) {
    const ExtensionPtr key_id(
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
    if (!key_id || X509_CRL_add_ext(crl.get(), key_id.get(), -1) != 1)
      return openssl_failure("CRL");
  }
  if (X509_CRL_sign(crl.get(), ca_.key.get(), digest_for(ca_.key.get())) <= 0) {
    return openssl_failure("CRL signature");
  }
  return encoded(crl.get(), i2d_X509_CRL);
}

std::string LeafSigner::ca_sha256() const { return sha256_hex(as_bytes(der_of(*ca_.cert))); }

}  // namespace weir
