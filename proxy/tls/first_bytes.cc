// What the first bytes of a tunnel look like, for the event that explains a refusal.
#include <algorithm>
#include <array>

#include "proxy/tls/client_hello.h"

namespace weir {
namespace {

struct Prefix {
  std::string_view bytes;
  std::string_view word;
};

constexpr auto kPrefixes = std::to_array<Prefix>({
    {"PRI * HTTP/2.0\r\n", "h2-preface"},
    {"SSH-", "ssh"},
    {"EHLO ", "smtp"},
    {"HELO ", "smtp"},
    {"220 ", "smtp"},
    {"220-", "smtp"},
    {"Microsoft Windows [", "shell"},
    {"Windows PowerShell", "shell"},
    {"PS C:\\", "shell"},
    {"/bin/sh", "shell"},
    {"/bin/bash", "shell"},
    {"bash", "shell"},
    {"sh-", "shell"},
    {"sh: ", "shell"},
    {"uid=", "shell"},
    {"$ ", "shell"},
    {"# ", "shell"},
});

// RFC 9112: a method in capitals and one space.
bool looks_like_http(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space < 3 || space > 16) return false;
  return std::ranges::all_of(text.substr(0, space),
                             [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
}

// RFC 8489 section 5: two zero bits, then the magic cookie at offset 4.
bool looks_like_stun(ByteView first) {
  return first.size() >= 8 && (first[0] & 0xc0) == 0 && first[4] == 0x21 && first[5] == 0x12 &&
         first[6] == 0xa4 && first[7] == 0x42;
}

// TPKT version 3 with an X.224 connection request.
bool looks_like_rdp(ByteView first) {
  return first.size() >= 6 && first[0] == 3 && first[1] == 0 && first[5] == 0xe0;
}

bool looks_like_socks(ByteView first) {
  if (first.size() < 2) return false;
  if (first[0] == 5) return first[1] >= 1 && first.size() == 2U + first[1];
  return first[0] == 4 && (first[1] == 1 || first[1] == 2);
}

}  // namespace

std::string_view identify_first_bytes(ByteView first) {
  if (first.empty()) return "empty";
  const std::string_view text = as_text(first);
  if (first[0] == 0x16 && (first.size() == 1 || first[1] == 3)) return "tls";
  for (const Prefix& prefix : kPrefixes) {
    if (text.starts_with(prefix.bytes)) return prefix.word;
  }
  if (looks_like_http(text)) return "http";
  if (looks_like_stun(first)) return "stun";
  if (looks_like_rdp(first)) return "rdp";
  if (looks_like_socks(first)) return "socks";
  return "unknown";
}

}  // namespace weir
