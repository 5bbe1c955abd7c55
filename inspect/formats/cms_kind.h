// What a CMS or PKCS structure is, by its first elements: ContentInfo (RFC 5652 section 3, RFC 5083
// for authenticated encryption, RFC 3274 for compression), a PKCS #12 store (RFC 7292 section 4),
// an encrypted PKCS #8 key (RFC 5958 section 3). Sans-io, any thread.
#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace weir {

enum class CmsKind : std::uint8_t {
  none,
  data,
  signed_data,
  enveloped,
  signed_and_enveloped,  // PKCS #7 version 1.5 only
  digested,
  encrypted,
  authenticated,
  compressed,
  auth_enveloped,
  pkcs12,
  pkcs8_encrypted,
};

struct CmsInfo {
  CmsKind kind = CmsKind::none;
  // What a ContentInfo holds: the sequence's elements.
  ByteView content = {};
};

CmsInfo read_cms(ByteView der);

// EncapsulatedContentInfo (5.2) of signed, digested and compressed data: what kind it holds, and
// the eContent element with its tag, empty when detached.
struct CmsInner {
  CmsKind kind = CmsKind::none;
  ByteView content = {};
};
CmsInner inner_of(const CmsInfo& info);

}  // namespace weir
