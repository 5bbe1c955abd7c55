#include "proxy/tls/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>

namespace weir {
namespace {

constexpr std::time_t kClockSkew = 300;
constexpr std::size_t kMostUrls = 3;
constexpr std::size_t kLongestUrl = 1024;

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>>;
using RequestPtr = std::unique_ptr<OCSP_REQUEST, FreeWith<OCSP_REQUEST_free>>;
using AccessPtr = std::unique_ptr<AUTHORITY_INFO_ACCESS, FreeWith<AUTHORITY_INFO_ACCESS_free>>;
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, FreeWith<CRL_DIST_POINTS_free>>;
using PointPtr = std::unique_ptr<ISSUING_DIST_POINT, FreeWith<ISSUING_DIST_POINT_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, FreeWith<PKCS7_free>>;

bool is_before(const ASN1_TIME* time, std::time_t when) {
  return ASN1_TIME_cmp_time_t(time, when) < 0;
}

bool is_within(const ASN1_TIME* from, const ASN1_TIME* until, WallTime now) {
  const std::time_t at = to_time_t(now);
  return from != nullptr && until != nullptr && is_before(from, at + kClockSkew) &&
         !is_before(until, at - kClockSkew);
}

void add_url(std::vector<std::string>& urls, const GENERAL_NAME* name) {
  if (name == nullptr || name->type != GEN_URI || urls.size() >= kMostUrls) return;
  const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
  std::string url(
      as_text({ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}));
  const bool plain = url.size() <= kLongestUrl && url.starts_with("http://") &&
                     url.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string::npos;
  if (plain) urls.push_back(std::move(url));
}

// ---- OCSP --------------------------------------------------------------------------------------

// RFC 6960 4.2.2.2: the issuer itself, or one that the issuer signed for exactly this.
bool may_answer_for(X509* signer, X509* issuer, WallTime now) {
  if (X509_cmp(signer, issuer) == 0) return true;
  return X509_check_issued(issuer, signer) == X509_V_OK &&
         X509_verify(signer, X509_get0_pubkey(issuer)) == 1 &&
         (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0 &&
         X509_get_extended_key_usage(signer) != UINT32_MAX &&
         is_within(X509_get0_notBefore(signer), X509_get0_notAfter(signer), now);
}

bool is_signed_for(OCSP_BASICRESP* basic, X509* issuer, WallTime now) {
  const X509Stack candidates(sk_X509_new_null());
  sk_X509_push(candidates.get(), share(issuer).release());
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(basic, &signer, candidates.get()) != 1 || signer == nullptr)
    return false;
  if (!may_answer_for(signer, issuer, now)) return false;
  const X509Stack trusted(sk_X509_new_null());
  sk_X509_push(trusted.get(), share(signer).release());
  // The signer's authority was checked above; what is left is the signature.
  return OCSP_basic_verify(basic, trusted.get(), nullptr, OCSP_NOVERIFY | OCSP_TRUSTOTHER) == 1;
}

// The answer names its certificate by hashes of its own choice (RFC 6960 4.1.1).
bool is_about(const OCSP_SINGLERESP* single, X509* cert, X509* issuer) {
  auto* theirs = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  ASN1_OBJECT* algorithm = nullptr;
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, theirs) != 1) return false;
  const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
  if (digest == nullptr) return false;
  const IdPtr ours(OCSP_cert_to_id(digest, cert, issuer));
  return ours && OCSP_id_cmp(ours.get(), theirs) == 0;
}

StandingAnswer single_standing(OCSP_SINGLERESP* single, WallTime now) {
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status = OCSP_single_get0_status(single, nullptr, nullptr, &this_update, &next_update);
  StandingAnswer out;
  if (status == V_OCSP_CERTSTATUS_REVOKED) out.standing = Standing::revoked;
  if (!is_within(this_update, next_update, now)) return out;  // stale can only be bad news
  out.fresh_until = wall_from_asn1(next_update);
  if (status == V_OCSP_CERTSTATUS_GOOD) out.standing = Standing::good;
  return out;
}

}  // namespace

StandingAnswer ocsp_standing(ByteView response_der, X509* cert, X509* issuer, WallTime now) {
  const unsigned char* at = response_der.data();
  const ResponsePtr response(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response_der.size())));
  StandingAnswer out;
  if (response && OCSP_response_status(response.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    const BasicPtr basic(OCSP_response_get1_basic(response.get()));
    const int count =
        basic && is_signed_for(basic.get(), issuer, now) ? OCSP_resp_count(basic.get()) : 0;
    for (int i = 0; i < count; ++i) {
      OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
      if (!is_about(single, cert, issuer)) continue;
      out = single_standing(single, now);
      if (out.standing != Standing::unknown) break;
    }
  }
  ERR_clear_error();
  return out;
}

std::string ocsp_request(X509* cert, X509* issuer) {
  const RequestPtr request(OCSP_REQUEST_new());
  IdPtr id(OCSP_cert_to_id(EVP_sha1(), cert, issuer));  // SHA-1 is what every responder knows
  if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr) return "";
  static_cast<void>(id.release());
  unsigned char* raw = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &raw);
  if (size <= 0) return "";
  std::string out(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  return out;
}

// ---- CRL ---------------------------------------------------------------------------------------

namespace {

bool names_one_of(const DIST_POINT_NAME* point, const std::vector<std::string>& urls) {
  if (point->type != 0) return false;
  for (int i = 0; i < sk_GENERAL_NAME_num(point->name.fullname); ++i) {
    std::vector<std::string> here;
    add_url(here, sk_GENERAL_NAME_value(point->name.fullname, i));
    if (!here.empty() && std::ranges::find(urls, here[0]) != urls.end()) return true;
  }
  return false;
}

// RFC 5280 5.2.5: a list for a part of the certificates says nothing of the others.
bool covers(X509_CRL* crl, X509* cert) {
  const PointPtr part(static_cast<ISSUING_DIST_POINT*>(
      X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, nullptr, nullptr)));
  if (!part) return X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) < 0;
  const bool is_ca = X509_check_ca(cert) != 0;
  const bool other_kind = part->indirectCRL > 0 || part->onlyattr > 0 ||
                          part->onlysomereasons != nullptr || (part->onlyCA > 0 && !is_ca) ||
                          (part->onlyuser > 0 && is_ca);
  if (other_kind) return false;
  return part->distpoint == nullptr || names_one_of(part->distpoint, crl_urls(cert));
}

}  // namespace

StandingAnswer crl_standing(X509_CRL* crl, X509* cert, X509* issuer, WallTime now) {
  StandingAnswer out;
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(cert)) != 0) return out;
  if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1) {
    ERR_clear_error();
    return out;
  }
  X509_REVOKED* entry = nullptr;
  const int listed = X509_CRL_get0_by_cert(crl, &entry, cert);  // 2: removed from the list again
  if (listed == 1) out.standing = Standing::revoked;
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl);
  if (!is_within(X509_CRL_get0_lastUpdate(crl), next, now)) return out;
  out.fresh_until = wall_from_asn1(next);
  if (listed != 1 && covers(crl, cert)) out.standing = Standing::good;
  return out;
}

CrlPtr parse_crl(ByteView der_or_pem) {
  const unsigned char* at = der_or_pem.data();
  CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der_or_pem.size())));
  if (!crl) {
    const BioPtr in(BIO_new_mem_buf(der_or_pem.data(), static_cast<int>(der_or_pem.size())));
    crl.reset(PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
  }
  ERR_clear_error();
  return crl;
}

// ---- issuers -----------------------------------------------------------------------------------

namespace {

std::vector<X509Ptr> certificates_of(PKCS7* message) {
  std::vector<X509Ptr> out;
  if (message == nullptr || !PKCS7_type_is_signed(message) || message->d.sign == nullptr)
    return out;
  STACK_OF(X509)* certs = message->d.sign->cert;
  constexpr int kMost = 8;
  for (int i = 0; i < sk_X509_num(certs) && i < kMost; ++i) {
    out.push_back(share(sk_X509_value(certs, i)));
  }
  return out;
}

std::vector<std::string> access_urls(X509* cert, int method) {
  const AccessPtr access(static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(cert, NID_info_access, nullptr, nullptr)));
  std::vector<std::string> urls;
  for (int i = 0; access && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* entry = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(entry->method) == method) add_url(urls, entry->location);
  }
  ERR_clear_error();
  return urls;
}

}  // namespace

std::vector<X509Ptr> parse_issuers(ByteView fetched) {
  std::vector<X509Ptr> out;
  if (auto single = x509_from_der(fetched)) {
    out.push_back(std::move(single));
    return out;
  }
  const unsigned char* at = fetched.data();
  const Pkcs7Ptr message(d2i_PKCS7(nullptr, &at, static_cast<long>(fetched.size())));
  out = certificates_of(message.get());
  if (out.empty()) {
    const BioPtr in(BIO_new_mem_buf(fetched.data(), static_cast<int>(fetched.size())));
    X509Ptr cert(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (cert) out.push_back(std::move(cert));
  }
  ERR_clear_error();
  return out;
}

std::vector<std::string> ocsp_urls(X509* cert) { return access_urls(cert, NID_ad_OCSP); }
std::vector<std::string> issuer_urls(X509* cert) { return access_urls(cert, NID_ad_ca_issuers); }

std::vector<std::string> crl_urls(X509* cert) {
  const PointsPtr points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(cert, NID_crl_distribution_points, nullptr, nullptr)));
  std::vector<std::string> urls;
  for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    // A point with a reason set covers some reasons only; one with a CRL issuer is indirect.
    if (point->distpoint == nullptr || point->distpoint->type != 0 || point->CRLissuer != nullptr ||
        point->reasons != nullptr) {
      continue;
    }
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      add_url(urls, sk_GENERAL_NAME_value(names, j));
    }
  }
  ERR_clear_error();
  return urls;
}

}  // namespace weir
