#include "inspect/formats/other_archives.h"

#include <gtest/gtest.h>

#include "tests/inspect/formats/archive_builders.h"

namespace weir {
namespace {

using std::string_literals::operator""s;

Said said(const std::string& bytes) { return said_of(examine_other_archives, bytes); }

TEST(OtherArchives, ReadArj) {
  const Members two{{"a", plain_text()}, {"b", plain_text(50)}};
  const std::string plain = packed_by("arj a -i", "a.arj", two),
                    garbled = packed_by("arj a -i -gpw", "a.arj", two);
  const std::pair<Reason, std::string> unopened{Reason::unsupported, "arj"};
  EXPECT_EQ(said(plain), Said{unopened});
  EXPECT_EQ(said(garbled), (Said{{Reason::encrypted, "arj-garbled"}, unopened}));
  const TestDirectory directory;
  directory.write("a", plain_text());
  directory.write("b", plain_text());
  directory.run("arj a -i x.arj a && arj a -i -gpw x.arj b");
  EXPECT_EQ(said(directory.read("x.arj")),
            (Said{{Reason::partly_encrypted, "arj-garbled"}, unopened}));
  EXPECT_EQ(said(plain.substr(0, plain.size() - 2)),
            (Said{{Reason::truncated, "arj-truncated"}, unopened}));
  EXPECT_EQ(said("\x60\xea" + plain_text()), Said{});
}

TEST(OtherArchives, ReadVolumesOfArj) {
  const TestDirectory directory;
  std::string noise;
  for (unsigned x = 1; noise.size() < 60'000; x = x * 1103515245U + 12345U) {
    noise += static_cast<char>(x >> 16);
  }
  directory.write("a", noise);
  directory.run("arj a -i -y -v25k x.arj a");
  for (const char* name : {"x.arj", "x.a01"}) {
    const Said found = said(directory.read(name));
    EXPECT_NE(std::ranges::find(found, std::pair(Reason::multi_volume, "arj-volume"s)), found.end())
        << name;
  }
}

struct Case {
  const char* name;
  std::string bytes;
  Said want;
};

TEST(OtherArchives, KnowEncryptionAndVolumes) {
  const auto unopened = [](const char* name) {
    return std::pair<Reason, std::string>{Reason::unsupported, name};
  };
  const std::string line = "StuffIt (c)1997-2002 Aladdin Systems, Inc., http://www.aladdinsys.com"s;
  const std::string five = line + std::string(82 - line.size(), '\0') + "\x05";
  const std::vector<Case> table{
      {"ace", ace_start() + ace_file(0, "data"), {unopened("ace")}},
      {"ace encrypted",
       ace_start() + ace_file(0x4000, "data"),
       {{Reason::encrypted, "ace-encrypted"}, unopened("ace")}},
      {"ace partly",
       ace_start() + ace_file(0x4000, "data") + ace_file(0, "d"),
       {{Reason::partly_encrypted, "ace-encrypted"}, unopened("ace")}},
      {"ace volume",
       ace_start(0x0800) + ace_file(0x2000, "data"),
       {{Reason::multi_volume, "ace-volume"}, unopened("ace")}},
      {"stuffit", stuffit_start() + stuffit_entry(0, 13, "data"), {unopened("stuffit")}},
      {"stuffit encrypted",
       stuffit_start() + stuffit_entry(0x20, 0, "") + stuffit_entry(0x80, 0x8d, "data"),
       {{Reason::encrypted, "stuffit-encrypted"}, unopened("stuffit")}},
      {"stuffit 5", five + "\x10", {unopened("stuffit5")}},
      {"stuffit 5 encrypted",
       five + "\x90",
       {{Reason::encrypted, "stuffit-encrypted"}, unopened("stuffit5")}},
      {"sitx", "StuffIt!xxxx", {unopened("sitx")}},
      {"alz", "ALZ\x01"s + little(10, 4) + alz_entry(false, "data"), {unopened("alz")}},
      {"alz encrypted",
       "ALZ\x01"s + little(10, 4) + alz_entry(true, "data"),
       {{Reason::encrypted, "alz-encrypted"}, unopened("alz")}},
      {"alz partly",
       "ALZ\x01"s + little(10, 4) + alz_entry(false, "data") + alz_entry(true, "data"),
       {{Reason::partly_encrypted, "alz-encrypted"}, unopened("alz")}},
      {"egg", egg_start() + egg_entry(false, "data"), {unopened("egg")}},
      {"egg encrypted",
       egg_start() + egg_entry(true, "data"),
       {{Reason::encrypted, "egg-encrypted"}, unopened("egg")}},
      {"egg partly",
       egg_start() + egg_entry(true, "data") + egg_entry(false, "data"),
       {{Reason::partly_encrypted, "egg-encrypted"}, unopened("egg")}},
      {"lrzip", "LRZI\0\6"s + std::string(18, '\0'), {unopened("lrzip")}},
      {"lrzip encrypted",
       "LRZI\0\6"s + std::string(16, '\0') + "\1\0"s,
       {{Reason::encrypted, "lrzip-encrypted"}}},
      {"zpaq", "zPQ\1\1"s, {unopened("zpaq")}},
      {"zoo", "ZOO 2.10 Archive.\x1a\0\0\xdc\xa7\xc4\xfd\x22"s, {unopened("zoo")}},
      {"arc",
       "\x1a\2NAME.TXT\0\0\0\0\0"s + little(3, 4) + little(0, 6) + little(3, 4) + "abc" + "\x1a\0"s,
       {unopened("arc")}},
      {"arc that leads nowhere", "\x1a\2NAME.TXT\0\0\0\0\0"s + std::string(40, 'x'), {}},
      {"cab", "MSCF\0\0\0\0"s + std::string(28, '\0'), {}},
      {"cab with a next one",
       "MSCF\0\0\0\0"s + std::string(22, '\0') + "\2\0"s,
       {{Reason::multi_volume, "cab-volume"}}},
      {"lha", "\x22\x0c-lh5-"s + std::string(40, '\0'), {}},
      {"xar", "xar!\0\x1c\0\1"s + std::string(40, '\0'), {}},
      {"text", plain_text(), {}},
      {"nothing", "", {}},
  };
  for (const Case& row : table) EXPECT_EQ(said(row.bytes), row.want) << row.name;
}

}  // namespace
}  // namespace weir
