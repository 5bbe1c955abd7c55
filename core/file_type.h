// The file types that weir tells apart, by content, by name or by label. One table (file_type.cc)
// holds a row for each: name, family, extensions, media types. The names are what policy and events
// say. A type is a hint for choosing rules, never a reason to call something clean. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"

namespace weir {

// In the order of the table in file_type.cc. unknown is zero.
// clang-format off
enum class FileType : std::uint8_t {
  unknown, empty,
  // executable
  pe, elf, macho, dex, java_class, jar, apk, wasm, swf, deb, rpm, lnk, chm,
  // archive
  zip, seven_zip, rar, tar, gzip, bzip2, xz, zstd, lz4, cab, iso, vhd, vhdx, dmg, arj, ar, cpio,
  compress, lzip,
  // document
  ole, ooxml, odf, epub, pdf, rtf, onenote, eml,
  // script
  shell, python, powershell, batch, vbscript, hta, perl, ruby, php,
  // web
  html, javascript, css, json, xml, svg,
  // media
  png, jpeg, gif, webp, bmp, ico, avif, heif, tiff, mp3, mp4, webm, mkv, ogg, flac, wav, avi,
  mpegts,
  // font
  woff, woff2, ttf, otf,
  // text
  text, csv,
};
// clang-format on
inline constexpr std::size_t kFileTypeCount = static_cast<std::size_t>(FileType::csv) + 1;

enum class FileFamily : std::uint8_t {
  other,
  executable,
  archive,
  document,
  script,
  web,
  media,
  font,
  text,
};

std::string_view file_type_name(FileType type);  // "pe", "7z", "class", ...; "unknown"
std::optional<FileType> file_type_from_name(std::string_view name);
std::string_view family_name(FileFamily family);
std::optional<FileFamily> family_from_name(std::string_view name);
FileFamily family_of(FileType type);
// Whether a file of this type can carry something that runs when it is opened. True for what is
// not known.
bool carries_code(FileType type);

// By structure, from the first bytes (4 KiB are enough for all but iso, which needs 33 KiB).
// Containers are told by their first entries, text by what browsers look for. An empty view is
// `empty`, whatever fits nothing is `unknown`.
FileType type_by_magic(ByteView head);

// "report.PDF", ".pdf" or "pdf"; unknown for no or an unknown extension.
FileType type_by_extension(std::string_view file_name);

// A media type, parameters allowed: "text/html; charset=utf-8".
FileType type_by_mime(std::string_view media_type);

}  // namespace weir
