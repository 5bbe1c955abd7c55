#include "inspect/worker/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace weir {
namespace {

void allow(archive* reader, ArchiveKinds kinds) {
  archive_read_support_format_zip(reader);
  if (kinds == ArchiveKinds::zip) return;
  archive_read_support_format_7zip(reader);
  archive_read_support_format_rar(reader);
  archive_read_support_format_rar5(reader);
  archive_read_support_format_cab(reader);
  if (kinds == ArchiveKinds::inside_program) return;
  archive_read_support_format_tar(reader);
  archive_read_support_format_cpio(reader);
  archive_read_support_format_ar(reader);
  archive_read_support_format_iso9660(reader);
  archive_read_support_format_lha(reader);
  archive_read_support_format_xar(reader);
  archive_read_support_format_raw(reader);    // one compressed file
  archive_read_support_format_empty(reader);  // … of no bytes
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_lzip(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_filter_compress(reader);
  archive_read_support_filter_rpm(reader);
}

struct ErrorRow {
  std::string_view word;  // in libarchive's message, lower case
  Reason reason;
};
constexpr std::array kErrors{
    ErrorRow{"ncrypt", Reason::encrypted},
    ErrorRow{"passphrase", Reason::encrypted},
    ErrorRow{"volume", Reason::multi_volume},
    ErrorRow{"multi-part", Reason::multi_volume},
    ErrorRow{"unsupported", Reason::unsupported},
    ErrorRow{"not supported", Reason::unsupported},
    ErrorRow{"unknown compress", Reason::unsupported},
    ErrorRow{"unrecognized", Reason::none},
    ErrorRow{"allocate", Reason::too_large},
    ErrorRow{"memory", Reason::too_large},
};

Reason reason_of(archive* reader) {
  if (archive_errno(reader) == ENOMEM) return Reason::too_large;
  const char* raw = archive_error_string(reader);
  std::string text = raw == nullptr ? "" : raw;
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const ErrorRow& row : kErrors) {
    if (text.find(row.word) != std::string::npos) return row.reason;
  }
  return Reason::corrupt;
}

Member member_of(archive_entry* entry) {
  Member member;
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  member.name = name == nullptr ? "?" : name;
  const bool link =
      archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
  member.file =
      !link && (archive_entry_filetype(entry) == AE_IFREG || archive_entry_filetype(entry) == 0);
  member.encrypted = archive_entry_is_encrypted(entry) != 0;
  return member;
}

bool is_format(archive* reader, int format) {
  return (archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK) == format;
}

}  // namespace

void ArchiveReader::Free::operator()(archive* reader) const { archive_read_free(reader); }

std::unique_ptr<ArchiveReader> ArchiveReader::open(ByteView file, ArchiveKinds kinds,
                                                   std::span<const std::string> passwords,
                                                   Reason& problem) {
  problem = Reason::none;
  std::unique_ptr<ArchiveReader> made(new ArchiveReader(archive_read_new()));
  archive* reader = made->reader_.get();
  if (reader == nullptr) {
    problem = Reason::too_large;
    return nullptr;
  }
  allow(reader, kinds);
  for (const std::string& password : passwords) {
    archive_read_add_passphrase(reader, password.c_str());
  }
  if (archive_read_open_memory(reader, file.data(), file.size()) != ARCHIVE_OK) {
    problem = reason_of(reader);
    return nullptr;
  }
  made->first_ = made->next();
  if (!made->first_) {
    problem = made->problem_;
    if (problem != Reason::none || archive_format(reader) == 0) return nullptr;
  }
  // A decompressor that fails at once leaves nothing either, but says so.
  const bool empty = is_format(reader, ARCHIVE_FORMAT_EMPTY);
  if (empty && archive_errno(reader) != 0) {
    problem = reason_of(reader);
    return nullptr;
  }
  // Every file is "raw"; only what came through a decompressor is a container.
  const bool plain = is_format(reader, ARCHIVE_FORMAT_RAW) || empty;
  if (plain && archive_filter_count(reader) <= 1) return nullptr;
  return made;
}

Reason ArchiveReader::failed(int code) {
  const Reason reason = reason_of(reader_.get());
  if (code == ARCHIVE_FATAL) over_ = true;
  if (problem_ == Reason::none) problem_ = reason;
  return reason;
}

std::optional<Member> ArchiveReader::next() {
  if (first_) return std::exchange(first_, std::nullopt);
  if (over_) return std::nullopt;
  member_problem_ = Reason::none;
  const int code = archive_read_next_header(reader_.get(), &entry_);
  if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return member_of(entry_);
  over_ = true;
  if (code != ARCHIVE_EOF) failed(ARCHIVE_FATAL);
  return std::nullopt;
}

ByteView ArchiveReader::read() {
  constexpr std::size_t kPiece = 64 * 1024;
  if (over_ || member_problem_ != Reason::none) return {};
  piece_.resize(kPiece);
  const la_ssize_t size = archive_read_data(reader_.get(), piece_.data(), piece_.size());
  if (size >= 0) return ByteView(piece_).first(static_cast<std::size_t>(size));
  if (size == ARCHIVE_RETRY || size == ARCHIVE_WARN) {
    member_problem_ = failed(ARCHIVE_WARN);  // what is missing is not known
  } else {
    member_problem_ = failed(static_cast<int>(size));
  }
  return {};
}

std::string ArchiveReader::format_word() const {
  archive* reader = reader_.get();
  const int format = archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK;
  std::string word;
  switch (format) {
    case ARCHIVE_FORMAT_ZIP: word = "zip"; break;
    case ARCHIVE_FORMAT_7ZIP: word = "7z"; break;
    case ARCHIVE_FORMAT_RAR:
    case ARCHIVE_FORMAT_RAR_V5: word = "rar"; break;
    case ARCHIVE_FORMAT_TAR: word = "tar"; break;
    case ARCHIVE_FORMAT_CPIO: word = "cpio"; break;
    case ARCHIVE_FORMAT_AR: word = "ar"; break;
    case ARCHIVE_FORMAT_ISO9660: word = "iso"; break;
    case ARCHIVE_FORMAT_CAB: word = "cab"; break;
    case ARCHIVE_FORMAT_LHA: word = "lha"; break;
    case ARCHIVE_FORMAT_XAR: word = "xar"; break;
    default: break;
  }
  for (int i = 0; i + 1 < archive_filter_count(reader); ++i) {
    if (!word.empty()) word += "+";
    word += archive_filter_name(reader, i);
  }
  return word.empty() ? "archive" : word;
}

bool ArchiveReader::is_zip() const {
  return (archive_format(reader_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

bool ArchiveReader::unpacked_by_clamav() const {
  archive* reader = reader_.get();
  const int format = archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK;
  if (format != ARCHIVE_FORMAT_TAR && format != ARCHIVE_FORMAT_RAW) return false;
  for (int i = 0; i + 1 < archive_filter_count(reader); ++i) {
    const int filter = archive_filter_code(reader, i);
    const bool usual = filter == ARCHIVE_FILTER_GZIP || filter == ARCHIVE_FILTER_BZIP2 ||
                       filter == ARCHIVE_FILTER_XZ;
    if (!usual) return false;
  }
  return true;
}

}  // namespace weir
