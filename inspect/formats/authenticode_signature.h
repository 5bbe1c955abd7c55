// The PKCS #7 SignedData of an Authenticode signature: what it says of the file, and whether its
// signer said so. Chains are authenticode_chain.h's. Included by sources only. Any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/openssl_handles.h"

namespace weir {

// Views and pointers go into `p7`, which owns everything.
struct SpcSignature {
  Pkcs7Ptr p7;
  PKCS7_SIGNER_INFO* signer = nullptr;
  X509* certificate = nullptr;     // the signer's
  const EVP_MD* digest = nullptr;  // what the file is digested with
  ByteView content, wanted;        // SpcIndirectDataContent without its tag; the file's digest
  bool strong = false;             // both digests are of SHA-2
  bool nothing_unsigned = false;   // no padding but zeros, no attributes but known ones
};

inline constexpr char kSpcTimeStamp[] = "1.3.6.1.4.1.311.3.3.1";

// nullopt: not exactly one signer over SPC_INDIRECT_DATA with a known digest.
std::optional<SpcSignature> read_spc_signature(ByteView der);

// Those in the attribute for further signatures (a SHA-1 one is often followed by a SHA-256 one).
std::vector<SpcSignature> nested_signatures(const SpcSignature& outer);

// Whether the signer's key signed the attributes, and they the content.
bool signer_agrees(const SpcSignature& one);

// The value of the only unsigned attribute of that type; null when there is not exactly one value.
const ASN1_TYPE* unsigned_attribute(const PKCS7_SIGNER_INFO& signer, std::string_view type);

// Null, or what has exactly one signer and some content.
Pkcs7Ptr read_signed_data(ByteView der, std::size_t& used);
bool is_sha2(const X509_ALGOR* algorithm);

}  // namespace weir
