#include "inspect/formats/office_access.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "core/cursor.h"
#include "inspect/formats/office_crypto.h"

namespace weir {
namespace {

constexpr std::size_t kMaskedAt = 0x18, kMasked3 = 126, kMasked4 = 128;
constexpr std::size_t kKeyAt = 0x3e, kPasswordAt = 0x42, kPassword3 = 20, kPassword4 = 40,
                      kCreatedAt = 0x72, kInfoAt = 0x299, kVersionAt = 0x14;
constexpr std::array<std::uint8_t, 4> kHeaderKey{0xc7, 0xda, 0x39, 0x6b};

bool any_set(ByteView bytes) {
  return std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; });
}

// Jet 4 masks the password with the day of creation, a double, as a whole number.
bool has_password4(ByteView page) {
  const double created = std::bit_cast<double>(Cursor(page.subspan(kCreatedAt)).u64le());
  const bool sane = created > -2147483648.0 && created < 2147483648.0;
  const auto mask = le32(sane ? static_cast<std::uint32_t>(static_cast<std::int32_t>(created)) : 0);
  const ByteView password = page.subspan(kPasswordAt, kPassword4);
  for (std::size_t i = 0; i < password.size(); ++i) {
    if (password[i] != mask[i % mask.size()]) return true;
  }
  return false;
}

// The header of [MS-OFFCRYPTO]: its length, then a version that exists.
bool has_encryption_info(ByteView file) {
  Cursor in(file);
  in.seek(kInfoAt);
  const std::uint16_t size = in.u16le(), major = in.u16le(), minor = in.u16le();
  if (in.failed() || size < 8) return false;
  return (major == 1 && minor == 1) || (major >= 2 && major <= 4 && minor >= 2 && minor <= 4);
}

}  // namespace

void examine_access(const Subject& file, Remarks& remarks) {
  constexpr std::string_view kStart{"\0\1\0\0", 4};
  const std::string_view head =
      as_text(file.bytes.first(std::min<std::size_t>(file.bytes.size(), 32)));
  if (!head.starts_with(kStart)) return;
  const bool jet = head.substr(4).starts_with(std::string_view("Standard Jet DB\0", 16));
  const bool ace = head.substr(4).starts_with(std::string_view("Standard ACE DB\0", 16));
  if (!jet && !ace) return;
  const bool three = jet && file.bytes.size() > kVersionAt && file.bytes[kVersionAt] == 0;
  const std::size_t masked = three ? kMasked3 : kMasked4;
  if (file.bytes.size() < 2048) return remarks.unseen(Reason::truncated, "access");
  Octets page(file.bytes.begin(), file.bytes.begin() + 2048);
  Rc4(kHeaderKey).apply(MutableBytes(page).subspan(kMaskedAt, masked));
  const bool encoded = any_set(ByteView(page).subspan(kKeyAt, 4));
  if (ace) {
    if (encoded && has_encryption_info(file.bytes)) {
      remarks.unseen(Reason::encrypted, "access-ace");
    } else if (encoded) {
      remarks.unseen(Reason::encrypted, "access-ace", "pages encoded");
    }
    return;
  }
  const bool password =
      three ? any_set(ByteView(page).subspan(kPasswordAt, kPassword3)) : has_password4(page);
  if (password) {
    remarks.unseen(Reason::encrypted, "access-jet");
  } else if (encoded) {
    remarks.unseen(Reason::unsupported, "access-jet-encoded");
  }
}

}  // namespace weir
