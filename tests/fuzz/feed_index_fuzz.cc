// A damaged index file, and what lists say. The first byte chooses: the bytes as a file, as changes
// to a sound file whose header is then made to fit again, or as the text of an indicator.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/cursor.h"
#include "core/digest.h"
#include "core/fd.h"
#include "feeds/index.h"
#include "feeds/index_builder.h"
#include "feeds/index_format.h"

namespace {

using namespace weir;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

class FixedRandom final : public Random {
 public:
  void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{7}); }
};

constexpr std::pair<IndicatorKind, std::string_view> kListed[] = {
    {IndicatorKind::domain, "evil.test"},      {IndicatorKind::host, "a.evil.test"},
    {IndicatorKind::url, "http://a.test/b?c"}, {IndicatorKind::url_prefix, "http://evil.test/p/"},
    {IndicatorKind::ip, "192.0.2.1"},          {IndicatorKind::cidr, "192.0.0.0/16"},
    {IndicatorKind::cidr, "192.0.2.0/24"},     {IndicatorKind::cidr, "2001:db8::/32"}};

std::string path_of(const UniqueFd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

std::string sound_file() {
  FixedRandom random;
  IndexBuilder builder(random, kNow);
  for (const char* source : {"one", "two"}) {
    for (const auto& [kind, text] : kListed) {
      auto made = canonical_indicator(kind, text);
      if (!made) abort();
      made->about.source = source;
      if (!builder.add(*made)) abort();
    }
  }
  const std::string path = "/tmp/weir_fuzz_index." + std::to_string(::getpid());
  if (!builder.write(path)) abort();
  FILE* file = ::fopen(path.c_str(), "rb");
  if (file == nullptr) abort();
  std::string bytes(1 << 16, '\0');
  bytes.resize(::fread(bytes.data(), 1, bytes.size(), file));
  ::fclose(file);
  ::unlink(path.c_str());
  return bytes;
}

// Three bytes each: where, and what. Then the checksum of the header is put right.
std::string changed(ByteView changes) {
  static const std::string kSound = sound_file();
  std::string bytes = kSound;
  Cursor cursor(changes);
  while (cursor.remaining() >= 3) {
    const std::size_t at = cursor.u16le();
    bytes[at % bytes.size()] = static_cast<char>(cursor.u8());
  }
  const std::size_t own = offsetof(index_format::Header, self);
  const auto sum = sha256(as_bytes(std::string_view(bytes).substr(0, own)));
  std::memcpy(&bytes[own], sum.data(), sum.size());
  return bytes;
}

void look_up(const Index& index) {
  std::size_t found = 0;
  for (const std::string_view host : {"evil.test", "x.a.evil.test", "192.0.2.1", "2001:db8::1"}) {
    found += index.find_host(host, kNow).size();
  }
  for (const std::string_view text : {"http://a.test/b?c", "http://b.evil.test/p/q/gate.php"}) {
    for (const Hit& hit : index.find_url(*parse_url(text), kNow)) {
      found += hit.source.size() + hit.note.size() + hit.category.size();
    }
  }
  if (found > 1 << 20) abort();
  (void)index.verify();
  (void)index.built();
}

void open_and_look_up(std::string_view bytes) {
  const UniqueFd fd(::memfd_create("index", MFD_CLOEXEC));
  if (::write(fd.get(), bytes.data(), bytes.size()) < 0) abort();
  if (const auto index = Index::open(path_of(fd))) look_up(**index);
}

void canonical(ByteView bytes) {
  if (bytes.empty()) return;
  const auto kind = static_cast<IndicatorKind>(bytes[0] % kIndicatorKinds);
  const auto made = canonical_indicator(kind, as_text(bytes.subspan(1)));
  if (!made) return;
  const auto again = canonical_indicator(made->kind, made->value);
  if (!again || again->kind != made->kind || again->value != made->value) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  if (data[0] % 4 == 0) open_and_look_up(as_text(rest));
  if (data[0] % 4 == 1) open_and_look_up(changed(rest));
  if (data[0] % 4 > 1) canonical(rest);
  return 0;
}
