#include "core/file_type.h"

#include <algorithm>
#include <array>

#include "core/http_message.h"

namespace weir {
namespace {

using enum FileType;
using Family = FileFamily;

struct Row {
  FileType type;
  std::string_view name;
  FileFamily family;
  bool carries_code;
  std::string_view extensions;   // space separated
  std::string_view media_types;  // space separated
};

// clang-format off
constexpr Row kTypes[] = {
  {unknown, "unknown", Family::other, true, "", "application/octet-stream"},
  {empty, "empty", Family::other, false, "", ""},

  {pe, "pe", Family::executable, true, "exe dll sys scr com cpl ocx drv efi mui pif",
   "application/vnd.microsoft.portable-executable application/x-msdownload application/x-dosexec application/x-msdos-program application/exe application/x-exe"},
  {elf, "elf", Family::executable, true, "elf so o ko axf",
   "application/x-executable application/x-elf application/x-sharedlib application/x-pie-executable"},
  {macho, "macho", Family::executable, true, "dylib macho", "application/x-mach-binary"},
  {dex, "dex", Family::executable, true, "dex", "application/vnd.android.dex"},
  {java_class, "class", Family::executable, true, "class", "application/java-vm application/x-java-applet"},
  {jar, "jar", Family::executable, true, "jar war ear", "application/java-archive application/x-java-archive"},
  {apk, "apk", Family::executable, true, "apk", "application/vnd.android.package-archive"},
  {wasm, "wasm", Family::executable, true, "wasm", "application/wasm"},
  {swf, "swf", Family::executable, true, "swf", "application/x-shockwave-flash application/vnd.adobe.flash.movie"},
  {deb, "deb", Family::executable, true, "deb udeb", "application/vnd.debian.binary-package application/x-debian-package"},
  {rpm, "rpm", Family::executable, true, "rpm", "application/x-rpm"},
  {lnk, "lnk", Family::executable, true, "lnk", "application/x-ms-shortcut"},
  {chm, "chm", Family::executable, true, "chm", "application/vnd.ms-htmlhelp"},

  {zip, "zip", Family::archive, true, "zip zipx crx xpi nupkg vsix appx msix",
   "application/zip application/x-zip-compressed application/x-chrome-extension"},
  {seven_zip, "7z", Family::archive, true, "7z", "application/x-7z-compressed"},
  {rar, "rar", Family::archive, true, "rar r00", "application/vnd.rar application/x-rar-compressed application/x-rar"},
  {tar, "tar", Family::archive, true, "tar", "application/x-tar"},
  {gzip, "gzip", Family::archive, true, "gz tgz", "application/gzip application/x-gzip"},
  {bzip2, "bzip2", Family::archive, true, "bz2 tbz2 bz", "application/x-bzip2 application/x-bzip"},
  {xz, "xz", Family::archive, true, "xz txz", "application/x-xz"},
  {zstd, "zstd", Family::archive, true, "zst tzst", "application/zstd"},
  {lz4, "lz4", Family::archive, true, "lz4", "application/x-lz4"},
  {cab, "cab", Family::archive, true, "cab", "application/vnd.ms-cab-compressed"},
  {iso, "iso", Family::archive, true, "iso udf", "application/x-iso9660-image"},
  {vhd, "vhd", Family::archive, true, "vhd", "application/x-vhd"},
  {vhdx, "vhdx", Family::archive, true, "vhdx", "application/x-vhdx"},
  {dmg, "dmg", Family::archive, true, "dmg", "application/x-apple-diskimage"},
  {arj, "arj", Family::archive, true, "arj", "application/x-arj"},
  {ar, "ar", Family::archive, true, "ar a", "application/x-archive"},
  {cpio, "cpio", Family::archive, true, "cpio", "application/x-cpio"},
  {compress, "compress", Family::archive, true, "z", "application/x-compress"},
  {lzip, "lzip", Family::archive, true, "lz", "application/x-lzip application/lzip"},

  {ole, "ole", Family::document, true, "doc dot xls xlt xla ppt pps pot msi msp msg pub vsd",
   "application/msword application/vnd.ms-excel application/vnd.ms-powerpoint application/x-msi application/vnd.ms-outlook application/x-ole-storage application/vnd.visio"},
  {ooxml, "ooxml", Family::document, true,
   "docx docm dotx dotm xlsx xlsm xltx xltm xlam xlsb pptx pptm potx potm ppsx ppsm ppam vsdx",
   "application/vnd.openxmlformats-officedocument.wordprocessingml.document application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/vnd.openxmlformats-officedocument.presentationml.presentation application/vnd.ms-word.document.macroenabled.12 application/vnd.ms-excel.sheet.macroenabled.12 application/vnd.ms-powerpoint.presentation.macroenabled.12"},
  {odf, "odf", Family::document, true, "odt ods odp odg ott ots otp odb",
   "application/vnd.oasis.opendocument.text application/vnd.oasis.opendocument.spreadsheet application/vnd.oasis.opendocument.presentation application/vnd.oasis.opendocument.graphics"},
  {epub, "epub", Family::document, true, "epub", "application/epub+zip"},
  {pdf, "pdf", Family::document, true, "pdf", "application/pdf application/x-pdf"},
  {rtf, "rtf", Family::document, true, "rtf", "application/rtf text/rtf"},
  {onenote, "onenote", Family::document, true, "one onepkg onetoc2", "application/onenote application/msonenote"},
  {eml, "eml", Family::document, true, "eml mht mhtml", "message/rfc822 multipart/related"},

  {shell, "shell", Family::script, true, "sh bash zsh ksh command", "application/x-sh text/x-shellscript application/x-shellscript"},
  {python, "python", Family::script, true, "py pyw", "text/x-python application/x-python-code"},
  {powershell, "powershell", Family::script, true, "ps1 psm1 psd1", "application/x-powershell"},
  {batch, "batch", Family::script, true, "bat cmd", "application/x-bat application/bat"},
  {vbscript, "vbscript", Family::script, true, "vbs vbe vb wsf wsc", "text/vbscript application/x-vbscript"},
  {hta, "hta", Family::script, true, "hta", "application/hta"},
  {perl, "perl", Family::script, true, "pl pm", "text/x-perl application/x-perl"},
  {ruby, "ruby", Family::script, true, "rb", "text/x-ruby application/x-ruby"},
  {php, "php", Family::script, true, "php phtml phar", "application/x-httpd-php text/x-php"},

  {html, "html", Family::web, true, "html htm xhtml shtml", "text/html application/xhtml+xml"},
  {javascript, "javascript", Family::web, true, "js mjs cjs jse",
   "text/javascript application/javascript application/x-javascript application/ecmascript text/ecmascript"},
  {css, "css", Family::web, false, "css", "text/css"},
  {json, "json", Family::web, false, "json map geojson", "application/json text/json application/ld+json application/manifest+json"},
  {xml, "xml", Family::web, true, "xml xsl xslt rss atom", "application/xml text/xml application/rss+xml application/atom+xml"},
  {svg, "svg", Family::web, true, "svg", "image/svg+xml"},

  {png, "png", Family::media, false, "png apng", "image/png image/apng"},
  {jpeg, "jpeg", Family::media, false, "jpg jpeg jpe jfif", "image/jpeg image/jpg image/pjpeg"},
  {gif, "gif", Family::media, false, "gif", "image/gif"},
  {webp, "webp", Family::media, false, "webp", "image/webp"},
  {bmp, "bmp", Family::media, false, "bmp dib", "image/bmp image/x-ms-bmp"},
  {ico, "ico", Family::media, false, "ico cur", "image/x-icon image/vnd.microsoft.icon"},
  {avif, "avif", Family::media, false, "avif", "image/avif"},
  {heif, "heif", Family::media, false, "heic heif", "image/heic image/heif"},
  {tiff, "tiff", Family::media, false, "tif tiff", "image/tiff"},
  {mp3, "mp3", Family::media, false, "mp3", "audio/mpeg audio/mp3"},
  {mp4, "mp4", Family::media, false, "mp4 m4v m4a m4s mov 3gp", "video/mp4 audio/mp4 video/quicktime audio/x-m4a video/3gpp"},
  {webm, "webm", Family::media, false, "webm weba", "video/webm audio/webm"},
  {mkv, "mkv", Family::media, false, "mkv mka", "video/x-matroska audio/x-matroska"},
  {ogg, "ogg", Family::media, false, "ogg ogv oga opus", "audio/ogg video/ogg application/ogg audio/opus"},
  {flac, "flac", Family::media, false, "flac", "audio/flac audio/x-flac"},
  {wav, "wav", Family::media, false, "wav", "audio/wav audio/x-wav audio/wave"},
  {avi, "avi", Family::media, false, "avi", "video/x-msvideo video/avi"},
  {mpegts, "mpegts", Family::media, false, "ts m2ts mts", "video/mp2t"},

  {woff, "woff", Family::font, false, "woff", "font/woff application/font-woff"},
  {woff2, "woff2", Family::font, false, "woff2", "font/woff2"},
  {ttf, "ttf", Family::font, false, "ttf ttc", "font/ttf font/collection application/x-font-ttf"},
  {otf, "otf", Family::font, false, "otf", "font/otf application/x-font-opentype"},

  {text, "text", Family::text, false, "txt log md ini conf yaml yml", "text/plain text/markdown text/yaml"},
  {csv, "csv", Family::text, false, "csv tsv", "text/csv text/tab-separated-values"},
};
// clang-format on

// The table is indexed by the enumerator.
static_assert(std::size(kTypes) == kFileTypeCount);
static_assert([] {
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (static_cast<std::size_t>(kTypes[i].type) != i) return false;
  }
  return true;
}());

constexpr std::array<std::string_view, 9> kFamilies = {
    "other", "executable", "archive", "document", "script", "web", "media", "font", "text"};
static_assert(kFamilies[static_cast<std::size_t>(Family::text)] == "text");

const Row& row_of(FileType type) {
  const auto index = static_cast<std::size_t>(type);
  return kTypes[index < kFileTypeCount ? index : 0];
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    if (space == std::string_view::npos) return false;
    words.remove_prefix(space + 1);
  }
  return false;
}

FileType first_with(std::string_view Row::* words, std::string_view word) {
  if (word.empty()) return unknown;
  const auto found =
      std::ranges::find_if(kTypes, [&](const Row& row) { return has_word(row.*words, word); });
  return found == std::end(kTypes) ? unknown : found->type;
}

}  // namespace

std::string_view file_type_name(FileType type) { return row_of(type).name; }

std::optional<FileType> file_type_from_name(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &Row::name);
  if (found == std::end(kTypes)) return std::nullopt;
  return found->type;
}

std::string_view family_name(FileFamily family) {
  const auto index = static_cast<std::size_t>(family);
  return index < kFamilies.size() ? kFamilies[index] : kFamilies[0];
}

std::optional<FileFamily> family_from_name(std::string_view name) {
  const auto found = std::ranges::find(kFamilies, name);
  if (found == kFamilies.end()) return std::nullopt;
  return static_cast<FileFamily>(found - kFamilies.begin());
}

FileFamily family_of(FileType type) { return row_of(type).family; }

bool carries_code(FileType type) { return row_of(type).carries_code; }

FileType type_by_extension(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  const std::string_view extension =
      dot == std::string_view::npos ? file_name : file_name.substr(dot + 1);
  constexpr std::size_t kLongest = 16;
  if (extension.size() > kLongest) return unknown;
  return first_with(&Row::extensions, to_lower(extension));
}

FileType type_by_mime(std::string_view media_type) {
  const std::string_view essence = trim(media_type.substr(0, media_type.find(';')));
  return first_with(&Row::media_types, to_lower(essence));
}

}  // namespace weir
