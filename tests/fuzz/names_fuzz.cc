// Hosts and files about hosts: the lookalike search and its Punycode, the score for machine-made
// names, the lists of brands, and the files of the memory of domains.
#include <cstdlib>
#include <string>

#include "core/bytes.h"
#include "core/url.h"
#include "feeds/names/lookalike.h"
#include "feeds/names/machine_made.h"
#include "feeds/names/punycode.h"
#include "feeds/names/seen_format.h"
#include "feeds/names/special_hosts.h"

namespace {

const weir::Lookalikes& some_brands() {
  static const weir::Lookalikes all = [] {
    weir::Brands brands;
    brands.brands = {{"paypal", {"venmo"}, {"paypal.com", "paypal.co.uk"}},
                     {"bankofamerica", {}, {"bankofamerica.com"}},
                     {"dhl", {}, {"dhl.com"}},
                     {"google", {}, {"google.com"}, true},
                     {"apple", {}, {"apple.com"}, false, true}};
    brands.lures = {"login", "my", "secure"};
    return weir::Lookalikes(std::move(brands));
  }();
  return all;
}

void look_at(std::string_view host) {
  const auto found = some_brands().find(host);
  if (found && (found->score < 1 || found->score > 100 || found->why.empty())) std::abort();
  const int score = weir::machine_made_score(host);
  if (score < 0 || score > 100) std::abort();
}

void read_brands(std::string_view text) {
  std::vector<weir::Diagnostic> out;
  weir::Problems problems("brands.yaml", out);
  auto brands = weir::parse_brands(text, problems);
  if (brands.has_value() != out.empty()) std::abort();
  if (brands) (void)weir::Lookalikes(std::move(*brands)).find("login.paypal.example.com");
}

void read_memory(weir::ByteView bytes) {
  using namespace weir::seen_format;
  for (const Kind kind : {Kind::snapshot, Kind::log}) {
    const auto content = read_all(bytes, kind);
    if (content.good_bytes > bytes.size()) std::abort();
    if (content.entries.size() > bytes.size() / kRecordSize) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_text({data, size});
  read_memory({data, size});
  read_brands(text);
  std::u32string letters;
  if (weir::decode_punycode(text, letters) && letters.size() > 63) std::abort();
  const auto host = weir::canonical_host(text);
  if (host) {
    look_at(*host);
    const weir::SpecialHosts none;
    const auto suffix = none.cloud_suffix(*host);
    if (suffix && !host->ends_with(*suffix)) std::abort();
    (void)none.is_doh_endpoint(*host, text);
  }
  return 0;
}
