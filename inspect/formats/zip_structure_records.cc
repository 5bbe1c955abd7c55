#include "inspect/formats/zip_structure_records.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

constexpr std::uint32_t kUnset32 = 0xffffffff;
constexpr std::uint16_t kUnset16 = 0xffff;
constexpr std::uint16_t kExtraZip64 = 0x0001, kExtraStrong = 0x0017, kExtraAes = 0x9901;
constexpr std::size_t kLocator64Bytes = 20, kEnd64Bytes = 56;
// How far before its locator a Zip64 end record is looked for when it is not where it should be.
constexpr std::size_t kMostEnd64 = 64 * 1024;

// Fields that do not fit have their true value in the extra field, in this order (4.5.3).
void widen(ZipEntry& entry, bool with_local) {
  const bool far = with_local && entry.local == kUnset32;
  if (entry.size != kUnset32 && entry.packed != kUnset32 && !far) return;
  Cursor in(zip_extra(entry.extra, kExtraZip64).value_or(ByteView()));
  if (in.at_end()) {  // 4 GiB less one byte, or a writer that did not know
    entry.sizes_known = entry.size != kUnset32 && entry.packed != kUnset32;
    return;
  }
  if (entry.size == kUnset32) entry.size = in.u64le();
  if (entry.packed == kUnset32) entry.packed = in.u64le();
  if (far) entry.local = in.u64le();
  entry.sizes_known = in.ok();
}

// Names of APPNOTE 7.2.3.2.
struct Algorithm {
  std::uint16_t id;
  std::string_view name;
};
constexpr std::array kAlgorithms{
    Algorithm{0x6601, "DES"},      Algorithm{0x6602, "RC2"},     Algorithm{0x6603, "3DES-168"},
    Algorithm{0x6609, "3DES-112"}, Algorithm{0x660e, "AES-128"}, Algorithm{0x660f, "AES-192"},
    Algorithm{0x6610, "AES-256"},  Algorithm{0x6702, "RC2"},     Algorithm{0x6720, "Blowfish"},
    Algorithm{0x6721, "Twofish"},  Algorithm{0x6801, "RC4"},
};

std::string_view strong_algorithm(ByteView field) {
  Cursor in(field);
  in.skip(2);  // format
  const std::uint16_t id = in.u16le();
  const auto found = std::ranges::find(kAlgorithms, id, &Algorithm::id);
  return found == kAlgorithms.end() ? std::string_view("unknown algorithm") : found->name;
}

std::string_view aes_word(ByteView field) {
  constexpr std::array<std::string_view, 4> kStrengths{"zip-aes", "zip-aes128", "zip-aes192",
                                                       "zip-aes256"};
  const std::size_t strength = field.size() >= 5 ? field[4] : 0;
  return kStrengths[strength < kStrengths.size() ? strength : 0];
}

// Bytes prepended to the archive move the record away from where the locator says: it is then
// looked for before the locator.
std::optional<std::uint64_t> find_end64(ByteView file, std::uint64_t locator, std::uint64_t said) {
  const auto is_there = [&](std::uint64_t at) {
    return at < locator && Cursor(file.subspan(at)).u32le() == ZipSignature::kEnd64;
  };
  if (is_there(said)) return said;
  const std::uint64_t lowest = locator > kMostEnd64 ? locator - kMostEnd64 : 0;
  for (std::uint64_t at = locator - std::min<std::uint64_t>(locator, kEnd64Bytes); at > lowest;
       --at) {
    if (file[at] == 'P' && is_there(at)) return at;
  }
  return std::nullopt;
}

bool contradicts(std::uint64_t narrow, std::uint64_t unset, std::uint64_t wide) {
  return narrow != unset && narrow != wide;
}

// The record's version 2 says how the directory is encrypted.
bool says_encrypted(Cursor in, std::uint64_t record_size) {
  if (record_size < 44 + 28) return false;
  in.skip(2 + 8 + 8);  // method, packed and unpacked size
  return in.u16le() != 0 && in.ok();
}

void merge_end64(ByteView file, ZipEnd& end) {
  if (end.at < kLocator64Bytes) return;
  const std::uint64_t locator_at = end.at - kLocator64Bytes;
  Cursor locator(file.subspan(locator_at, kLocator64Bytes));
  if (locator.u32le() != ZipSignature::kLocator64) return;
  locator.skip(4);
  const auto record = find_end64(file, locator_at, locator.u64le());
  if (!record) return;
  Cursor in(file.subspan(*record, locator_at - *record));
  in.skip(4);
  const std::uint64_t record_size = in.u64le();
  in.skip(2 + 2);  // versions
  const std::uint32_t disk = in.u32le(), first_disk = in.u32le();
  const std::uint64_t here = in.u64le(), entries = in.u64le(), size = in.u64le(),
                      offset = in.u64le();
  if (in.failed()) return;
  end.two_answers = contradicts(end.entries, kUnset16, entries) ||
                    contradicts(end.size, kUnset32, size) ||
                    contradicts(end.offset, kUnset32, offset);
  end.several_disks = disk != 0 || first_disk != 0;
  end.entries = entries, end.entries_here = here, end.size = size, end.offset = offset;
  end.directory_end = *record;
  end.directory_encrypted = says_encrypted(in, record_size);
}

}  // namespace

std::optional<ByteView> zip_extra(ByteView extra, std::uint16_t id) {
  Cursor in(extra);
  while (in.remaining() >= 4) {
    const std::uint16_t one = in.u16le();
    const ByteView body = in.take(in.u16le());
    if (in.failed()) return std::nullopt;
    if (one == id) return body;
  }
  return std::nullopt;
}

std::optional<ZipEntry> read_zip_entry(Cursor& in) {
  if (in.u32le() != ZipSignature::kEntry) return std::nullopt;
  in.skip(4);  // versions
  ZipEntry entry;
  entry.flags = in.u16le();
  entry.method = in.u16le();
  in.skip(4);  // time
  entry.crc = in.u32le();
  entry.packed = in.u32le();
  entry.size = in.u32le();
  const std::uint16_t name = in.u16le(), extra = in.u16le(), comment = in.u16le();
  entry.disk = in.u16le();
  in.skip(6);  // attributes
  entry.local = in.u32le();
  entry.name = in.take(name);
  entry.extra = in.take(extra);
  in.skip(comment);
  if (in.failed()) return std::nullopt;
  widen(entry, true);
  return entry;
}

std::optional<ZipEntry> read_zip_local(Cursor& in) {
  if (in.u32le() != ZipSignature::kLocal) return std::nullopt;
  in.skip(2);  // version
  ZipEntry entry;
  entry.flags = in.u16le();
  entry.method = in.u16le();
  in.skip(4);  // time
  entry.crc = in.u32le();
  entry.packed = in.u32le();
  entry.size = in.u32le();
  const std::uint16_t name = in.u16le(), extra = in.u16le();
  entry.name = in.take(name);
  entry.extra = in.take(extra);
  if (in.failed()) return std::nullopt;
  widen(entry, false);
  return entry;
}

ZipEncryption zip_encryption(const ZipEntry& entry) {
  if (entry.has(ZipFlag::kMasked)) return {"zip-encrypted-directory", {}};
  if (entry.method == ZipMethod::kAes) {
    return {aes_word(zip_extra(entry.extra, kExtraAes).value_or(ByteView())), {}};
  }
  if (!entry.has(ZipFlag::kEncrypted)) return {};
  const auto strong = zip_extra(entry.extra, kExtraStrong);
  if (strong) return {"zip-strong", strong_algorithm(*strong)};
  if (entry.has(ZipFlag::kStrong)) return {"zip-strong", {}};
  return {"zip-traditional", {}};
}

std::optional<ZipEnd> read_zip_end(ByteView file, std::uint64_t at) {
  Cursor in(file);
  in.seek(at);
  if (in.u32le() != ZipSignature::kEnd) return std::nullopt;
  ZipEnd end{.at = at, .directory_end = at};
  const std::uint16_t disk = in.u16le(), first_disk = in.u16le();
  end.entries_here = in.u16le();
  end.entries = in.u16le();
  end.size = in.u32le();
  end.offset = in.u32le();
  end.comment = in.u16le();
  if (in.failed()) return std::nullopt;
  const auto counts = [](std::uint16_t number) { return number != 0 && number != kUnset16; };
  end.several_disks = counts(disk) || counts(first_disk);
  merge_end64(file, end);
  return end;
}

}  // namespace weir
