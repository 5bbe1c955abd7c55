// type_by_magic: which structure the first bytes of a file have. Fixed signatures first, then those
// that need a look inside, then text as browsers see it (WHATWG MIME Sniffing, sections 6 and 7).
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "core/cursor.h"
#include "core/file_type.h"
#include "core/text_type.h"

namespace weir {
namespace {

using enum FileType;
using namespace std::string_view_literals;

struct Signature {
  FileType type;
  std::size_t offset;
  std::string_view bytes;
};

constexpr Signature kSignatures[] = {
    {elf, 0,
     "\x7f"
     "ELF"sv},
    {dex, 0, "dex\n0"sv},
    {wasm, 0, "\0asm"sv},
    {rpm, 0, "\xed\xab\xee\xdb"sv},
    {deb, 0, "!<arch>\ndebian"sv},
    {ar, 0, "!<arch>\n"sv},
    {lnk, 0, "L\0\0\0\x01\x14\x02\0"sv},
    {chm, 0, "ITSF"sv},
    {seven_zip, 0, "7z\xbc\xaf\x27\x1c"sv},
    {rar, 0, "Rar!\x1a\x07"sv},
    {gzip, 0, "\x1f\x8b"sv},
    {compress, 0, "\x1f\x9d"sv},
    {lzip, 0, "LZIP"sv},
    {xz, 0,
     "\xfd"
     "7zXZ\0"sv},
    {zstd, 0, "\x28\xb5\x2f\xfd"sv},
    {lz4, 0, "\x04\x22\x4d\x18"sv},
    {cab, 0, "MSCF\0\0\0\0"sv},
    {arj, 0, "\x60\xea"sv},
    {cpio, 0, "070701"sv},
    {cpio, 0, "070702"sv},
    {cpio, 0, "070707"sv},
    {vhd, 0, "conectix"sv},
    {vhdx, 0, "vhdxfile"sv},
    {ole, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv},
    {onenote, 0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"sv},
    {rtf, 0, "{\\rt"sv},
    {pdf, 0, "%PDF-"sv},
    {png, 0, "\x89PNG\r\n\x1a\n"sv},
    {jpeg, 0, "\xff\xd8\xff"sv},
    {gif, 0, "GIF87a"sv},
    {gif, 0, "GIF89a"sv},
    {tiff, 0, "II*\0"sv},
    {tiff, 0, "MM\0*"sv},
    {mp3, 0, "ID3"sv},
    {ogg, 0, "OggS\0"sv},
    {flac, 0, "fLaC"sv},
    {woff, 0, "wOFF"sv},
    {woff2, 0, "wOF2"sv},
    {otf, 0, "OTTO"sv},
    {ttf, 0, "ttcf"sv},
    {ttf, 0, "\0\x01\0\0\0"sv},
};

// Looked for after all that starts at the start: an executable may hold these bytes as well.
constexpr Signature kLateSignatures[] = {
    {tar, 257, "ustar"sv},
    {iso, 32769, "CD001"sv},
    {iso, 32769, "BEA01"sv},
};

bool has_at(std::string_view head, std::size_t offset, std::string_view bytes) {
  return offset <= head.size() && head.substr(offset).starts_with(bytes);
}

FileType by_signature(std::string_view head, std::span<const Signature> signatures) {
  for (const Signature& one : signatures) {
    if (has_at(head, one.offset, one.bytes)) return one.type;
  }
  return unknown;
}

FileType early_signature(std::string_view head) { return by_signature(head, kSignatures); }
FileType late_signature(std::string_view head) { return by_signature(head, kLateSignatures); }

// cafebabe starts both; what follows is a version (45 and up) or a small number of architectures.
FileType class_or_macho(std::string_view head) {
  Cursor in(as_bytes(head));
  const std::uint32_t magic = in.u32be();
  if (magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe || magic == 0xcffaedfe) {
    return macho;
  }
  if (magic != 0xcafebabe && magic != 0xcafebabf) return unknown;
  constexpr std::uint32_t kFirstJavaVersion = 45;
  return magic == 0xcafebabe && in.u32be() >= kFirstJavaVersion ? java_class : macho;
}

// Executables that Windows runs start with MZ whatever follows: DOS programs count as well.
FileType pe_or_dos(std::string_view head) { return head.starts_with("MZ") ? pe : unknown; }

FileType flash(std::string_view head) {
  constexpr char kNewestVersion = 60;
  const bool signed_so =
      head.starts_with("FWS") || head.starts_with("CWS") || head.starts_with("ZWS");
  return signed_so && head.size() > 8 && head[3] > 0 && head[3] <= kNewestVersion ? swf : unknown;
}

FileType riff(std::string_view head) {
  if (!head.starts_with("RIFF")) return unknown;
  if (has_at(head, 8, "WEBP")) return webp;
  if (has_at(head, 8, "WAVE")) return wav;
  return has_at(head, 8, "AVI ") ? avi : unknown;
}

FileType iso_media(std::string_view head) {
  if (!has_at(head, 4, "ftyp")) {
    return has_at(head, 4, "moov") || has_at(head, 4, "styp") ? mp4 : unknown;
  }
  const std::string_view brand = head.substr(8, 4);
  if (brand == "avif" || brand == "avis") return avif;
  constexpr std::string_view kHeif[] = {"heic", "heix", "hevc", "mif1", "msf1", "heim"};
  return std::ranges::find(kHeif, brand) != std::end(kHeif) ? heif : mp4;
}

FileType matroska(std::string_view head) {
  if (!head.starts_with("\x1a\x45\xdf\xa3")) return unknown;
  return head.substr(0, 64).find("webm") != std::string_view::npos ? webm : mkv;
}

FileType bitmap(std::string_view head) {
  constexpr std::uint32_t kHeaderSizes[] = {12, 40, 52, 56, 64, 108, 124};
  Cursor in(as_bytes(head));
  if (in.u16be() != 0x424d) return unknown;
  in.seek(14);
  return std::ranges::find(kHeaderSizes, in.u32le()) != std::end(kHeaderSizes) ? bmp : unknown;
}

FileType icon(std::string_view head) {
  Cursor in(as_bytes(head));
  const bool starts = in.u16le() == 0;
  const std::uint16_t kind = in.u16le();
  const std::uint16_t count = in.u16le();
  in.skip(3);
  const bool reserved = in.u8() == 0;
  if (!starts || !reserved || in.failed()) return unknown;
  return (kind == 1 || kind == 2) && count > 0 && count < 256 ? ico : unknown;
}

FileType bzip(std::string_view head) {
  if (!head.starts_with("BZh") || head.size() < 10 || head[3] < '1' || head[3] > '9') {
    return unknown;
  }
  const bool block = has_at(head, 4, "\x31\x41\x59\x26\x53\x59");
  const bool end = has_at(head, 4, "\x17\x72\x45\x38\x50\x90");
  return block || end ? bzip2 : unknown;
}

FileType transport_stream(std::string_view head) {
  constexpr std::size_t kPacket = 188;
  const bool three = head.size() > 2 * kPacket && head[0] == 'G' && head[kPacket] == 'G' &&
                     head[2 * kPacket] == 'G';
  return three ? mpegts : unknown;
}

// The length of the MPEG audio frame whose header this is, or 0 (ISO 11172-3, layer III only).
std::size_t mp3_frame(std::uint32_t header) {
  constexpr std::array<unsigned, 16> kRates1 = {0,   32,  40,  48,  56,  64,  80,  96,
                                                112, 128, 160, 192, 224, 256, 320, 0};
  constexpr std::array<unsigned, 16> kRates2 = {0,  8,  16, 24,  32,  40,  48,  56,
                                                64, 80, 96, 112, 128, 144, 160, 0};
  constexpr std::array<unsigned, 4> kSampling = {44100, 48000, 32000, 0};
  const unsigned version = header >> 19 & 3;  // 3 is MPEG 1, 2 is 2, 0 is 2.5
  const unsigned rate = (version == 3 ? kRates1 : kRates2)[header >> 12 & 15];
  unsigned sampling = kSampling[header >> 10 & 3];
  if (header >> 21 != 0x7ff || version == 1 || (header >> 17 & 3) != 1) return 0;
  if (rate == 0 || sampling == 0) return 0;
  if (version != 3) sampling /= version == 2 ? 2 : 4;
  return (version == 3 ? 144U : 72U) * rate * 1000 / sampling + (header >> 9 & 1);
}

FileType mpeg_audio(std::string_view head) {
  Cursor in(as_bytes(head));
  const std::size_t first = mp3_frame(in.u32be());
  if (first == 0) return unknown;
  in.seek(first);
  return mp3_frame(in.u32be()) != 0 ? mp3 : unknown;
}

// What a ZIP is for, by the names of those entries whose local headers lie in the head. Scanning
// for the signature also works where sizes are in a data descriptor.
FileType zip_kind(std::string_view head) {
  constexpr std::string_view kLocal = "PK\x03\x04";
  if (!head.starts_with(kLocal)) {
    const bool bare = head.starts_with("PK\x05\x06") || head.starts_with("PK\x07\x08PK\x03\x04");
    return bare || head.starts_with("PK00PK\x03\x04") ? zip : unknown;
  }
  bool java = false;
  bool office = false;
  for (auto at = head.find(kLocal); at != std::string_view::npos; at = head.find(kLocal, at + 4)) {
    Cursor in(as_bytes(head.substr(at)));
    in.skip(26);
    const std::uint16_t name_size = in.u16le();
    in.skip(2);
    const std::string_view name = as_text(in.peek(name_size));
    if (name == "AndroidManifest.xml" || name == "classes.dex" || name == "resources.arsc") {
      return apk;
    }
    if (at == 0 && name.starts_with("mimetype")) {
      if (name_size != 8) continue;
      in.skip(8);
      const std::string_view mime = as_text(in.peek(64));
      if (mime.starts_with("application/epub+zip")) return epub;
      if (mime.starts_with("application/vnd.oasis.opendocument.")) return odf;
    }
    if (name == "[Content_Types].xml" || name == "_rels/.rels") office = true;
    if (name == "META-INF/" || name == "META-INF/MANIFEST.MF") java = true;
  }
  if (office) return ooxml;
  return java ? jar : zip;
}

// PDF readers take a header anywhere in the first kilobyte.
FileType late_pdf(std::string_view head) {
  return head.substr(0, 1024).find("%PDF-") != std::string_view::npos ? pdf : unknown;
}

using Probe = FileType (*)(std::string_view head);
constexpr Probe kProbes[] = {
    early_signature, zip_kind, pe_or_dos,  class_or_macho, flash, riff,
    iso_media,       matroska, bzip,       bitmap,         icon,  transport_stream,
    late_signature,  late_pdf, mpeg_audio, type_of_text,
};

}  // namespace

FileType type_by_magic(ByteView head) {
  if (head.empty()) return empty;
  const std::string_view bytes = as_text(head);
  for (const Probe probe : kProbes) {
    if (const FileType type = probe(bytes); type != unknown) return type;
  }
  return unknown;
}

}  // namespace weir
