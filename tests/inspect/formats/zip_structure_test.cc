#include "inspect/formats/zip_structure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

using Names = std::vector<std::string>;
using Problems = std::vector<std::pair<Reason, std::string>>;

Problems problems_of(const ZipStructure& zip) {
  Problems result;
  for (const Remark& one : zip.problems) result.emplace_back(one.reason, one.name);
  return result;
}

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
    EXPECT_EQ(problems_of(zip), Problems{});
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
      {"aes-192",
       packed_by("7zz a -bso0 -tzip -mem=AES192 -ppw", "a.zip", one),
       {{Reason::encrypted, "zip-aes192"}}},
      {"aes-128",
       packed_by("7zz a -bso0 -tzip -mem=AES128 -ppw", "a.zip", one),
       {{Reason::encrypted, "zip-aes128"}}},
  };
  for (const Encrypted& row : table) {
    EXPECT_EQ(problems_of(structure_of(row.bytes)), row.want) << row.name;
    EXPECT_FALSE(structure_of(row.bytes).plain()) << row.name;
  }
  const TestDirectory directory;
  directory.write("a.txt", plain_text());
  directory.write("b.txt", plain_text());
  directory.run("zip -q x.zip a.txt && zip -q -P pw x.zip b.txt");
  const Problems partly{{Reason::partly_encrypted, "zip-traditional"}};
  EXPECT_EQ(problems_of(structure_of(directory.read("x.zip"))), partly);
  EXPECT_EQ(structure_of(directory.read("x.zip")).problems.at(0).detail, "1 of 2 entries");
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
       "zip-local-name"},
      {"local method", [](std::string& z) { z[8] = 0; }, Reason::parsers_disagree,
       "zip-local-method"},
      {"local size", [](std::string& z) { z[22] = static_cast<char>(z[22] + 1); },
       Reason::parsers_disagree, "zip-local-size"},
      {"encrypted in the local header only", [](std::string& z) { z[6] = 1; },
       Reason::parsers_disagree, "zip-local-encryption"},
      {"strong encryption", [](std::string& z) { z[directory_of(z) + 8] |= 0x41; },
       Reason::partly_encrypted, "zip-strong"},
      {"masked headers", [](std::string& z) { z[directory_of(z) + 9] |= 0x20; },
       Reason::partly_encrypted, "zip-encrypted-directory"},
      {"no directory", [](std::string& z) { z.resize(directory_of(z)); }, Reason::truncated,
       "zip-truncated"},
      {"entry beyond the file", [](std::string& z) { z[directory_of(z) + 44] = 0x7f; },
       Reason::corrupt, "zip-corrupt"},
      {"last of several disks", [](std::string& z) { z[z.size() - 18] = 2; }, Reason::multi_volume,
       "zip-volume"},
      {"both entries share bytes",
       [](std::string& z) {
         const std::size_t second = z.find("PK\x01\x02", directory_of(z) + 4);
         z.replace(second + 42, 4, as_u32(0));
       },
       Reason::parsers_disagree, "zip-overlap"},
      {"the first entry is in no directory",
       [](std::string& z) {
         const std::size_t first = directory_of(z), second = z.find("PK\x01\x02", first + 4);
         z.erase(first, second - first);
         z[z.size() - 22 + 8] = 1, z[z.size() - 22 + 10] = 1;
         const std::size_t size = z.size() - 22 - first;
         z.replace(z.size() - 22 + 12, 4, as_u32(size));
       },
       Reason::parsers_disagree, "zip-hidden-entry"},
      {"two archives behind one another", [](std::string& z) { z = two_files() + z; },
       Reason::parsers_disagree, "zip-two-directories"},
      {"fewer entries counted",
       [](std::string& z) { z[z.size() - 22 + 8] = 1, z[z.size() - 22 + 10] = 1; },
       Reason::parsers_disagree, "zip-more-entries"},
  };
  return table;
}

TEST(ZipStructure, SeesTricks) {
  for (const Trick& trick : tricks()) {
    std::string bytes = two_files();
    trick.play(bytes);
    const ZipStructure zip = structure_of(bytes);
    const Problems problems = problems_of(zip);
    const std::pair<Reason, std::string> want{trick.reason, trick.want};
    std::string got;
    for (const Remark& problem : zip.problems) got += problem.name + "; ";
    EXPECT_NE(std::ranges::find(problems, want), problems.end()) << trick.name << ": " << got;
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
  EXPECT_EQ(problems_of(structure_of(lzma)), Problems{});
}

std::string corpus(const std::string& name) {
  return read_file(std::string(WEIR_SOURCE_DIR) + "/tests/corpus/archives/" + name);
}

TEST(ZipStructure, KnowsStrongEncryption) {
  EXPECT_EQ(problems_of(structure_of(corpus("zip-strong.zip"))),
            (Problems{{Reason::encrypted, "zip-strong"}}));
  const auto partly = structure_of(corpus("zip-strong-partly.zip"));
  EXPECT_EQ(problems_of(partly), (Problems{{Reason::partly_encrypted, "zip-strong"}}));
  EXPECT_EQ(partly.problems.at(0).detail, "AES-256, 1 of 2 entries");
  EXPECT_EQ(problems_of(structure_of(corpus("zip-strong-header.zip"))),
            (Problems{{Reason::encrypted, "zip-encrypted-directory"}}));
}

Names signs_of(const std::string& bytes) {
  Names names;
  const ZipStructure zip = structure_of(bytes);
  EXPECT_EQ(problems_of(zip), Problems{});
  for (const Remark& one : zip.signs.all()) names.push_back(one.name);
  return names;
}

TEST(ZipStructure, LetsOrdinaryOdditiesPass) {
  const std::string plain = two_files();
  const std::size_t end = plain.size() - 22, entry = directory_of(plain);
  const std::vector<std::pair<const char*, std::function<void(std::string&)>>> table{
      {"no sizes in the local header", [](std::string& z) { z.replace(14, 12, 12, '\0'); }},
      {"unset sizes and no Zip64 field", [](std::string& z) { z.replace(18, 8, 8, '\xff'); }},
      {"version needed", [](std::string& z) { z[4] = 45; }},
      {"UTF-8 flag in one of them", [&](std::string& z) { z[entry + 9] |= 0x08; }},
      {"program before it", [](std::string& z) { z = "MZ" + std::string(100, 'x') + z; }},
      {"script before it", [](std::string& z) { z = "#!/usr/bin/python3\n" + z; }},
      {"zeros behind it", [](std::string& z) { z += std::string(100, '\0'); }},
      {"signing block before the directory",
       [&](std::string& z) {
         z.insert(entry, std::string(100, 'x') + "APK Sig Block 42");
         z.replace(end + 116 + 16, 4, as_u32(entry + 116));
       }},
      {"filler without a name before the directory",
       [&](std::string& z) {
         z.insert(entry, "PK\x03\x04" + std::string(26, '\0'));
         z.replace(end + 30 + 16, 4, as_u32(entry + 30));
       }},
      {"entries counted to 65,535 and again",
       [&](std::string& z) { z = pack(Members(65'539, {"a", "b"}), {.stored = true}); }},
  };
  for (const auto& [name, change] : table) {
    std::string bytes = plain;
    change(bytes);
    const ZipStructure zip = read_zip_structure(as_bytes(bytes), 100'000);
    EXPECT_EQ(problems_of(zip), Problems{}) << name;
    EXPECT_EQ(zip.signs.all().size(), 0U) << name;
  }
}

TEST(ZipStructure, FindsSigns) {
  const std::string plain = two_files();
  EXPECT_EQ(signs_of(plain), Names{});
  EXPECT_EQ(signs_of("nothing of a program" + plain), Names{"zip-prepended-data"});
  EXPECT_EQ(signs_of(plain + "behind"), Names{"zip-trailing-data"});
  EXPECT_EQ(signs_of(pack({{"a", "1"}, {"a", "2"}})), Names{"zip-duplicate-name"});
  EXPECT_EQ(signs_of(pack({{"a", "1"}, {"a", "1"}})), Names{});
  EXPECT_EQ(signs_of(pack({{"../a", "1"}})), Names{"name-traversal"});
  std::string crc = plain;
  crc[14] = static_cast<char>(crc[14] + 1);
  EXPECT_EQ(signs_of(crc), Names{"zip-local-checksum"});
}

TEST(ZipStructure, DoesNotCountWhatHoldsNothing) {
  const TestDirectory directory;
  directory.write("empty", "");
  directory.write("full", plain_text());
  directory.run("zip -q -P pw a.zip empty && zip -q -P pw b.zip empty full");
  EXPECT_EQ(problems_of(structure_of(directory.read("a.zip"))), Problems{});
  EXPECT_EQ(problems_of(structure_of(directory.read("b.zip"))),
            (Problems{{Reason::encrypted, "zip-traditional"}}));
}

TEST(ZipStructure, KnowsVolumes) {
  const TestDirectory directory;
  std::string noise;
  for (unsigned i = 0, x = 1; i < 200'000; ++i) {
    x = x * 1103515245U + 12345U;
    noise += static_cast<char>(x >> 16);
  }
  directory.write("a", noise);
  directory.run("zip -q -s 64k s.zip a");
  const Problems volume{{Reason::multi_volume, "zip-volume"}};
  EXPECT_EQ(problems_of(structure_of(directory.read("s.z01"))), volume);
  EXPECT_EQ(problems_of(structure_of(directory.read("s.zip"))), volume);
  directory.run("zip -q w.zip a && split -b 65536 w.zip w.zip.");
  EXPECT_EQ(problems_of(structure_of(directory.read("w.zip.aa"))),
            (Problems{{Reason::truncated, "zip-truncated"}}));
  EXPECT_EQ(problems_of(structure_of(directory.read("w.zip.ad"))), volume);
}

TEST(ZipStructure, ReadsEncryptionOfACutDownload) {
  const std::string whole = packed_by("zip -q -P pw", "a.zip", {{"a.txt", plain_text()}});
  EXPECT_EQ(
      problems_of(structure_of(whole.substr(0, whole.size() / 2))),
      (Problems{{Reason::encrypted, "zip-traditional"}, {Reason::truncated, "zip-truncated"}}));
}

TEST(ZipStructure, NamesMethodsThatNothingUnpacks) {
  const std::string wide =
      packed_by("7zz a -bso0 -tzip -mm=Deflate64", "a.zip", {{"a", plain_text()}});
  EXPECT_EQ(problems_of(structure_of(wide)), (Problems{{Reason::unsupported, "zip-method-9"}}));
  for (const char* method : {"BZip2", "LZMA", "PPMd"}) {
    const std::string bytes =
        packed_by(std::string("7zz a -bso0 -tzip -mm=") + method, "a.zip", {{"a", plain_text()}});
    EXPECT_EQ(problems_of(structure_of(bytes)), Problems{}) << method;
  }
}

TEST(ZipStructure, ReadsZip64) {
  const TestDirectory directory;
  directory.write("a", plain_text());
  directory.run("zip -q -fz a.zip a");
  const std::string bytes = directory.read("a.zip");
  EXPECT_EQ(problems_of(structure_of(bytes)), Problems{});
  EXPECT_EQ(problems_of(structure_of("MZ prefix" + bytes)), Problems{});
  EXPECT_EQ(structure_of("MZ prefix" + bytes).files, 1U);
}

TEST(ExamineZip, HandsOnProblemsAndSigns) {
  const std::string bytes = packed_by("zip -q -P pw", "a.zip", {{"a.txt", plain_text()}}) + "tail";
  Remarks remarks;
  examine_zip({.bytes = as_bytes(bytes), .type = FileType::zip, .name = {}}, remarks);
  EXPECT_TRUE(remarks.has("zip-traditional"));
  EXPECT_TRUE(remarks.has("zip-trailing-data"));
}

}  // namespace
}  // namespace weir
