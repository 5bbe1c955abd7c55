// Messages between the gateway and weir-sign, one per SOCK_SEQPACKET datagram:
//   u32 size of the whole · u8 version (1) · u8 kind · u16 zero · u32 id · fields
// A field is a u16 length and bytes. Both ends check everything; whoever receives nonsense ends the
// conversation. Sans-io, any thread.
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace weir {

inline constexpr std::size_t kMaxSignMessage = 60 * 1024;
inline constexpr std::size_t kMaxSignHost = 253;
inline constexpr std::size_t kMaxSignKey = 256;  // a P-256 SubjectPublicKeyInfo is 91

struct SignRequest {
  enum class Kind : std::uint8_t { leaf = 1, crl = 2 };
  Kind kind = Kind::leaf;
  std::uint32_t id = 0;
  std::string host;        // leaf: DNS name in lower case or IP literal
  std::string public_key;  // leaf: SubjectPublicKeyInfo, DER
  bool operator==(const SignRequest&) const = default;
};

struct SignReply {
  enum class Kind : std::uint8_t { leaf = 1, crl = 2, error = 3, ready = 4 };
  Kind kind = Kind::error;
  std::uint32_t id = 0;
  std::string body;  // DER; for error one word and a detail; for ready the CA's SHA-256 in hex
  bool operator==(const SignReply&) const = default;
};

std::string encode(const SignRequest& request);
std::string encode(const SignReply& reply);
Result<SignRequest> decode_sign_request(ByteView datagram);  // malformed
Result<SignReply> decode_sign_reply(ByteView datagram);      // malformed

// A host that may stand in a leaf: an IP literal, or a DNS name in lower case without a wildcard.
bool is_signable_host(std::string_view host);
bool is_ip_literal(std::string_view host);

}  // namespace weir
