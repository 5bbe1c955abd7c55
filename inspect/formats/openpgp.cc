#include "inspect/formats/openpgp.h"

#include <algorithm>
#include <string>
#include <vector>

#include "inspect/formats/openpgp_packets.h"
#include "inspect/formats/sealed_base64.h"

namespace weir {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP ", kEnd = "-----END PGP ";
// Where an armored block that is the point of the file begins at the latest.
constexpr std::size_t kHead = 64 * 1024;
constexpr std::size_t kDecoded = 64 * 1024;
constexpr std::size_t kMostBlocks = 64;
// A shorter block in a longer text is an example in a manual, not its content.
constexpr std::size_t kShort = 4 * 1024;

void report(const PgpMessage& message, Remarks& remarks) {
  if (message.kind == PgpKind::secret_key) return remarks.sign("pgp-secret-key", 0);
  if (message.kind != PgpKind::encrypted) return;
  const std::string_view keys = message.for_keys          ? "for a public key"
                                : message.for_passphrases ? "with a passphrase"
                                                          : "without a recipient";
  const std::string_view name = message.aead       ? "pgp-aead"
                                : message.for_keys ? "pgp-public-key"
                                                   : "pgp-symmetric";
  remarks.unseen(Reason::encrypted, name, keys);
}

struct Block {
  std::string_view label;  // "MESSAGE", "PUBLIC KEY BLOCK"
  std::string_view body;   // after its headers
  std::size_t size = 0;    // with its lines
};

bool ends_line(std::string_view text) {
  return text.starts_with('\n') || text.starts_with("\r\n") || text.starts_with(' ') ||
         text.starts_with('\t') || text.starts_with('\r');
}

// Section 6.2: "Version: ..." lines up to a blank one. Some writers leave the blank line out.
std::string_view without_headers(std::string_view text) {
  constexpr int kMostHeaders = 32;
  for (int i = 0; i < kMostHeaders; ++i) {
    const auto line_end = text.find('\n');
    const std::string_view line = text.substr(0, line_end);
    const bool blank = line.find_first_not_of(" \t\r>") == std::string_view::npos;
    if (!blank && line.find(": ") == std::string_view::npos) return text;
    if (line_end == std::string_view::npos) return {};
    text.remove_prefix(line_end + 1);
    if (blank && i > 0) return text;
  }
  return text;
}

bool next_block(std::string_view text, std::size_t& from, Block& block) {
  const std::size_t at = after_marker_line(text, kBegin, from, kHead);
  if (at == std::string_view::npos) return false;
  from = at;
  const std::string_view rest = text.substr(at);
  constexpr std::size_t kLongestLabel = 64;
  const auto dashes = rest.substr(0, kLongestLabel).find("-----");
  block = {};
  if (dashes == std::string_view::npos || !ends_line(rest.substr(dashes + 5))) return true;
  const auto end = rest.find(kEnd);
  block.label = rest.substr(0, dashes);
  const std::string_view inner = rest.substr(
      dashes + 5, end == std::string_view::npos ? end : end - std::min(end, dashes + 5));
  block.body = without_headers(inner);
  block.size = inner.size();
  from = end == std::string_view::npos ? text.size() : at + end;
  return true;
}

void examine_block(const Block& block, bool main_part, Remarks& remarks) {
  const bool message = block.label.starts_with("MESSAGE") || block.label == "ARMORED FILE";
  if (!message && block.label != "PRIVATE KEY BLOCK" && block.label != "SECRET KEY BLOCK") return;
  if (block.size < kShort && !main_part) return;
  const std::string head = decode_base64_head(block.body, kDecoded);
  const PgpMessage found = classify_pgp(as_bytes(head), PgpExtent::head_of_armor);
  report(found, remarks);
  if (found.kind == PgpKind::none && block.label.starts_with("MESSAGE, PART")) {
    remarks.unseen(Reason::multi_volume, "pgp-part", block.label);
  }
}

void examine_armor(std::string_view text, Remarks& remarks) {
  std::vector<Block> blocks;
  std::size_t from = 0, armored = 0;
  Block block;
  while (blocks.size() < kMostBlocks && next_block(text, from, block)) {
    armored += block.size;
    blocks.push_back(block);
  }
  for (const Block& found : blocks) examine_block(found, armored >= text.size() / 4, remarks);
}

}  // namespace

void examine_openpgp(const Subject& file, Remarks& remarks) {
  if (file.bytes.empty()) return;
  if ((file.bytes[0] & 0x80) != 0) {
    report(classify_pgp(file.bytes, PgpExtent::whole), remarks);
  }
  examine_armor(as_text(file.bytes), remarks);
}

}  // namespace weir
