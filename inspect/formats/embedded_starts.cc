#include "inspect/formats/embedded_starts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "core/cursor.h"
#include "inspect/formats/embedded_check.h"

namespace weir {
namespace {

// An end record (APPNOTE.TXT 4.3.16) whose directory lies right before it.
struct ZipEnd {
  std::size_t begin = 0;  // of the archive: where its offsets count from, or its first entry
  std::size_t end = 0;    // behind the comment
};

constexpr std::size_t kEndRecord = 22;

// The local header that the first directory entry names, when offsets count from `base`.
bool first_entry(ByteView file, std::size_t directory, std::uint64_t base, std::size_t& begin) {
  Cursor in(file);
  in.seek(directory);
  if (as_text(in.take(4)) != "PK\x01\x02") return false;
  in.skip(38);
  const std::uint64_t local = in.u32le();
  if (in.failed() || base + local >= directory) return false;
  begin = static_cast<std::size_t>(base + local);
  return is_local_header(file.subspan(begin));
}

// `at` is where "PK\5\6" stands. ZIP64 archives keep 32-bit offsets where they fit; where not, they
// are larger than what is scanned.
bool read_zip_end(ByteView file, std::size_t at, ZipEnd& found) {
  Cursor in(file);
  in.seek(at + 8);
  const std::uint16_t entries = in.u16le();
  in.skip(2);
  const std::uint32_t size = in.u32le(), offset = in.u32le();
  const std::uint16_t comment = in.u16le();
  if (in.failed() || entries == 0 || size > at || offset > at - size) return false;
  const std::size_t directory = at - size;
  found.end = std::min<std::size_t>(at + kEndRecord + comment, file.size());
  // Offsets count from the archive's own beginning, or were made to count from the file's.
  return first_entry(file, directory, directory - offset, found.begin) ||
         first_entry(file, directory, 0, found.begin);
}

std::vector<ZipEnd> zip_ends(ByteView file) {
  constexpr std::size_t kMostEnds = 256, kMostTries = 4096;
  std::vector<ZipEnd> ends;
  std::size_t from = 0;
  for (std::size_t i = 0; i < kMostTries && ends.size() < kMostEnds; ++i) {
    const void* const found = memmem(file.data() + from, file.size() - from, "PK\x05\x06", 4);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - file.data());
    ZipEnd end;
    if (read_zip_end(file, at, end)) ends.push_back(end);
    from = at + 4;
  }
  return ends;
}

struct Magic {
  char first, second;
  std::string_view extension;
  bool EmbeddedKinds::* kind;
  std::size_t (*extent)(ByteView at);  // null: a ZIP
};

// clang-format off
constexpr Magic kMagics[] = {
    {'P', 'K', "zip", &EmbeddedKinds::archives, nullptr},
    {'7', 'z', "7z", &EmbeddedKinds::archives, seven_zip_extent},
    {'R', 'a', "rar", &EmbeddedKinds::archives, rar_extent},
    {'M', 'S', "cab", &EmbeddedKinds::archives, cabinet_extent},
    {'\xD0', '\xCF', "ole", &EmbeddedKinds::archives, ole_extent},
    {'M', 'Z', "exe", &EmbeddedKinds::programs, pe_extent},
    {'\x7F', 'E', "elf", &EmbeddedKinds::programs, elf_extent},
    {'%', 'P', "pdf", &EmbeddedKinds::documents, pdf_extent},
    {'\x1F', '\x8B', "gz", &EmbeddedKinds::streams, gzip_extent},
    {'B', 'Z', "bz2", &EmbeddedKinds::streams, bzip2_extent},
    {'\xFD', '7', "xz", &EmbeddedKinds::streams, xz_extent},
    {'\x28', '\xB5', "zst", &EmbeddedKinds::streams, zstd_extent},
};
// clang-format on

// One bit for each pair of bytes that begins a magic, 8 KiB that stay in the nearest cache. A pass
// over the file is then a load and a test per byte, whatever the bytes are.
constexpr std::array<std::uint8_t, 8192> kPairs = [] {
  std::array<std::uint8_t, 8192> bits{};
  for (const Magic& magic : kMagics) {
    const unsigned pair = static_cast<std::uint8_t>(magic.first) |
                          static_cast<unsigned>(static_cast<std::uint8_t>(magic.second)) << 8;
    bits[pair / 8] = static_cast<std::uint8_t>(bits[pair / 8] | 1U << pair % 8);
  }
  return bits;
}();

unsigned is_pair(const std::uint8_t* at) {
  const unsigned pair = at[0] | static_cast<unsigned>(at[1]) << 8;
  return static_cast<unsigned>(kPairs[pair / 8]) >> pair % 8 & 1U;
}

// Where the next pair begins in [from, end); `end` when there is none. Eight at a time, since pairs
// are rare.
const std::uint8_t* next_pair(const std::uint8_t* from, const std::uint8_t* end) {
  for (; end - from >= 8; from += 8) {
    const unsigned any = is_pair(from) | is_pair(from + 1) | is_pair(from + 2) | is_pair(from + 3) |
                         is_pair(from + 4) | is_pair(from + 5) | is_pair(from + 6) |
                         is_pair(from + 7);
    if (any != 0) break;
  }
  while (from < end && is_pair(from) == 0) ++from;
  return from;
}

class Scan {
 public:
  Scan(ByteView file, EmbeddedKinds kinds, std::size_t most)
      : file_(file), kinds_(kinds), most_(most) {
    if (kinds.archives) ends_ = zip_ends(file);
  }

  std::vector<EmbeddedStart> run() {
    if (file_.size() < 2) return {};
    const std::uint8_t* const begin = file_.data();
    const std::uint8_t* const end = begin + file_.size() - 1;  // a pair takes two
    const std::uint8_t* at = begin + 1;
    while (!full() && (at = next_pair(at, end)) < end) {
      const auto offset = static_cast<std::size_t>(at - begin);
      next_ = offset + 1;
      look_at(offset);
      at = begin + std::min(next_, file_.size() - 1);
    }
    return std::move(found_);
  }

 private:
  // Expensive checks of files made to fail them.
  static constexpr std::size_t kMostChecks = 65'536;
  bool full() const { return found_.size() >= most_ || checks_ >= kMostChecks; }

  void look_at(std::size_t at) {
    for (const Magic& magic : kMagics) {
      if (file_[at] == static_cast<std::uint8_t>(magic.first) &&
          file_[at + 1] == static_cast<std::uint8_t>(magic.second) && kinds_.*magic.kind) {
        check(at, magic);
      }
    }
  }

  void check(std::size_t at, const Magic& magic) {
    const ByteView rest = file_.subspan(at);
    if (magic.extent != nullptr) {
      const std::size_t size = magic.extent(rest);
      if (size == 0) return;
      ++checks_;
      return add({at, size, magic.extension});
    }
    if (as_text(rest.first(std::min<std::size_t>(4, rest.size()))) != "PK\x03\x04") return;
    ++checks_;
    const auto end = std::ranges::find(ends_, at, &ZipEnd::begin);
    if (end != ends_.end() && end->end > at) add({at, end->end - at, magic.extension});
  }

  void add(const EmbeddedStart& start) {
    found_.push_back(start);
    // What lies in a file whose end is known is its own matter; of others only the magic is passed.
    next_ = start.offset + (start.size < file_.size() - start.offset ? start.size : 2);
  }

  ByteView file_;
  EmbeddedKinds kinds_;
  std::size_t most_;
  std::vector<ZipEnd> ends_;
  std::vector<EmbeddedStart> found_;
  std::size_t next_ = 0, checks_ = 0;
};

}  // namespace

std::vector<EmbeddedStart> find_embedded(ByteView file, EmbeddedKinds kinds, std::size_t most) {
  return Scan(file, kinds, most).run();
}

std::size_t start_of_closing_zip(ByteView file) {
  constexpr std::size_t kMostComment = 65'535;
  const std::size_t tail = std::min(file.size(), kEndRecord + kMostComment);
  const std::string_view text = as_text(file.last(tail));
  for (auto at = text.rfind("PK\x05\x06"); at != std::string_view::npos && at + kEndRecord <= tail;
       at = at == 0 ? std::string_view::npos : text.rfind("PK\x05\x06", at - 1)) {
    ZipEnd end;
    if (read_zip_end(file, file.size() - tail + at, end) && end.end == file.size()) {
      return end.begin;
    }
  }
  return std::string_view::npos;
}

}  // namespace weir
