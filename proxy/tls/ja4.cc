#include "proxy/tls/ja4.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace weir {
namespace {

constexpr std::uint16_t kServerName = 0x0000;
constexpr std::uint16_t kAlpn = 0x0010;
constexpr std::size_t kHashChars = 12;

void add_hex(std::string& out, unsigned value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(value >> static_cast<unsigned>(shift)) & 0xf];
  }
}

std::string hex_list(std::span<const std::uint16_t> values) {
  std::string out;
  for (const std::uint16_t value : values) {
    if (!out.empty()) out += ',';
    add_hex(out, value, 4);
  }
  return out;
}

std::string short_hash(std::string_view text) {
  if (text.empty()) return std::string(kHashChars, '0');
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  for (std::size_t i = 0; i < kHashChars / 2; ++i) add_hex(out, digest[i], 2);
  return out;
}

std::vector<std::uint16_t> without_grease(std::span<const std::uint16_t> values) {
  std::vector<std::uint16_t> out;
  std::ranges::copy_if(values, std::back_inserter(out), [](auto v) { return !is_grease(v); });
  return out;
}

std::string_view version_chars(std::uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    default: return "00";
  }
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string alpn_chars(std::string_view alpn) {
  if (alpn.empty()) return "00";
  if (is_alnum(alpn.front()) && is_alnum(alpn.back())) return {alpn.front(), alpn.back()};
  std::string hex;
  add_hex(hex, static_cast<unsigned char>(alpn.front()), 2);
  add_hex(hex, static_cast<unsigned char>(alpn.back()), 2);
  return {hex.front(), hex.back()};
}

std::string two_digits(std::size_t count) {
  const std::string text = std::to_string(std::min<std::size_t>(count, 99));
  return text.size() < 2 ? "0" + text : text;
}

}  // namespace

bool is_grease(std::uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}

std::string ja4(const Ja4Input& input) {
  auto ciphers = without_grease(input.ciphers);
  auto extensions = without_grease(input.extensions);
  std::string out = "t";
  out += version_chars(input.version);
  out += input.has_sni ? 'd' : 'i';
  out += two_digits(ciphers.size()) + two_digits(extensions.size()) + alpn_chars(input.first_alpn);

  std::ranges::sort(ciphers);
  std::erase_if(extensions, [](auto v) { return v == kServerName || v == kAlpn; });
  std::ranges::sort(extensions);
  std::string second = hex_list(extensions);
  const std::string signatures = hex_list(without_grease(input.signature_algorithms));
  if (!signatures.empty()) second += "_" + signatures;
  return out + "_" + short_hash(hex_list(ciphers)) + "_" + short_hash(second);
}

}  // namespace weir
