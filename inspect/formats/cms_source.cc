#include "inspect/formats/cms_source.h"

#include <algorithm>
#include <array>

#include "inspect/formats/cms_ber.h"
#include "inspect/formats/sealed_base64.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 5> kLabels = {"CMS", "PKCS7", "PKCS #7 SIGNED DATA",
                                                     "ENCRYPTED PRIVATE KEY", "PKCS12"};

// 0x30 with a long or indefinite length: what every file larger than 127 bytes begins with.
bool is_base64_of_sequence(std::string_view text) {
  constexpr std::size_t kHead = 1024;
  return text.size() >= 64 && text.starts_with("MI") && is_base64_text(text.substr(0, kHead));
}

std::string_view skip_blank(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

}  // namespace

std::string_view pem_label(std::string_view text, std::string_view& body) {
  constexpr std::size_t kHead = 4096;
  const std::size_t at = after_marker_line(text, "-----BEGIN ", 0, kHead);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at);
  constexpr std::size_t kLongest = 64;
  const auto dashes = rest.substr(0, kLongest).find("-----");
  if (dashes == std::string_view::npos) return {};
  body = rest.substr(dashes + 5);
  return rest.substr(0, dashes);
}

ByteView cms_der(ByteView file, std::size_t most, std::string& storage) {
  if (file.size() < 16) return {};
  if (file[0] == BerTag::kSequence) return file;
  const std::string_view text = as_text(file);
  std::string_view body;
  const std::string_view label = pem_label(text, body);
  if (!label.empty()) {
    if (std::ranges::find(kLabels, label) == kLabels.end()) return {};
  } else {
    body = skip_blank(text.substr(0, text.size()));
    if (!is_base64_of_sequence(body)) return {};
  }
  storage = decode_base64_head(body, most);
  return as_bytes(storage);
}

}  // namespace weir
