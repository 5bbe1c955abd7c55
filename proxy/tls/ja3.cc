#include "proxy/tls/ja3.h"

#include "core/digest.h"
#include "proxy/tls/ja4.h"

namespace weir {
namespace {

// Without GREASE (RFC 8701), joined by dashes.
void append(std::string& out, const std::vector<std::uint16_t>& values) {
  out += ',';
  const std::size_t start = out.size();
  for (const std::uint16_t value : values) {
    if (is_grease(value)) continue;
    if (out.size() > start) out += '-';
    out += std::to_string(value);
  }
}

}  // namespace

std::string ja3_text(const Ja3Input& input) {
  std::string out = std::to_string(input.version);
  for (const auto* list :
       {&input.ciphers, &input.extensions, &input.groups, &input.point_formats}) {
    append(out, *list);
  }
  return out;
}

std::string ja3(const Ja3Input& input) {
  Digests digests(true);
  digests.update(as_bytes(ja3_text(input)));
  return digests.finish().md5;
}

}  // namespace weir
