// RDAP answers and the bootstrap file: what is accepted has sensible dates and https servers.
#include <cstdlib>

#include "core/bytes.h"
#include "feeds/names/registration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  const auto found = weir::parse_rdap(text, "example.com");
  if (found) {
    if (!found->domain.empty() && found->domain != "example.com") std::abort();
    if (found->registered < weir::WallTime() - std::chrono::hours(24)) std::abort();
  } else if (found.error().what.empty()) {
    std::abort();
  }
  const auto bootstrap = weir::RdapBootstrap::parse(text);
  if (bootstrap) {
    const auto url = bootstrap->query_url("example.com");
    if (!url.empty() && !url.starts_with("https://")) std::abort();
  }
  (void)weir::parse_rfc3339(text);
  return 0;
}
