#include "inspect/formats/encrypted_office.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::array<std::uint8_t, 8> kOle{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
constexpr std::size_t kDirectoryEntry = 128;  // [MS-CFB] 2.6.1; entries lie at multiples of it
constexpr std::string_view kStream = "EncryptedPackage";

bool names_the_stream(Cursor entry) {
  for (const char c : kStream) {
    if (entry.u16le() != static_cast<std::uint8_t>(c)) return false;
  }
  if (entry.u16le() != 0) return false;
  entry.skip(64 - 2 * (kStream.size() + 1));
  return entry.u16le() == 2 * (kStream.size() + 1) && entry.u8() == 2;  // length, a stream
}

}  // namespace

bool is_encrypted_ooxml(ByteView file) {
  if (file.size() < kOle.size() || !std::ranges::equal(file.first(kOle.size()), kOle)) return false;
  for (std::size_t at = 512; at + kDirectoryEntry <= file.size(); at += kDirectoryEntry) {
    if (file[at] == 'E' && names_the_stream(Cursor(file.subspan(at, kDirectoryEntry)))) return true;
  }
  return false;
}

}  // namespace weir
