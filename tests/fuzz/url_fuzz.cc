// A canonical URL stays as it is, and nothing in it can split a line or a request.
#include <cstdlib>
#include <string>

#include "core/bytes.h"
#include "core/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  if (const auto host = weir::canonical_host(text)) {
    if (weir::canonical_host(*host).value() != *host) std::abort();
  }
  const auto url = weir::parse_url(text);
  if (!url) return 0;
  const std::string canonical = url->text();
  const auto again = weir::parse_url(canonical);
  if (!again || *again != *url || again->text() != canonical) std::abort();
  for (const char c : canonical) {
    if (c <= ' ' || c == '\x7f') std::abort();
  }
  if (url->path_and_query.find("/../") < url->path().size()) std::abort();
  return 0;
}
