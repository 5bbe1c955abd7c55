#include "inspect/formats/zip_structure.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/cursor.h"
#include "core/text_type.h"
#include "inspect/formats/archive_names.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/zip_structure_layout.h"
#include "inspect/formats/zip_structure_records.h"

namespace weir {
namespace {

// What libarchive 3.6 unpacks; 9 (deflate64), 97 (WavPack), 96 (JPEG) and others it does not.
constexpr std::array<std::uint16_t, 7> kReadMethods{0, 8, 12, 14, 93, 95, 98};
constexpr std::uint16_t kExtraUnicodePath = 0x7075;
constexpr std::uint32_t kUnset32 = 0xffffffff;

bool is_unknown_size(std::uint64_t size) { return size == 0 || size == kUnset32; }

char plain_separator(char c) { return c == '\\' ? '/' : c; }

bool has_high_byte(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string_view extension_of(std::string_view name) {
  const auto dot = name.find_last_of("./\\");
  return dot == name.npos || name[dot] != '.' ? std::string_view() : name.substr(dot);
}

// Writers encode names of other alphabets in the two headers differently; then what counts is that
// they cannot stand for another kind of file.
bool same_name(std::string_view a, std::string_view b) {
  if (std::ranges::equal(a, b, {}, plain_separator, plain_separator)) return true;
  return (has_high_byte(a) || has_high_byte(b)) && extension_of(a) == extension_of(b);
}

class ZipReader {
 public:
  ZipReader(ByteView file, std::uint64_t most) : file_(file), most_entries_(most) {}

  ZipStructure read() {
    const bool begins = begins_with(ZipSignature::kLocal);
    const bool first_disk = begins_with(ZipSignature::kDescriptor) &&
                            Cursor(file_.subspan(4)).u32le() == ZipSignature::kLocal;
    const ZipPlace place = find_zip_directory(file_, begins);
    result_.is_zip = begins || first_disk || place.kind != ZipPlace::Kind::none;
    if (!result_.is_zip) return std::move(result_);
    if (first_disk && place.kind != ZipPlace::Kind::whole) {
      problem(Reason::multi_volume, "zip-volume");
    } else {
      read_from(place);
    }
    report_encryption();
    std::ranges::sort(result_.problems, {}, rank);
    return std::move(result_);
  }

 private:
  // What a person can do something about comes first.
  static int rank(const Remark& problem) {
    constexpr std::array kOrder{Reason::encrypted,    Reason::partly_encrypted,
                                Reason::multi_volume, Reason::truncated,
                                Reason::unsupported,  Reason::parsers_disagree};
    return static_cast<int>(std::ranges::find(kOrder, problem.reason) - kOrder.begin());
  }

  bool begins_with(std::uint32_t signature) const { return Cursor(file_).u32le() == signature; }

  void problem(Reason reason, std::string_view name, std::string detail = {}) {
    if (result_.problems.size() >= Remarks::kMost) return;
    if (std::ranges::find(result_.problems, name, &Remark::name) == result_.problems.end()) {
      result_.problems.push_back({reason, std::string(name), std::move(detail), 0});
    }
  }
  void differ(std::string_view name, ByteView where = {}) {
    problem(Reason::parsers_disagree, name, shown_member_name(as_text(where)));
  }

  void read_from(const ZipPlace& place) {
    switch (place.kind) {
      case ZipPlace::Kind::none: return read_without_directory();
      case ZipPlace::Kind::several: return problem(Reason::multi_volume, "zip-volume");
      case ZipPlace::Kind::sealed: return problem(Reason::encrypted, "zip-encrypted-directory");
      case ZipPlace::Kind::lost:
        return problem(Reason::corrupt, "zip-corrupt", "no directory among many end records");
      case ZipPlace::Kind::whole: break;
    }
    if (place.two_directories) differ("zip-two-directories");
    if (place.two_answers) differ("zip-two-end-records");
    read_entries(place);
    report_names();
    if (complete_) check_layout(place);
  }

  // The archive's end is missing; its first local headers are there.
  void read_without_directory() {
    Cursor in(file_);
    for (std::uint64_t i = 0; i < most_entries_; ++i) {
      const auto local = read_zip_local(in);
      if (!local) break;
      const bool later = local->has(ZipFlag::kDescriptor) && local->size == 0;
      if (later || !local->is_empty()) count(*local);
      const bool known = local->sizes_known && (local->packed != 0 || local->size == 0);
      if (!known || (local->has(ZipFlag::kDescriptor) && local->packed == 0)) {
        return problem(Reason::truncated, "zip-truncated");
      }
      in.skip(local->packed);
      if (local->has(ZipFlag::kDescriptor)) skip_descriptor(in);
    }
    const bool strange = in.remaining() >= 4 && as_text(in.peek(2)) != "PK" && result_.files > 0;
    problem(strange ? Reason::corrupt : Reason::truncated,
            strange ? "zip-corrupt" : "zip-truncated", "no central directory");
  }

  static void skip_descriptor(Cursor& in) {
    const bool marked = Cursor(in.peek(4)).u32le() == ZipSignature::kDescriptor;
    in.skip(marked ? 16 : 12);
  }

  void read_entries(const ZipPlace& place) {
    Cursor in(file_.first(place.end.directory_end));
    in.seek(place.directory);
    shift_ = place.shift;
    std::uint64_t count = 0;
    while (Cursor(in.peek(4)).u32le() == ZipSignature::kEntry) {
      if (count == most_entries_) {
        return problem(Reason::too_many, "zip-too-many", std::to_string(count) + " entries");
      }
      const auto entry = read_zip_entry(in);
      if (!entry) return problem(Reason::corrupt, "zip-corrupt", "directory is cut short");
      if (count++ == 0) choose_shift(*entry);
      judge(*entry);
    }
    complete_ = extents_.size() == count;
    check_count(place.end, count);
  }

  // Old writers count to 65,535 and begin again.
  void check_count(const ZipEnd& end, std::uint64_t count) {
    const bool narrow = end.directory_end == end.at;
    if (count == end.entries || (narrow && count % 65536 == end.entries % 65536)) return;
    if (narrow && end.entries == 0xffff && count > end.entries) return;
    if (count > end.entries) return differ("zip-more-entries");
    problem(Reason::corrupt, "zip-corrupt", "directory is cut short");
  }

  // Offsets may count what is before the archive although the directory's own does not.
  void choose_shift(const ZipEntry& first) {
    const auto is_local = [&](std::uint64_t at) {
      return at < file_.size() && Cursor(file_.subspan(at)).u32le() == ZipSignature::kLocal;
    };
    if (!is_local(first.local + shift_) && is_local(first.local)) shift_ = 0;
  }

  void count(const ZipEntry& entry) {
    if (entry.is_directory()) return;
    ++result_.files;
    const ZipEncryption encryption = zip_encryption(entry);
    if (encryption.word.empty()) return judge_method(entry);
    ++result_.encrypted;
    if (encryption_.word.empty()) encryption_ = encryption;
  }

  void judge_method(const ZipEntry& entry) {
    if (entry.method == ZipMethod::kStored || entry.method == ZipMethod::kDeflated) return;
    result_.common_methods = false;
    if (std::ranges::find(kReadMethods, entry.method) != kReadMethods.end()) return;
    problem(Reason::unsupported, "zip-method-" + std::to_string(entry.method),
            shown_member_name(as_text(entry.name)));
  }

  void judge(const ZipEntry& entry) {
    if (!entry.is_empty()) count(entry);
    const std::string_view name = as_text(entry.name);
    examine_member_name(name, result_.signs);
    if (!entry.is_directory()) {
      names_.emplace_back(std::hash<std::string_view>()(name), entry.size << 32 ^ entry.crc);
    }
    look_at_unicode_name(entry);
    compare_with_local(entry);
  }

  void look_at_unicode_name(const ZipEntry& entry) {
    const auto field = zip_extra(entry.extra, kExtraUnicodePath);
    if (!field || field->size() < 6) return;
    const std::string_view other = as_text(field->subspan(5));
    if (same_name(as_text(entry.name), other) || has_high_byte(other)) return;
    if (extension_of(other) == extension_of(as_text(entry.name))) return;
    result_.signs.sign("zip-unicode-name", 20, shown_member_name(other));
  }

  void compare_with_local(const ZipEntry& entry) {
    const std::uint64_t at = entry.local + shift_;
    Cursor in(file_);
    in.seek(at < entry.local ? file_.size() : at);
    const auto local = read_zip_local(in);
    const std::uint64_t data = in.position();
    in.skip(entry.packed);
    if (!local || in.failed()) {
      const bool beyond = at >= file_.size() || local;
      return problem(Reason::corrupt, "zip-corrupt",
                     beyond ? "an entry is cut short" : "an entry is not where it should be");
    }
    extents_.push_back({at, data + entry.packed,
                        entry.has(ZipFlag::kDescriptor) || local->has(ZipFlag::kDescriptor)});
    compare(entry, *local);
  }

  void compare(const ZipEntry& entry, const ZipEntry& local) {
    const bool masked = local.has(ZipFlag::kMasked);
    if (!masked && !same_name(as_text(entry.name), as_text(local.name))) {
      differ("zip-local-name", local.name);
    }
    if (entry.is_empty() && is_unknown_size(local.packed)) return;
    if (entry.method != local.method) differ("zip-local-method", entry.name);
    if (((entry.flags ^ local.flags) & ZipFlag::kEncrypted) != 0) {
      differ("zip-local-encryption", entry.name);
    }
    if (!masked) compare_sizes(entry, local);
  }

  // Without sizes of its own a local header says nothing else, with or without the flag for it. A
  // reader that trusts another packed size reads other bytes; one that trusts another size cuts.
  void compare_sizes(const ZipEntry& entry, const ZipEntry& local) {
    if (!local.sizes_known || is_unknown_size(local.packed)) return;
    if (entry.packed != local.packed || (entry.size != local.size && local.size != 0)) {
      return differ("zip-local-size", entry.name);
    }
    if (local.crc != 0 && entry.crc != 0 && entry.crc != local.crc) {
      result_.signs.sign("zip-local-checksum", 5, shown_member_name(as_text(entry.name)));
    }
  }

  // Which of two is unpacked depends on the reader. The same content twice is harmless.
  void report_names() {
    std::ranges::sort(names_);
    const auto twice = std::ranges::adjacent_find(names_, [](const auto& a, const auto& b) {
      return a.first == b.first && a.second != b.second;
    });
    if (twice != names_.end()) result_.signs.sign("zip-duplicate-name", 10);
  }

  void check_layout(const ZipPlace& place) {
    const ZipLayout layout = check_zip_layout(file_, extents_, place);
    if (layout.overlap) differ("zip-overlap");
    if (layout.second_directory) differ("zip-two-directories");
    if (layout.hidden_entry) differ("zip-hidden-entry");
    if (layout.prepended) result_.signs.sign("zip-prepended-data", 5);
    if (layout.trailing) result_.signs.sign("zip-trailing-data", 5);
  }

  void report_encryption() {
    if (result_.encrypted == 0) return;
    const ArchiveTally tally{result_.files, result_.encrypted};
    std::string detail(encryption_.algorithm);
    if (!tally.all()) detail += (detail.empty() ? "" : ", ") + tally.text();
    problem(tally.all() ? Reason::encrypted : Reason::partly_encrypted, encryption_.word, detail);
  }

  ByteView file_;
  std::uint64_t most_entries_, shift_ = 0;
  bool complete_ = false;  // where every entry lies is known
  ZipStructure result_;
  ZipEncryption encryption_;
  std::vector<ZipExtent> extents_;
  std::vector<std::pair<std::size_t, std::uint64_t>> names_;  // hash, and what tells contents apart
};

constexpr std::uint64_t kMostExamined = 1U << 20;

}  // namespace

ZipStructure read_zip_structure(ByteView file, std::uint64_t most_entries) {
  return ZipReader(file, most_entries).read();
}

void examine_zip(const Subject& file, Remarks& remarks) {
  const ZipStructure zip = read_zip_structure(file.bytes, kMostExamined);
  for (const Remark& one : zip.problems) remarks.unseen(one.reason, one.name, one.detail);
  for (const Remark& one : zip.signs.all()) remarks.sign(one.name, one.score, one.detail);
}

}  // namespace weir
