#include "inspect/formats/compound_file.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/inspect/formats/office_samples.h"

namespace weir {
namespace {

std::optional<CompoundFile> opened(const std::string& bytes, Reason& problem) {
  problem = Reason::none;
  return CompoundFile::open(as_bytes(bytes), problem);
}

std::string stream_of(const CompoundFile& file, const std::string& path, std::size_t piece) {
  const auto* entry = file.stream(path);
  if (entry == nullptr) return "no such stream";
  CompoundStream stream(file, *entry);
  std::string all;
  for (ByteView bytes = stream.next(piece); !bytes.empty(); bytes = stream.next(piece)) {
    EXPECT_LE(bytes.size(), piece);
    all += as_text(bytes);
  }
  EXPECT_EQ(stream.problem(), Reason::none);
  return all;
}

std::string first_attachment() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "first attachment";
  return text;
}

// Version 4, with a stream in sectors and others in mini sectors.
TEST(CompoundFile, ReadsStreamsInPiecesOfAnySize) {
  const std::string bytes = office_file("message.msg");
  Reason problem = Reason::none;
  const auto file = opened(bytes, problem);
  ASSERT_TRUE(file);
  for (const std::size_t piece : {1, 63, 64, 65, 511, 4096, 100000}) {
    EXPECT_TRUE(stream_of(*file, "__attach_version1.0_#00000000/__substg1.0_37010102", piece) ==
                first_attachment())
        << piece;
    EXPECT_EQ(stream_of(*file, "__attach_version1.0_#00000000/__SUBSTG1.0_3704001e", piece),
              "OFFER~1.ZIP");
  }
}

TEST(CompoundFile, TellsStreamsFromStorages) {
  const std::string bytes = office_file("macro.xls");
  Reason problem = Reason::none;
  const auto file = opened(bytes, problem);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->entries()[0].path, "");
  EXPECT_NE(file->storage("_VBA_PROJECT_CUR/VBA"), nullptr);
  EXPECT_EQ(file->stream("_VBA_PROJECT_CUR/VBA"), nullptr);
  EXPECT_NE(file->stream("_vba_project_cur/vba/DIR"), nullptr);
  EXPECT_EQ(file->stream("dir"), nullptr);
  EXPECT_EQ(file->read(*file->stream("Workbook"), 4).size(), 4U);
}

TEST(CompoundFile, IsNotForOthers) {
  for (const std::string& bytes :
       {std::string(), std::string("\xd0\xcf\x11"), std::string(600, 'x')}) {
    Reason problem = Reason::none;
    EXPECT_FALSE(opened(bytes, problem));
    EXPECT_EQ(problem, Reason::none);
  }
}

// Whatever number a table of sectors holds, each stream ends.
TEST(CompoundFile, EndsWhenChainsGoRound) {
  const std::string whole = office_file("message.msg");
  for (std::size_t at = 0; at + 4 <= whole.size(); at += 4) {
    std::string bytes = whole;
    if (bytes.compare(at, 4, std::string(4, '\0')) == 0) continue;
    bytes.replace(at, 4, le(0, 4));
    Reason problem = Reason::none;
    const auto file = opened(bytes, problem);
    if (!file) continue;
    for (const CompoundFile::Entry& entry : file->entries()) {
      EXPECT_LE(file->read(entry, 1U << 30).size(), 2 * bytes.size());
    }
  }
}

TEST(CompoundFile, SaysWhenAStreamIsCutShort) {
  const std::string whole = office_file("message.msg");
  const std::size_t cut = whole.find("first attachment") + 100;
  std::string bytes = whole;
  // The directory is before or behind: only the stream's own sectors are made to lie outside.
  const std::string entry = le(cut / 4096 - 1, 4) + le(6400, 8);
  const std::size_t at = bytes.find(entry);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 4, le(100000, 4));
  Reason problem = Reason::none;
  const auto file = opened(bytes, problem);
  ASSERT_TRUE(file);
  CompoundStream stream(*file, *file->stream("__attach_version1.0_#00000000/__substg1.0_37010102"));
  EXPECT_TRUE(stream.next().empty());
  EXPECT_EQ(stream.problem(), Reason::truncated);
}

}  // namespace
}  // namespace weir
