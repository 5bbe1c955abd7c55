// open_cms_signed: the content of signed, digested and compressed data (RFC 5652 section 5.2, RFC
// 3274). An OCTET STRING of the constructed form is its parts in a row (X.690 section 8.7).
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "inspect/formats/cms.h"
#include "inspect/formats/cms_ber.h"
#include "inspect/formats/cms_kind.h"
#include "inspect/formats/cms_source.h"
#include "inspect/formats/sealed_inflate.h"

namespace weir {
namespace {

// Decoded from PEM or base64: larger ones are read as far as this.
constexpr std::size_t kMostDecoded = 64 * 1024 * 1024;

// Streaming writers cut into pieces of a few KiB; a million are some GiB.
constexpr std::size_t kMostParts = 1'000'000;

// The parts of the octet string at the cursor, in order.
std::vector<ByteView> octets(Cursor in) {
  std::vector<ByteView> parts;
  constexpr std::uint8_t kConstructedOctets = BerTag::kOctets | BerTag::kConstructed;
  while (!in.at_end() && parts.size() < kMostParts) {
    const auto element = next_ber(in);
    if (!element) break;
    if (element->is(BerTag::kOctets)) {
      parts.push_back(element->content);
    } else if (element->is(kConstructedOctets) && parts.empty()) {
      in = Cursor(element->content);
      continue;
    } else {
      break;  // end of contents, or what is no part
    }
  }
  return parts;
}

// Version 1.5 of PKCS #7 allows any type as content, Authenticode uses a SEQUENCE.
std::vector<ByteView> content_parts(ByteView content) {
  std::vector<ByteView> parts = octets(Cursor(content));
  if (parts.empty() && !content.empty()) parts.push_back(content);
  return parts;
}

std::unique_ptr<Container> open_compressed(const std::vector<ByteView>& parts) {
  auto packed = std::make_unique<std::string>();
  for (const ByteView part : parts) *packed += as_text(part);
  auto inner =
      open_inflated({"content", "cms-compressed", "", as_bytes(*packed), DeflateCoat::zlib});
  return hold(std::move(packed), std::move(inner));
}

std::unique_ptr<Container> open_der(ByteView der) {
  const CmsInfo info = read_cms(der);
  const CmsInner inner = inner_of(info);
  std::vector<ByteView> parts = content_parts(inner.content);
  if (parts.empty()) return nullptr;
  if (info.kind == CmsKind::compressed) return open_compressed(parts);
  return open_pieces({"content", "cms-signed", std::move(parts)});
}

}  // namespace

std::unique_ptr<Container> open_cms_signed(const Subject& file, Reason&) {
  std::string storage;
  const ByteView head = cms_der(file.bytes, 4096, storage);
  const CmsKind kind = read_cms(head).kind;
  if (kind != CmsKind::signed_data && kind != CmsKind::digested && kind != CmsKind::compressed) {
    return nullptr;
  }
  if (storage.empty()) return open_der(file.bytes);
  auto whole = std::make_unique<std::string>();
  auto inner = open_der(cms_der(file.bytes, kMostDecoded, *whole));
  return hold(std::move(whole), std::move(inner));
}

}  // namespace weir
