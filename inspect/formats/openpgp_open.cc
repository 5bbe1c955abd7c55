// open_openpgp: what a message holds that is signed or compressed only (RFC 9580
// sections 5.6, 5.9).
#include <algorithm>
#include <string>
#include <utility>

#include "inspect/formats/openpgp.h"
#include "inspect/formats/openpgp_packets.h"
#include "inspect/formats/sealed_base64.h"
#include "inspect/formats/sealed_inflate.h"

namespace weir {
namespace {

constexpr std::string_view kMark = "-----BEGIN PGP MESSAGE-----";
constexpr std::size_t kHead = 64 * 1024, kMostDecoded = 64U << 20;

// Raw deflate wants its input in one piece.
std::unique_ptr<Container> open_compressed(PgpContent content) {
  const DeflateCoat coat = content.algorithm == 1 ? DeflateCoat::raw : DeflateCoat::zlib;
  if (content.pieces.size() == 1) {
    return open_inflated({"message.pgp", "pgp", "", content.pieces[0], coat});
  }
  auto joined = std::make_unique<std::string>();
  for (const ByteView piece : content.pieces) *joined += as_text(piece);
  auto inner = open_inflated({"message.pgp", "pgp", "", as_bytes(*joined), coat});
  return hold(std::move(joined), std::move(inner));
}

std::unique_ptr<Container> open_content(PgpContent content, Reason& problem) {
  if (content.form == PgpContent::Form::none) return nullptr;
  if (content.cut) problem = Reason::truncated;
  if (content.form == PgpContent::Form::literal) {
    return open_pieces({"content", "pgp", std::move(content.pieces)});
  }
  switch (content.algorithm) {
    case 0: return open_pieces({"message.pgp", "pgp", std::move(content.pieces)});
    case 3: return open_pieces({"message.bz2", "pgp", std::move(content.pieces)});
    default: return open_compressed(std::move(content));
  }
}

// What is compressed must turn out to be a message.
bool unpacks_to_message(const PgpContent& content) {
  if (content.algorithm == 3) return as_text(content.pieces[0]).starts_with("BZh");
  const auto trial = open_compressed(content);
  trial->next();
  const ByteView head = trial->read();
  return classify_pgp(head, PgpExtent::head_of_armor).kind == PgpKind::readable;
}

// The first byte alone is a weak magic: many a binary file begins with a literal packet.
bool is_sure(const PgpContent& content) {
  if (content.form == PgpContent::Form::none) return false;
  if (content.form == PgpContent::Form::compressed) return unpacks_to_message(content);
  return content.signed_before || content.ends_file;
}

}  // namespace

std::unique_ptr<Container> open_openpgp(const Subject& file, Reason& problem) {
  if (file.bytes.empty()) return nullptr;
  if ((file.bytes[0] & 0x80) != 0) {
    PgpContent content = content_of_pgp(file.bytes);
    return is_sure(content) ? open_content(std::move(content), problem) : nullptr;
  }
  const std::string_view text = as_text(file.bytes);
  const std::size_t at = after_marker_line(text, kMark, 0, kHead);
  if (at == std::string_view::npos) return nullptr;
  const auto blank = text.substr(at).find("\n\n");
  const auto crlf = text.substr(at).find("\n\r\n");
  const std::size_t body = at + std::min(blank, crlf);
  if (body < at || body >= text.size()) return nullptr;
  auto decoded = std::make_unique<std::string>(decode_base64_head(text.substr(body), kMostDecoded));
  auto inner = open_content(content_of_pgp(as_bytes(*decoded)), problem);
  return hold(std::move(decoded), std::move(inner));
}

}  // namespace weir
