#include "inspect/formats/seven_zip.h"

#include <gtest/gtest.h>

#include "tests/inspect/formats/archive_builders.h"

namespace weir {
namespace {

Said said(const std::string& bytes, std::string_view name = {}) {
  return said_of(examine_seven_zip, bytes, name);
}

// Does not pack.
std::string noise(std::size_t size) {
  std::string bytes;
  for (unsigned x = 1; bytes.size() < size; x = x * 1103515245U + 12345U) {
    bytes += static_cast<char>(x >> 16);
  }
  return bytes;
}

Members many() {
  Members members;
  for (int i = 0; i < 40; ++i)
    members.emplace_back("f" + std::to_string(i), plain_text(100U + 7U * static_cast<unsigned>(i)));
  return members;
}

TEST(SevenZip, ReadsWhatTheProgramWrites) {
  struct Case {
    const char* options;
    Said want;
  };
  const std::vector<Case> table{
      {"", {}},
      {"-mhc=off", {}},
      {"-ms=off", {}},
      {"-mx=0", {}},
      {"-m0=PPMd", {}},
      {"-m0=BZip2", {}},
      {"-m0=Deflate", {}},
      {"-m0=BCJ2 -m1=LZMA", {}},
      {"-m0=ARM -m1=LZMA2", {}},
      {"-m0=Delta:4 -m1=LZMA2", {}},
      {"-m0=Deflate64", {{Reason::unsupported, "7z-coder-40109"}}},
      {"-m0=ARM64 -m1=LZMA2", {{Reason::unsupported, "7z-coder-a"}}},
      {"-ppw", {{Reason::encrypted, "7z-aes256"}}},
      {"-ppw -ms=off", {{Reason::encrypted, "7z-aes256"}}},
      {"-ppw -mhc=off", {{Reason::encrypted, "7z-aes256"}}},
      {"-ppw -mx=0", {{Reason::encrypted, "7z-aes256"}}},
      {"-ppw -mhe=on", {{Reason::encrypted, "7z-aes256-header"}}},
  };
  for (const Case& row : table) {
    const std::string command = std::string("7zz a -bso0 ") + row.options;
    EXPECT_EQ(said(packed_by(command, "a.7z", many())), row.want) << row.options;
  }
}

TEST(SevenZip, CountsEntriesOfEncryptedFolders) {
  const TestDirectory directory;
  for (const char* name : {"a", "b", "c"}) directory.write(name, plain_text());
  directory.write("empty", "");
  directory.run("7zz a -bso0 x.7z a empty && 7zz a -bso0 -ppw x.7z b c");
  const std::string bytes = directory.read("x.7z");
  EXPECT_EQ(said(bytes), (Said{{Reason::partly_encrypted, "7z-aes256"}}));
  EXPECT_EQ(detail_of(examine_seven_zip, bytes), "2 of 3 entries");
  EXPECT_EQ(said(archive_file("7z-partly.7z")), (Said{{Reason::partly_encrypted, "7z-aes256"}}));
}

TEST(SevenZip, TellsVolumesFromCutFiles) {
  const TestDirectory directory;
  directory.write("a", noise(150'000));
  directory.run("7zz a -bso0 -v64k x.7z a && 7zz a -bso0 y.7z a");
  const Said volume{{Reason::multi_volume, "7z-volume"}};
  EXPECT_EQ(said(directory.read("x.7z.001")), volume);
  const std::string whole = directory.read("y.7z");
  EXPECT_EQ(said(whole.substr(0, 70'001)), (Said{{Reason::truncated, "7z-truncated"}}));
  EXPECT_EQ(said(whole.substr(0, 70'001), "y.7z.001"), volume);
  EXPECT_EQ(said(whole.substr(0, 20)), (Said{{Reason::truncated, "7z-truncated"}}));
  EXPECT_EQ(said(whole + "junk"), (Said{{Reason::none, "7z-trailing-data"}}));
  EXPECT_EQ(said(whole + std::string(64, '\0')), Said{});
}

TEST(SevenZip, ChecksSums) {
  const std::string whole = packed_by("7zz a -bso0", "a.7z", many());
  const Said corrupt{{Reason::corrupt, "7z-corrupt"}};
  for (const std::size_t at : {8UL, 13UL, 20UL, whole.size() - 1}) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    EXPECT_EQ(said(bytes), corrupt) << at;
  }
  std::string unfinished = whole;
  unfinished.replace(8, 24, 24, '\0');
  EXPECT_EQ(said(unfinished), (Said{{Reason::truncated, "7z-truncated"}}));
  EXPECT_EQ(said(packed_by("7zz a -bso0", "e.7z", {{"empty", ""}})), Said{});
}

// A file with this as its header and the right sums.
std::string with_header(const std::string& header) {
  std::string start = little(0, 8) + little(header.size(), 8) + little(crc_of(header), 4);
  return std::string("7z\xBC\xAF\x27\x1C\0\4", 8) + little(crc_of(start), 4) + start + header;
}

TEST(SevenZip, BelievesNoCounts) {
  const Said corrupt{{Reason::corrupt, "7z-corrupt"}};
  const std::string huge("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
  for (const std::string& header :
       {"\x01\x04\x06" + std::string(1, '\0') + huge, "\x01\x04\x07\x0b" + huge,
        "\x01\x04\x07\x0b\x01" + std::string(1, '\0') + huge, std::string("\x02"),
        "\x17\x06" + huge + "\x01\x09\x10", std::string("\x01\x04\x07\x0b\x01\x00\x01\x3f", 8)}) {
    EXPECT_EQ(said(with_header(header)), corrupt) << header.size();
  }
  EXPECT_EQ(said(with_header(std::string("\x01\0", 2))), Said{});
}

TEST(SevenZip, IsNotEverything) {
  for (const std::string& bytes : {std::string(), std::string("7z"), plain_text()}) {
    EXPECT_EQ(said(bytes), Said{});
  }
}

}  // namespace
}  // namespace weir
