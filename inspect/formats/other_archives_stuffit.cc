// StuffIt for classic Mac OS: the first format ("SIT!", entries of 112 bytes) and the fifth, whose
// file begins with a line of text. Layouts as The Unarchiver's format notes give them.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/cursor.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

constexpr std::uint8_t kEncryptedMethod = 0x80, kFolderBegin = 0x20, kFolderEnd = 0x21,
                       kFolderMarks = 0x90;
constexpr std::size_t kFive = 82;  // version and flags of the fifth format
constexpr std::uint8_t kFiveEncrypted = 0x80;

bool is_classic(ByteView file) {
  constexpr std::array<std::string_view, 9> kMarks{"SIT!", "ST46", "ST50", "ST60", "ST65",
                                                   "STin", "STi2", "STi3", "STi4"};
  Cursor in(file);
  const std::string_view mark = as_text(in.take(4));
  in.skip(6);
  return std::ranges::find(kMarks, mark) != kMarks.end() && as_text(in.take(4)) == "rLau";
}

// A file has two forks, each with a method and a packed size.
void count_classic(Cursor in, ArchiveTally& tally) {
  in.skip(22);
  for (int i = 0; i < kMostOtherMembers; ++i) {
    const std::uint8_t resource = in.u8(), data = in.u8();
    in.skip(90);
    const std::uint32_t resource_size = in.u32be(), data_size = in.u32be();
    in.skip(12);
    if (in.failed()) return;
    const auto kind = static_cast<std::uint8_t>(resource & ~kFolderMarks);
    if (kind == kFolderBegin || kind == kFolderEnd) continue;
    const auto sealed = [](std::uint8_t method, std::uint32_t size) {
      return size != 0 && (method & kEncryptedMethod) != 0;
    };
    if (resource_size != 0 || data_size != 0) {
      tally.count(sealed(resource, resource_size) || sealed(data, data_size));
    }
    in.skip(std::uint64_t{resource_size} + data_size);
  }
}

}  // namespace

void examine_stuffit(ByteView file, Remarks& remarks) {
  if (is_classic(file)) {
    ArchiveTally tally;
    count_classic(Cursor(file), tally);
    tally.report("stuffit-encrypted", remarks);
    remarks.unseen(Reason::unsupported, "stuffit");
  } else if (as_text(file).starts_with("StuffIt (c)1997-") && file.size() > kFive + 1) {
    if ((file[kFive + 1] & kFiveEncrypted) != 0) {
      remarks.unseen(Reason::encrypted, "stuffit-encrypted");
    }
    remarks.unseen(Reason::unsupported, "stuffit5");
  }
}

}  // namespace weir
