#include "inspect/formats/authenticode_signature.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace weir {
namespace {

constexpr std::string_view kIndirectData = "1.3.6.1.4.1.311.2.1.4";
constexpr std::string_view kNested = "1.3.6.1.4.1.311.2.4.1";
constexpr std::string_view kCountersignature = "1.2.840.113549.1.9.6";
constexpr std::string_view kKnownUnsigned[] = {kNested, kCountersignature, kSpcTimeStamp};
constexpr std::size_t kMostSignatureBytes = 4 * 1024 * 1024;
constexpr std::size_t kMostPadding = 7;  // entries of the table are aligned to 8 bytes
constexpr int kMostCertificates = 64, kMostAttributes = 16, kMostNested = 4;

bool is_type(const ASN1_OBJECT* object, std::string_view dotted) {
  std::array<char, 80> text{};
  const int size = OBJ_obj2txt(text.data(), text.size(), object, 1);
  return size > 0 && static_cast<std::size_t>(size) < text.size() &&
         std::string_view(text.data(), static_cast<std::size_t>(size)) == dotted;
}

ByteView bytes_of(const ASN1_STRING* text) {
  if (text == nullptr) return {};
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

const EVP_MD* digest_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  switch (OBJ_obj2nid(object)) {
    case NID_md5: return EVP_md5();
    case NID_sha1: return EVP_sha1();
    case NID_sha256: return EVP_sha256();
    case NID_sha384: return EVP_sha384();
    case NID_sha512: return EVP_sha512();
    default: return nullptr;
  }
}

// The value of one element that starts at `bytes`, which then follow it; empty when it is none.
ByteView take_element(ByteView& bytes, int wanted) {
  const unsigned char* at = bytes.data();
  long size = 0;
  int tag = 0, kind = 0;
  const int form = ASN1_get_object(&at, &size, &tag, &kind, static_cast<long>(bytes.size()));
  // 0x80: an error; 1: the length comes at the end, which DER has not.
  if ((form & 0x81) != 0 || tag != wanted || kind != V_ASN1_UNIVERSAL) return {};
  const ByteView value(at, static_cast<std::size_t>(size));
  bytes = bytes.subspan(static_cast<std::size_t>(at - bytes.data()) + value.size());
  return value;
}

// SpcIndirectDataContent: what kind of data, then a DigestInfo.
bool read_content(SpcSignature& one) {
  const PKCS7* inner = one.p7->d.sign->contents;
  if (!is_type(inner->type, kIndirectData)) return false;
  const ASN1_TYPE* other = inner->d.other;
  if (other == nullptr || other->type != V_ASN1_SEQUENCE) return false;
  ByteView whole = bytes_of(other->value.sequence);
  one.content = take_element(whole, V_ASN1_SEQUENCE);
  ByteView rest = one.content;
  if (rest.empty() || !whole.empty()) return false;
  if (take_element(rest, V_ASN1_SEQUENCE).empty()) return false;
  const unsigned char* at = rest.data();
  const DigestInfoPtr info(d2i_X509_SIG(nullptr, &at, static_cast<long>(rest.size())));
  if (!info || at != rest.data() + rest.size()) return false;
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* digest = nullptr;
  X509_SIG_get0(info.get(), &algorithm, &digest);
  one.digest = digest_of(algorithm);
  const std::size_t size = bytes_of(digest).size();
  if (one.digest == nullptr || size != static_cast<std::size_t>(EVP_MD_get_size(one.digest))) {
    return false;
  }
  one.wanted = rest.last(size);  // it is the last thing in it
  one.strong = is_sha2(algorithm) && is_sha2(one.signer->digest_alg);
  return true;
}

// What is not signed can be changed by anybody, and carry anything.
bool only_known_attributes(const PKCS7_SIGNER_INFO& signer) {
  const int count = sk_X509_ATTRIBUTE_num(signer.unauth_attr);
  for (int i = 0; i < count; ++i) {
    const auto* type = X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(signer.unauth_attr, i));
    if (std::ranges::none_of(kKnownUnsigned, [&](auto known) { return is_type(type, known); })) {
      return false;
    }
  }
  return true;
}

const X509_ATTRIBUTE* find_attribute(const PKCS7_SIGNER_INFO& signer, std::string_view type) {
  const int count = std::min(sk_X509_ATTRIBUTE_num(signer.unauth_attr), kMostAttributes);
  for (int i = 0; i < count; ++i) {
    X509_ATTRIBUTE* one = sk_X509_ATTRIBUTE_value(signer.unauth_attr, i);
    if (is_type(X509_ATTRIBUTE_get0_object(one), type)) return one;
  }
  return nullptr;
}

bool says_indirect_data(PKCS7_SIGNER_INFO* signer) {
  const ASN1_TYPE* type = PKCS7_get_signed_attribute(signer, NID_pkcs9_contentType);
  return type != nullptr && type->type == V_ASN1_OBJECT &&
         is_type(type->value.object, kIndirectData);
}

}  // namespace

bool is_sha2(const X509_ALGOR* algorithm) {
  const EVP_MD* digest = digest_of(algorithm);
  return digest != nullptr && EVP_MD_get_size(digest) >= 32;
}

// OpenSSL leaves out what is optional: every pointer is looked at.
Pkcs7Ptr read_signed_data(ByteView der, std::size_t& used) {
  if (der.size() > kMostSignatureBytes) return nullptr;
  const unsigned char* at = der.data();
  Pkcs7Ptr p7(d2i_PKCS7(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!p7 || !PKCS7_type_is_signed(p7.get()) || p7->d.sign == nullptr) return nullptr;
  const PKCS7_SIGNED& data = *p7->d.sign;
  if (data.contents == nullptr || sk_X509_num(data.cert) > kMostCertificates) return nullptr;
  if (sk_PKCS7_SIGNER_INFO_num(data.signer_info) != 1) return nullptr;
  used = static_cast<std::size_t>(at - der.data());
  return p7;
}

std::optional<SpcSignature> read_spc_signature(ByteView der) {
  SpcSignature one;
  std::size_t used = 0;
  one.p7 = read_signed_data(der, used);
  if (!one.p7) return std::nullopt;
  one.signer = sk_PKCS7_SIGNER_INFO_value(one.p7->d.sign->signer_info, 0);
  one.certificate = PKCS7_cert_from_signer_info(one.p7.get(), one.signer);
  const bool read = one.certificate != nullptr && read_content(one);
  ERR_clear_error();
  if (!read) return std::nullopt;
  const ByteView padding = der.subspan(used);
  one.nothing_unsigned = padding.size() <= kMostPadding &&
                         std::ranges::all_of(padding, [](auto byte) { return byte == 0; }) &&
                         only_known_attributes(*one.signer);
  return one;
}

std::vector<SpcSignature> nested_signatures(const SpcSignature& outer) {
  std::vector<SpcSignature> found;
  const X509_ATTRIBUTE* attribute = find_attribute(*outer.signer, kNested);
  const int count =
      attribute != nullptr ? std::min(X509_ATTRIBUTE_count(attribute), kMostNested) : 0;
  for (int i = 0; i < count; ++i) {
    const ASN1_TYPE* value = X509_ATTRIBUTE_get0_type(const_cast<X509_ATTRIBUTE*>(attribute), i);
    if (value == nullptr || value->type != V_ASN1_SEQUENCE) continue;
    if (auto one = read_spc_signature(bytes_of(value->value.sequence))) {
      found.push_back(std::move(*one));
    }
  }
  return found;
}

bool signer_agrees(const SpcSignature& one) {
  const EVP_MD* digest = digest_of(one.signer->digest_alg);
  if (digest == nullptr || !says_indirect_data(one.signer)) return false;
  FilterPtr filter(BIO_new(BIO_f_md()));
  BIO_set_md(filter.get(), digest);
  BIO_push(filter.get(), BIO_new(BIO_s_null()));
  BIO_write(filter.get(), one.content.data(), static_cast<int>(one.content.size()));
  const int right = PKCS7_signatureVerify(filter.get(), one.p7.get(), one.signer, one.certificate);
  ERR_clear_error();
  return right == 1;
}

const ASN1_TYPE* unsigned_attribute(const PKCS7_SIGNER_INFO& signer, std::string_view type) {
  const X509_ATTRIBUTE* found = find_attribute(signer, type);
  if (found == nullptr || X509_ATTRIBUTE_count(found) != 1) return nullptr;
  return X509_ATTRIBUTE_get0_type(const_cast<X509_ATTRIBUTE*>(found), 0);
}

}  // namespace weir
