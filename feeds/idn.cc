#include "feeds/idn.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::size_t kLongestInput = 1024;

struct FreeIdn {
  void operator()(char* text) const { idn2_free(text); }
};

}  // namespace

Result<std::string> host_to_ascii(std::string_view host) {
  const auto high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::ranges::none_of(host, high)) return std::string(host);
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::malformed, Fault::config,
                "bad host name \"" + escape_for_log(host, 256) + "\": " + std::string(why));
  };
  if (host.size() > kLongestInput || host.find('\0') != std::string_view::npos) {
    return refuse("too long, or with a NUL");
  }
  const std::string terminated(host);
  char* out = nullptr;
  const int status =
      idn2_to_ascii_8z(terminated.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, FreeIdn> owned(out);
  if (status != IDN2_OK || !owned) return refuse(idn2_strerror(status));
  return std::string(owned.get());
}

}  // namespace weir
