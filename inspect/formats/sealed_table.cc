// Sources of the rows: the age specification (age-encryption.org/v1), OpenSSL's enc(1), the AxCrypt
// 2 and AES Crypt file format documents, the LUKS1 and LUKS2 on-disk format specifications,
// the BitLocker notes of libbde, those of libfvde on CoreStorage, Apple's encrypted images,
// KeePass' KDB and KDBX documents, ansible-vault's format 1.1/1.2, the Java keystore sources,
// Android's BackupManager, Vim's crypt.c documentation, rclone's crypt page, git-crypt's NEWS,
// [MS-DPAPI], [MS-OXORMMS] (rpmsg), AIP's pfile, eCryptfs' file header, mcrypt(1), scrypt's FORMAT,
// saltpack's armoring, PuTTY's PPK appendix, GEOM_ELI metadata.
#include <algorithm>
#include <array>

#include "core/cursor.h"
#include "inspect/formats/sealed.h"
#include "inspect/formats/sealed_base64.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

bool is_printable(std::uint8_t c) {
  return (c >= 32 && c < 127) || c == '\t' || c == '\n' || c == '\r';
}

// Text that merely begins with the magic, as a manual does.
bool has_binary_after(ByteView file, std::size_t from) {
  if (file.size() <= from) return false;
  const ByteView sample = file.subspan(from, std::min<std::size_t>(512, file.size() - from));
  return !std::ranges::all_of(sample, is_printable);
}

bool has_line_after(std::string_view text, std::string_view begin) {
  const auto line = text.find('\n');
  return line != std::string_view::npos && text.substr(line + 1).starts_with(begin);
}

bool is_age(ByteView file) {
  return has_line_after(as_text(file.first(std::min<std::size_t>(256, file.size()))), "-> ");
}

bool is_armored(ByteView file) {
  constexpr std::size_t kHead = 512;
  const std::string_view text = as_text(file.first(std::min(kHead, file.size())));
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return false;
  const std::string_view next = text.substr(line + 1, 60);
  return is_base64_text(next);
}

bool is_openssl(ByteView file) { return file.size() >= 17 && has_binary_after(file, 8); }

bool is_openssl_base64(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(4096, file.size())));
  if (!is_base64_text(text)) return false;
  const std::string head = decode_base64_head(text, 2048);
  return head.starts_with("Salted__") && is_openssl(as_bytes(head));
}

// Version 0 has no extensions; its size is blocks and 53 bytes.
bool is_aes_crypt(ByteView file) {
  constexpr std::size_t kBlock = 16;
  const std::uint8_t version = file.size() > 134 ? file[3] : 255;
  if (version == 0) return file[4] < kBlock && (file.size() - 53) % kBlock == 0;
  if (file[4] != 0) return false;
  if (version == 1) return (file.size() - 134) % kBlock == 0;
  if (version > 3) return false;
  Cursor in(file);
  in.skip(5);
  constexpr int kMostExtensions = 64;
  for (int i = 0; i < kMostExtensions && in.ok(); ++i) {
    const std::uint16_t size = in.u16be();
    if (size == 0) return in.ok() && in.remaining() >= 129;
    in.skip(size);
  }
  return false;
}

bool is_luks(ByteView file) {
  Cursor in(file);
  in.skip(6);
  const std::uint16_t version = in.u16be();
  return version == 1 || version == 2;
}

bool is_luks1(ByteView file) { return is_luks(file) && file[7] == 1; }
bool is_luks2(ByteView file) { return is_luks(file) && file[7] == 2; }

// BitLocker To Go keeps a FAT boot sector for old readers; its identifier stands at 424.
bool is_bitlocker_to_go(ByteView file) {
  constexpr std::string_view kGuid =
      "\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01"sv;
  return file.size() >= 512 && as_text(file.subspan(424, 16)) == kGuid;
}

// Physical volume header: version 1, block type 0x10, at 172 the method (2 is AES-XTS).
bool is_filevault(ByteView file) {
  Cursor in(file);
  in.skip(8);
  if (in.u16le() != 1 || in.u16le() != 0x10) return false;
  in.seek(172);
  return in.u32le() == 2;
}

bool is_cdsa_end(ByteView file) { return file.size() > 1276; }

bool is_ansible_vault(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(512, file.size())));
  const auto line = text.find('\n');
  if (line == std::string_view::npos || text.size() < line + 32) return false;
  return std::ranges::all_of(text.substr(line + 1, 32), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool is_android_sealed(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(64, file.size())));
  return text.find("\nAES-256\n") != std::string_view::npos;
}

bool is_mcrypt(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(64, file.size())));
  const auto end = text.find('\0', 4);
  if (end == std::string_view::npos || end < 8 || end > 24) return false;
  return std::ranges::all_of(text.substr(4, end - 4), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_scrypt(ByteView file) {
  Cursor in(file);
  in.skip(7);
  const std::uint8_t log_n = in.u8();
  const std::uint32_t r = in.u32be(), p = in.u32be();
  return in.remaining() >= 116 && log_n > 0 && log_n < 64 && r > 0 && p > 0 && r < 4096 &&
         p < (1U << 20);
}

// Size of the plain file, then a random number and the same with the marker mixed in.
bool is_ecryptfs(ByteView file) {
  Cursor in(file);
  in.skip(8);
  const std::uint32_t first = in.u32be(), second = in.u32be();
  constexpr std::uint32_t kMarker = 0x3C81B7F5;
  return in.remaining() >= 4096 && first != 0 && (first ^ second) == kMarker;
}

bool is_keystore(ByteView file) {
  Cursor in(file);
  in.skip(4);
  const std::uint32_t version = in.u32be();
  return in.ok() && (version == 1 || version == 2);
}

// Version, salt of 20 bytes, a sane number of iterations.
bool is_bks(ByteView file) {
  Cursor in(file);
  const std::uint32_t version = in.u32be(), salt = in.u32be();
  in.skip(20);
  const std::uint32_t iterations = in.u32be();
  return in.ok() && (version == 1 || version == 2) && salt == 20 && iterations >= 512 &&
         iterations < 100'000;
}

bool is_sealed_ppk(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(512, file.size())));
  const auto at = text.find("Encryption: ");
  return at != std::string_view::npos && !text.substr(at + 12).starts_with("none");
}

bool is_masterkey(ByteView file) {
  const std::string_view text = as_text(file.first(std::min<std::size_t>(2048, file.size())));
  return text.find("\"scryptSalt\"") != std::string_view::npos &&
         text.find("MasterKey\"") != std::string_view::npos;
}

constexpr auto kContent = SealedKind::content, kKeys = SealedKind::keys;
constexpr auto kBegin = MagicAt::begin, kEnd = MagicAt::end, kLine = MagicAt::text_line;

// clang-format off
constexpr SealedFormat kFormats[] = {
  {"age", kContent, kBegin, 0, "age-encryption.org/v1\n", is_age},
  {"age", kContent, kLine, 0, "-----BEGIN AGE ENCRYPTED FILE-----", is_armored},
  {"openssl-enc", kContent, kBegin, 0, "Salted__", is_openssl},
  {"openssl-enc", kContent, kLine, 0, "U2FsdGVkX1", is_openssl_base64},
  {"axcrypt", kContent, kBegin, 0, "\xC0\xB9\x07\x2E\x4F\x93\xF1\x46\xA0\x15\x79\x2C\xA1\xD9\xE8\x21"sv, nullptr},
  {"aes-crypt", kContent, kBegin, 0, "AES", is_aes_crypt},
  {"luks1", kContent, kBegin, 0, "LUKS\xBA\xBE", is_luks1},
  {"luks2", kContent, kBegin, 0, "LUKS\xBA\xBE", is_luks2},
  {"bitlocker", kContent, kBegin, 3, "-FVE-FS-", nullptr},
  {"bitlocker", kContent, kBegin, 3, "MSWIN4.1", is_bitlocker_to_go},
  {"filevault", kContent, kBegin, 88, "CS", is_filevault},
  {"dmg-encrypted", kContent, kBegin, 0, "encrcdsa", nullptr},
  {"dmg-encrypted", kContent, kEnd, 8, "cdsaencr", is_cdsa_end},
  {"pgp-disk", kContent, kBegin, 0, "\xEB\x48\x90PGPGUARD"sv, nullptr},
  {"geli", kContent, kEnd, 512, "GEOM::ELI", nullptr},
  {"keepass", kContent, kBegin, 0, "\x03\xD9\xA2\x9A\x65\xFB\x4B\xB5"sv, nullptr},
  {"keepass", kContent, kBegin, 0, "\x03\xD9\xA2\x9A\x66\xFB\x4B\xB5"sv, nullptr},
  {"keepass", kContent, kBegin, 0, "\x03\xD9\xA2\x9A\x67\xFB\x4B\xB5"sv, nullptr},
  {"ansible-vault", kContent, kLine, 0, "$ANSIBLE_VAULT;1.", is_ansible_vault},
  {"android-backup", kContent, kBegin, 0, "ANDROID BACKUP\n", is_android_sealed},
  {"vimcrypt", kContent, kBegin, 0, "VimCrypt~0", nullptr},
  {"rclone-crypt", kContent, kBegin, 0, "RCLONE\0\0"sv, nullptr},
  {"git-crypt", kContent, kBegin, 0, "\0GITCRYPT\0"sv, nullptr},
  {"dpapi", kContent, kBegin, 0, "\x01\0\0\0\xD0\x8C\x9D\xDF\x01\x15\xD1\x11\x8C\x7A\0\xC0\x4F\xC2\x97\xEB"sv, nullptr},
  {"rpmsg", kContent, kBegin, 0, "\x76\xE8\x04\x60\xC4\x11\xE3\x86"sv, nullptr},
  {"ms-pfile", kContent, kBegin, 0, ".pfile", [](ByteView file) { return has_binary_after(file, 6); }},
  {"mcrypt", kContent, kBegin, 0, "\0m\x03"sv, is_mcrypt},
  {"scrypt", kContent, kBegin, 0, "scrypt\0"sv, is_scrypt},
  {"ecryptfs", kContent, kBegin, 0, "\0\0\0"sv, is_ecryptfs},
  {"saltpack", kContent, kLine, 0, "BEGIN SALTPACK ENCRYPTED MESSAGE.", nullptr},
  {"java-keystore", kKeys, kBegin, 0, "\xFE\xED\xFE\xED"sv, is_keystore},
  {"java-keystore", kKeys, kBegin, 0, "\xCE\xCE\xCE\xCE"sv, is_keystore},
  {"java-keystore", kKeys, kBegin, 0, "\0\0\0"sv, is_bks},
  {"putty-key-encrypted", kKeys, kLine, 0, "PuTTY-User-Key-File-", is_sealed_ppk},
  {"cryptomator-masterkey", kKeys, kLine, 0, "{", is_masterkey},
};
// clang-format on

}  // namespace

std::span<const SealedFormat> sealed_formats() { return kFormats; }

}  // namespace weir
