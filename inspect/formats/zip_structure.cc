#include "inspect/formats/zip_structure.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50, kEntrySignature = 0x02014b50,
                        kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                        kLocator64Signature = 0x07064b50, kDescriptorSignature = 0x08074b50;
constexpr std::size_t kEndBytes = 22, kLocator64Bytes = 20;
constexpr std::size_t kMostEnds = 64;
constexpr std::uint32_t kUnset32 = 0xffffffff;
constexpr std::uint16_t kUnset16 = 0xffff;
constexpr std::uint16_t kFlagEncrypted = 1U << 0, kFlagDescriptor = 1U << 3, kFlagStrong = 1U << 6,
                        kFlagMasked = 1U << 13;
constexpr std::uint16_t kExtraZip64 = 0x0001, kExtraStrong = 0x0017, kExtraAes = 0x9901;
constexpr std::uint16_t kMethodStored = 0, kMethodDeflated = 8, kMethodAes = 99;

struct Directory {
  std::uint64_t at = 0;      // of the end record
  std::uint64_t offset = 0;  // of the first entry, in this file
  std::uint64_t entries = 0;
  std::uint64_t shift = 0;  // bytes before the archive that its offsets do not count
  bool several_disks = false;
};

struct Entry {
  std::uint16_t flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0, local = 0;
  ByteView name, extra;
};

struct Extent {
  std::uint64_t begin = 0, end = 0;
  bool descriptor = false;
};

// The extra field of this id, or nothing (APPNOTE 4.5).
std::optional<ByteView> extra_field(ByteView extra, std::uint16_t wanted) {
  Cursor in(extra);
  while (in.remaining() >= 4) {
    const std::uint16_t id = in.u16le();
    const ByteView body = in.take(in.u16le());
    if (in.failed()) return std::nullopt;
    if (id == wanted) return body;
  }
  return std::nullopt;
}

// Fields that do not fit have their true value in the extra field, in this order (4.5.3).
bool widen(Entry& entry, bool with_local) {
  const bool wide =
      entry.size == kUnset32 || entry.packed == kUnset32 || (with_local && entry.local == kUnset32);
  const auto field = extra_field(entry.extra, kExtraZip64);
  if (!wide || !field) return !wide;
  Cursor in(*field);
  if (entry.size == kUnset32) entry.size = in.u64le();
  if (entry.packed == kUnset32) entry.packed = in.u64le();
  if (with_local && entry.local == kUnset32) entry.local = in.u64le();
  return in.ok();
}

std::string_view encryption_word(const Entry& entry) {
  if ((entry.flags & kFlagMasked) != 0) return "zip-masked";
  if (const auto aes = extra_field(entry.extra, kExtraAes); aes || entry.method == kMethodAes) {
    constexpr std::array<std::string_view, 4> kStrengths{"zip-aes", "zip-aes128", "zip-aes192",
                                                         "zip-aes256"};
    const std::size_t strength = aes && aes->size() >= 5 ? (*aes)[4] : 0;
    return kStrengths[strength < kStrengths.size() ? strength : 0];
  }
  if ((entry.flags & kFlagStrong) != 0 || extra_field(entry.extra, kExtraStrong)) {
    return "zip-strong";
  }
  return (entry.flags & kFlagEncrypted) != 0 ? "zip-traditional" : "";
}

class ZipReader {
 public:
  ZipReader(ByteView file, std::uint64_t most) : file_(file), most_entries_(most) {}

  ZipStructure read() {
    const bool begins = Cursor(file_).u32le() == kLocalSignature;
    const auto directory = find_directory();
    result_.is_zip = begins || directory;
    if (!result_.is_zip) return std::move(result_);
    if (!directory) {
      problem(Reason::corrupt, "zip: no central directory");
    } else if (directory->several_disks) {
      problem(Reason::multi_volume, "zip: one of several volumes");
    } else {
      read_entries(*directory);
    }
    report_encryption();
    return std::move(result_);
  }

 private:
  void problem(Reason reason, std::string name) {
    const auto same = [&](const ZipProblem& p) { return p.reason == reason && p.name == name; };
    if (std::ranges::none_of(result_.problems, same)) {
      result_.problems.push_back({reason, std::move(name)});
    }
  }
  void differ(std::string_view what) {
    problem(Reason::parsers_disagree, "zip: " + std::string(what));
  }

  // The last end record whose directory is where it says. Others may belong to archives stored in
  // this one; outside of all entries they are for another kind of reader.
  std::optional<Directory> find_directory() {
    std::optional<Directory> found;
    if (file_.size() < kEndBytes) return found;
    const std::size_t last = file_.size() - kEndBytes;
    const std::size_t first = last > kUnset16 ? last - kUnset16 : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      if (file_[at] != 'P' || Cursor(file_.subspan(at)).u32le() != kEndSignature) continue;
      const auto directory = directory_at(at);
      if (!directory) continue;
      if (found) {
        if (other_ends_.size() < kMostEnds) other_ends_.push_back(at);
      } else {
        found = directory;
      }
    }
    return found;
  }

  std::optional<Directory> directory_at(std::size_t at) {
    Cursor in(file_.subspan(at + 4));
    Directory end{.at = at};
    const std::uint16_t disk = in.u16le(), first_disk = in.u16le(), here = in.u16le();
    end.entries = in.u16le();
    std::uint64_t size = in.u32le();
    end.offset = in.u32le();
    end.several_disks = (disk != 0 && disk != kUnset16) || first_disk != disk;
    if (here != end.entries) end.several_disks = true;
    std::uint64_t ends_at = at;
    if (end.entries == kUnset16 || size == kUnset32 || end.offset == kUnset32) {
      if (!read_end64(at, end, size, ends_at)) return std::nullopt;
    }
    if (end.several_disks) return end;
    if (size > ends_at || end.offset > ends_at - size) return std::nullopt;
    end.shift = ends_at - size - end.offset;
    end.offset += end.shift;
    if (end.entries == 0) return size == 0 ? std::optional(end) : std::nullopt;
    if (Cursor(file_.subspan(end.offset)).u32le() != kEntrySignature) return std::nullopt;
    return end;
  }

  bool read_end64(std::size_t at, Directory& end, std::uint64_t& size, std::uint64_t& ends_at) {
    if (at < kLocator64Bytes) return false;
    Cursor locator(file_.subspan(at - kLocator64Bytes, kLocator64Bytes));
    if (locator.u32le() != kLocator64Signature) return true;  // 65,535 entries, by chance
    locator.skip(4);
    const std::uint64_t record = locator.u64le();
    Cursor in(file_);
    in.seek(record);
    if (in.u32le() != kEnd64Signature) return false;
    in.skip(8 + 2 + 2 + 4 + 4 + 8);
    end.entries = in.u64le();
    size = in.u64le();
    end.offset = in.u64le();
    ends_at = record;
    end.at = record;
    return in.ok();
  }

  void read_entries(const Directory& directory) {
    Cursor in(file_);
    in.seek(directory.offset);
    if (directory.entries > most_entries_) problem(Reason::too_many, "zip: too many entries");
    const std::uint64_t count = std::min(directory.entries, most_entries_);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto entry = read_entry(in);
      if (!entry) return problem(Reason::corrupt, "zip: central directory is cut short");
      judge(*entry);
      compare_with_local(*entry, directory);
    }
    if (in.position() != directory.at && count == directory.entries) {
      check_after_entries(in, directory);
    }
    check_gaps(directory);
  }

  // Between the last entry and the end record only a digital signature may stand (4.3.13).
  void check_after_entries(Cursor in, const Directory& directory) {
    if (in.position() < directory.at && in.u32le() == kEntrySignature) {
      differ("more entries than the directory counts");
    }
  }

  std::optional<Entry> read_entry(Cursor& in) {
    if (in.u32le() != kEntrySignature) return std::nullopt;
    in.skip(4);  // versions
    Entry entry;
    entry.flags = in.u16le();
    entry.method = in.u16le();
    in.skip(4);  // time
    entry.crc = in.u32le();
    entry.packed = in.u32le();
    entry.size = in.u32le();
    const std::uint16_t name = in.u16le(), extra = in.u16le(), comment = in.u16le();
    in.skip(8);  // disk, attributes
    entry.local = in.u32le();
    entry.name = in.take(name);
    entry.extra = in.take(extra);
    in.skip(comment);
    if (in.failed() || !widen(entry, true)) return std::nullopt;
    return entry;
  }

  void judge(const Entry& entry) {
    const bool directory = !entry.name.empty() && entry.name.back() == '/' && entry.size == 0;
    if (directory) return;
    ++result_.files;
    const std::string_view word = encryption_word(entry);
    if (!word.empty()) {
      ++result_.encrypted;
      if (word_.empty()) word_ = word;
    } else if (entry.method != kMethodStored && entry.method != kMethodDeflated) {
      result_.common_methods = false;
    }
  }

  void compare_with_local(const Entry& entry, const Directory& directory) {
    Cursor in(file_);
    const std::uint64_t at = entry.local + directory.shift;
    in.seek(at < entry.local ? file_.size() : at);
    const bool signature = in.u32le() == kLocalSignature;
    in.skip(2);
    Entry local;
    local.flags = in.u16le();
    local.method = in.u16le();
    in.skip(4);
    local.crc = in.u32le();
    local.packed = in.u32le();
    local.size = in.u32le();
    const std::uint16_t name = in.u16le(), extra = in.u16le();
    local.name = in.take(name);
    local.extra = in.take(extra);
    const bool wide = widen(local, false);
    const std::uint64_t data = in.position();
    in.skip(entry.packed);
    if (!signature || in.failed()) return problem(Reason::corrupt, "zip: an entry is cut short");
    if (!wide) differ("local sizes");
    extents_.push_back(
        {at, data + entry.packed, ((entry.flags | local.flags) & kFlagDescriptor) != 0});
    compare(entry, local);
  }

  void compare(const Entry& entry, const Entry& local) {
    const bool masked = (local.flags & kFlagMasked) != 0;
    if (!masked && !std::ranges::equal(entry.name, local.name)) differ("local name differs");
    if (entry.method != local.method) differ("local method differs");
    if (((entry.flags ^ local.flags) & kFlagEncrypted) != 0) differ("local encryption differs");
    if (masked || (local.flags & kFlagDescriptor) != 0) return;  // the values follow the data
    if (entry.packed != local.packed || entry.size != local.size) differ("local size differs");
    if (entry.crc != local.crc) differ("local checksum differs");
  }

  // Entries that share bytes are a bomb or a trick; an entry in a gap is one that only a reader of
  // local headers sees.
  void check_gaps(const Directory& directory) {
    std::ranges::sort(extents_, {}, &Extent::begin);
    std::uint64_t reached = 0;
    bool descriptor = false;
    for (const Extent& extent : extents_) {
      if (extent.begin < reached) differ("entries overlap");
      if (extent.begin > reached) check_gap(reached, extent.begin, descriptor);
      reached = std::max(reached, extent.end);
      descriptor = extent.descriptor;
    }
    for (const std::uint64_t end : other_ends_) {
      const auto holds = [end](const Extent& e) { return e.begin < end && end < e.end; };
      if (std::ranges::none_of(extents_, holds)) differ("two directories");
    }
    if (reached > directory.offset) differ("entries overlap the directory");
    if (reached < directory.offset) check_gap(reached, directory.offset, descriptor);
  }

  void check_gap(std::uint64_t begin, std::uint64_t end, bool descriptor) {
    Cursor gap(file_.subspan(begin, end - begin));
    if (descriptor) {  // with or without signature, with 4 or 8 byte sizes (4.3.9)
      const std::uint64_t first = Cursor(gap.peek(4)).u32le() == kDescriptorSignature ? 16 : 12;
      for (const std::uint64_t size : {first, first + 8}) {
        Cursor behind = gap;
        behind.skip(size);
        if (behind.u32le() == kLocalSignature) return differ("an entry that is in no directory");
      }
      return;
    }
    if (gap.u32le() == kLocalSignature) differ("an entry that is in no directory");
  }

  void report_encryption() {
    if (result_.encrypted == 0) return;
    const bool all = result_.encrypted == result_.files;
    problem(all ? Reason::encrypted : Reason::partly_encrypted, std::string(word_));
  }

  ByteView file_;
  std::uint64_t most_entries_;
  ZipStructure result_;
  std::string_view word_;
  std::vector<Extent> extents_;
  std::vector<std::uint64_t> other_ends_;
};

}  // namespace

ZipStructure read_zip_structure(ByteView file, std::uint64_t most_entries) {
  return ZipReader(file, most_entries).read();
}

}  // namespace weir
