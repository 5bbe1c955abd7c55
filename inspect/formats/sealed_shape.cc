// Text formats that are encrypted as a whole and have a shape instead of a magic: Fernet tokens
// (the Fernet specification), JWE in its compact form (RFC 7516 section 3.1), XML Encryption (W3C
// xmlenc-core 3.4). Only heads and tails are read.
#include <algorithm>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/sealed.h"
#include "inspect/formats/sealed_base64.h"

namespace weir {
namespace {

constexpr std::size_t kHead = 16 * 1024;

std::string_view head_of(std::string_view text, std::size_t most = kHead) {
  return text.substr(0, most);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Version 0x80, a time with zeros above, IV, blocks, HMAC; the whole file is one token.
bool is_fernet(std::string_view text) {
  if (!text.starts_with("gAAAAA") || text.size() % 4 != 0) return false;
  const auto padding = text.size() - (text.find_last_not_of('=') + 1);
  const std::size_t decoded = text.size() / 4 * 3 - padding;
  constexpr std::size_t kFrame = 1 + 8 + 16 + 32;
  if (padding > 2 || decoded < kFrame + 16 || (decoded - kFrame) % 16 != 0) return false;
  const auto is_solid = [](std::string_view part) {
    return is_base64_text(part) && part.find_first_of(" \t\r\n") == std::string_view::npos;
  };
  return is_solid(head_of(text)) &&
         is_solid(text.substr(text.size() - std::min(text.size(), kHead)));
}

// header.key.iv.ciphertext.tag, the header an object with "alg" and "enc".
bool is_jwe(std::string_view text) {
  if (!text.starts_with("eyJ")) return false;
  const std::string_view head = head_of(text);
  const auto header_end = head.find('.');
  const auto key_end = head.find('.', header_end + 1);
  if (header_end == std::string_view::npos || key_end == std::string_view::npos) return false;
  const auto iv_end = head.find('.', key_end + 1);
  const auto tag_begin = text.rfind('.');
  if (iv_end == std::string_view::npos || tag_begin <= iv_end) return false;
  constexpr std::size_t kLongestTag = 64, kLongestIv = 64;
  if (text.size() - tag_begin > kLongestTag || iv_end - key_end > kLongestIv) return false;
  const std::string header = decode_base64_head(head.substr(0, header_end), kHead);
  return header.find("\"enc\"") != std::string::npos && header.find("\"alg\"") != std::string::npos;
}

// Behind the declaration, comments and a document type.
std::string_view root_element(std::string_view xml) {
  constexpr int kMost = 32;
  for (int i = 0; i < kMost; ++i) {
    const auto begin = xml.find('<');
    if (begin == std::string_view::npos) return {};
    xml.remove_prefix(begin);
    if (!xml.starts_with("<?") && !xml.starts_with("<!")) return xml.substr(0, xml.find('>'));
    const std::string_view end = xml.starts_with("<!--") ? "-->" : ">";
    const auto at = xml.find(end, 2);
    if (at == std::string_view::npos) return {};
    xml.remove_prefix(at + end.size());
  }
  return {};
}

// A template, which a program is still to fill, has nothing there.
bool has_cipher_text(std::string_view xml) {
  if (xml.find("CipherReference") != std::string_view::npos) return true;
  const auto at = xml.find("CipherValue");
  const auto begin = at == std::string_view::npos ? at : xml.find('>', at);
  if (begin == std::string_view::npos) return false;
  return xml[begin - 1] != '/' && !trimmed(xml.substr(begin + 1)).starts_with('<');
}

bool is_xml_encryption(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!text.starts_with('<')) return false;
  const std::string_view root = root_element(head_of(text));
  const auto name_end = root.find_first_of(" \t\r\n/");
  if (name_end == std::string_view::npos) return false;
  const std::string_view name = root.substr(1, name_end - 1);
  const auto colon = name.find(':');
  const std::string_view local = colon == std::string_view::npos ? name : name.substr(colon + 1);
  return local == "EncryptedData" &&
         root.find("http://www.w3.org/2001/04/xmlenc#") != std::string_view::npos &&
         has_cipher_text(head_of(text));
}

}  // namespace

std::string_view sealed_by_shape(ByteView file) {
  if (file.size() < 64) return {};
  const std::string_view text = trimmed(as_text(file));
  if (is_fernet(text)) return "fernet";
  if (is_jwe(text)) return "jwe";
  if (is_xml_encryption(text)) return "xmlenc";
  return {};
}

}  // namespace weir
