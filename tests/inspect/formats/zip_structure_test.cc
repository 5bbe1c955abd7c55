#include "inspect/formats/zip_structure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "inspect/formats/encrypted_office.h"
#include "inspect/formats/volumes.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

using Problems = std::vector<ZipProblem>;

ZipStructure structure_of(const std::string& bytes) {
  return read_zip_structure(as_bytes(bytes), 1000);
}

// Written by zip, whose local headers carry the sizes.
std::string two_files() {
  return packed_by("zip -q -X", "a.zip", {{"one.txt", plain_text()}, {"two.txt", plain_text(900)}});
}

TEST(ZipStructure, SeesNothingInAnHonestZip) {
  for (const std::string& bytes : {two_files(), pack({{"a", "1"}, {"b/c", plain_text()}}), pack({}),
                                   pack({{"inner.zip", two_files()}}, {.stored = true}),
                                   std::string(5000, 'x') + two_files()}) {
    const ZipStructure zip = structure_of(bytes);
    EXPECT_TRUE(zip.is_zip);
    EXPECT_EQ(zip.problems, Problems{});
    EXPECT_TRUE(zip.plain());
  }
}

TEST(ZipStructure, IsNotEverything) {
  for (const std::string& bytes : {std::string(), std::string("PK"), plain_text(),
                                   std::string("PK\x05\x06") + std::string(18, '\xff')}) {
    EXPECT_FALSE(structure_of(bytes).is_zip);
  }
}

struct Encrypted {
  const char* name;
  std::string bytes;
  Problems want;
};

TEST(ZipStructure, NamesTheEncryption) {
  const Members one{{"a.txt", plain_text()}};
  const std::vector<Encrypted> table{
      {"traditional",
       packed_by("zip -q -P pw", "a.zip", one),
       {{Reason::encrypted, "zip-traditional"}}},
      {"aes-256",
       packed_by("7zz a -bso0 -tzip -mem=AES256 -ppw", "a.zip", one),
       {{Reason::encrypted, "zip-aes256"}}},
      {"aes-128",
       packed_by("7zz a -bso0 -tzip -mem=AES128 -ppw", "a.zip", one),
       {{Reason::encrypted, "zip-aes128"}}},
  };
  for (const Encrypted& row : table) {
    EXPECT_EQ(structure_of(row.bytes).problems, row.want) << row.name;
    EXPECT_FALSE(structure_of(row.bytes).plain()) << row.name;
  }
  const TestDirectory directory;
  directory.write("a.txt", plain_text());
  directory.write("b.txt", plain_text());
  directory.run("zip -q x.zip a.txt && zip -q -P pw x.zip b.txt");
  const Problems partly{{Reason::partly_encrypted, "zip-traditional"}};
  EXPECT_EQ(structure_of(directory.read("x.zip")).problems, partly);
}

// Offsets in two_files(): the first local header is at 0, the directory is found.
struct Trick {
  const char* name;
  std::function<void(std::string&)> play;
  Reason reason;
  std::string want;
};

std::size_t directory_of(const std::string& bytes) { return bytes.find("PK\x01\x02"); }

std::string as_u32(std::size_t value) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

const std::vector<Trick>& tricks() {
  static const std::vector<Trick> table{
      {"local name", [](std::string& z) { z[30] = 'X'; }, Reason::parsers_disagree,
       "zip: local name differs"},
      {"local method", [](std::string& z) { z[8] = 0; }, Reason::parsers_disagree,
       "zip: local method differs"},
      {"local size", [](std::string& z) { z[22] = static_cast<char>(z[22] + 1); },
       Reason::parsers_disagree, "zip: local size differs"},
      {"local checksum", [](std::string& z) { z[14] = static_cast<char>(z[14] + 1); },
       Reason::parsers_disagree, "zip: local checksum differs"},
      {"encrypted in the local header only", [](std::string& z) { z[6] = 1; },
       Reason::parsers_disagree, "zip: local encryption differs"},
      {"strong encryption", [](std::string& z) { z[directory_of(z) + 8] |= 0x41; },
       Reason::partly_encrypted, "zip-strong"},
      {"masked headers", [](std::string& z) { z[directory_of(z) + 9] |= 0x20; },
       Reason::partly_encrypted, "zip-masked"},
      {"no directory", [](std::string& z) { z.resize(directory_of(z)); }, Reason::corrupt,
       "zip: no central directory"},
      {"entry beyond the file", [](std::string& z) { z[directory_of(z) + 44] = 0x7f; },
       Reason::corrupt, "zip: an entry is cut short"},
      {"last of several disks", [](std::string& z) { z[z.size() - 18] = 2; }, Reason::multi_volume,
       "zip: one of several volumes"},
      {"both entries share bytes",
       [](std::string& z) {
         const std::size_t second = z.find("PK\x01\x02", directory_of(z) + 4);
         z.replace(second + 42, 4, as_u32(0));
       },
       Reason::parsers_disagree, "zip: entries overlap"},
      {"the first entry is in no directory",
       [](std::string& z) {
         const std::size_t first = directory_of(z), second = z.find("PK\x01\x02", first + 4);
         z.erase(first, second - first);
         z[z.size() - 22 + 8] = 1, z[z.size() - 22 + 10] = 1;
         const std::size_t size = z.size() - 22 - first;
         z.replace(z.size() - 22 + 12, 4, as_u32(size));
       },
       Reason::parsers_disagree, "zip: an entry that is in no directory"},
      {"two archives behind one another", [](std::string& z) { z = two_files() + z; },
       Reason::parsers_disagree, "zip: two directories"},
      {"fewer entries counted",
       [](std::string& z) { z[z.size() - 22 + 8] = 1, z[z.size() - 22 + 10] = 1; },
       Reason::parsers_disagree, "zip: more entries than the directory counts"},
  };
  return table;
}

TEST(ZipStructure, SeesTricks) {
  for (const Trick& trick : tricks()) {
    std::string bytes = two_files();
    trick.play(bytes);
    const ZipStructure zip = structure_of(bytes);
    const ZipProblem want{trick.reason, trick.want};
    std::string got;
    for (const ZipProblem& problem : zip.problems) got += problem.name + "; ";
    EXPECT_NE(std::ranges::find(zip.problems, want), zip.problems.end())
        << trick.name << ": " << got;
    EXPECT_FALSE(zip.plain()) << trick.name;
  }
}

TEST(ZipStructure, SurvivesEveryTruncation) {
  const std::string whole = two_files();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ZipStructure zip = structure_of(whole.substr(0, size));
    EXPECT_EQ(zip.is_zip, size >= 4);
    if (size >= 4) EXPECT_FALSE(zip.plain());
  }
}

TEST(ZipStructure, CountsNoFurtherThanTheLimit) {
  const ZipStructure zip = read_zip_structure(as_bytes(two_files()), 1);
  EXPECT_EQ(zip.problems.at(0).reason, Reason::too_many);
}

TEST(ZipStructure, KnowsUncommonMethods) {
  const std::string lzma = packed_by("7zz a -bso0 -tzip -mm=LZMA", "a.zip", {{"a", plain_text()}});
  EXPECT_FALSE(structure_of(lzma).common_methods);
  EXPECT_EQ(structure_of(lzma).problems, Problems{});
}

// An OLE file with one directory entry of this name.
std::string ole_with(const std::string& name, char object_type = 2) {
  std::string file("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
  file.resize(512 + 512);
  for (std::size_t i = 0; i < name.size(); ++i) file[512 + 128 + 2 * i] = name[i];
  file[512 + 128 + 64] = static_cast<char>(2 * (name.size() + 1));
  file[512 + 128 + 66] = object_type;
  return file;
}

TEST(EncryptedOffice, IsKnownByItsStream) {
  EXPECT_TRUE(is_encrypted_ooxml(as_bytes(ole_with("EncryptedPackage"))));
  EXPECT_FALSE(is_encrypted_ooxml(as_bytes(ole_with("EncryptedPackagf"))));
  EXPECT_FALSE(is_encrypted_ooxml(as_bytes(ole_with("EncryptedPackage", 1))));
  EXPECT_FALSE(is_encrypted_ooxml(as_bytes(ole_with("WordDocument"))));
  EXPECT_FALSE(is_encrypted_ooxml(as_bytes(ole_with("EncryptedPackage").substr(1))));
}

struct Volume {
  const char* name;
  std::string bytes;
  bool want;
};

TEST(Volumes, AreKnownByTheirHeaders) {
  using std::string_literals::operator""s;
  const std::vector<Volume> table{
      {"rar4", "Rar!\x1a\x07\0\xaa\xaa\x73\x01\0"s, true},
      {"rar4 whole", "Rar!\x1a\x07\0\xaa\xaa\x73\0\0"s, false},
      {"rar5", "Rar!\x1a\x07\x01\0cccc\x04\x01\0\x01"s, true},
      {"rar5 with extra area", "Rar!\x1a\x07\x01\0cccc\x04\x01\x01\x09\x01"s, true},
      {"rar5 whole", "Rar!\x1a\x07\x01\0cccc\x04\x01\0\0"s, false},
      {"rar5 cut", "Rar!\x1a\x07\x01\0cccc\x04\x01"s, false},
      {"cab with next", "MSCF\0\0\0\0"s + std::string(22, '\0') + "\x02\0"s, true},
      {"cab", "MSCF\0\0\0\0"s + std::string(24, '\0'), false},
      {"cab cut", "MSCF\0\0\0\0"s, false},
  };
  for (const Volume& row : table) {
    EXPECT_EQ(is_one_of_several_volumes(as_bytes(row.bytes)), row.want) << row.name;
  }
}

}  // namespace
}  // namespace weir
