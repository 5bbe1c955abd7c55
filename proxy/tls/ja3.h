// JA3, the older TLS client fingerprint (github.com/salesforce/ja3, BSD-3): the MD5 of five lists
// of a ClientHello. Clients that shuffle their extensions have a new one each time; lists of old
// malware still use it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct Ja3Input {
  std::uint16_t version = 0;  // of the hello itself, not of the extension
  std::vector<std::uint16_t> ciphers, extensions, groups;  // in wire order
  std::vector<std::uint16_t> point_formats;
};

std::string ja3_text(const Ja3Input& input);  // "771,4865-4866,0-11-10,29-23,0"
std::string ja3(const Ja3Input& input);       // lower-case hex

}  // namespace weir
