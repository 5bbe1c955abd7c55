#include "proxy/tls/x509_build.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <array>

#include "proxy/tls/sign_wire.h"

namespace weir {
namespace {

constexpr std::size_t kSerialBytes = 16;

using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using NamePtr = std::unique_ptr<GENERAL_NAME, FreeWith<GENERAL_NAME_free>>;
using StringPtr = std::unique_ptr<ASN1_STRING, FreeWith<ASN1_STRING_free>>;

// An iPAddress or dNSName of RFC 5280 4.2.1.6.
NamePtr general_name(const std::string& host) {
  std::array<unsigned char, 16> address{};
  std::string_view value = host;
  bool ip = false;
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
    value = as_text({address.data(), 4});
    ip = true;
  } else if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    value = as_text({address.data(), 16});
    ip = true;
  }
  NamePtr name(GENERAL_NAME_new());
  StringPtr text(ASN1_STRING_type_new(ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
  if (!name || !text ||
      ASN1_STRING_set(text.get(), value.data(), static_cast<int>(value.size())) != 1) {
    return nullptr;
  }
  GENERAL_NAME_set0_value(name.get(), ip ? GEN_IPADD : GEN_DNS, text.release());
  return name;
}

}  // namespace

Result<void> add_extensions(X509* cert, X509* issuer, std::span<const ExtensionText> extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const ExtensionText& wanted : extensions) {
    const ExtensionPtr made(
        X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str()));
    if (!made || X509_add_ext(cert, made.get(), -1) != 1) {
      return openssl_failure(std::string("extension ") + OBJ_nid2sn(wanted.nid));
    }
  }
  return {};
}

Result<void> add_host_name(X509* cert, const std::string& host, bool critical) {
  NamePtr name = general_name(host);
  const NamesPtr names(GENERAL_NAMES_new());
  if (!name || !names || sk_GENERAL_NAME_push(names.get(), name.get()) <= 0) {
    return openssl_failure("subject alternative name");
  }
  static_cast<void>(name.release());
  if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names.get(), critical ? 1 : 0,
                        X509V3_ADD_DEFAULT) != 1) {
    return openssl_failure("subject alternative name");
  }
  return {};
}

Result<void> set_random_serial(X509* cert) {
  std::array<unsigned char, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return openssl_failure("serial");
  bytes[0] &= 0x7f;  // positive; that all the rest is zero will not happen
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const Asn1IntegerPtr serial(BN_to_ASN1_INTEGER(number, nullptr));
  BN_free(number);
  if (!serial || X509_set_serialNumber(cert, serial.get()) != 1) return openssl_failure("serial");
  return {};
}

bool set_validity(X509* cert, WallTime from, WallTime until) {
  return ASN1_TIME_adj(X509_getm_notBefore(cert), to_time_t(from), 0, 0) != nullptr &&
         ASN1_TIME_adj(X509_getm_notAfter(cert), to_time_t(until), 0, 0) != nullptr;
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  const int id = EVP_PKEY_get_base_id(key);
  if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448) return nullptr;
  if (id == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 256) return EVP_sha384();
  return EVP_sha256();
}

}  // namespace weir
