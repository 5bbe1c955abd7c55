// JA4, the TLS client fingerprint (FoxIO, BSD-3 part of the suite), from the lists of a
// ClientHello. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct Ja4Input {
  std::uint16_t version = 0;  // the highest offered, GREASE aside
  bool has_sni = false;
  std::string first_alpn;
  std::vector<std::uint16_t> ciphers, extensions, signature_algorithms;  // in wire order
};

bool is_grease(std::uint16_t value);  // RFC 8701
std::string ja4(const Ja4Input& input);

}  // namespace weir
