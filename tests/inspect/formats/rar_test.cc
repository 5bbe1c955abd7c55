#include "inspect/formats/rar.h"

#include <gtest/gtest.h>

#include "tests/inspect/formats/archive_builders.h"

namespace weir {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  Said want;
};

const std::string kData = "some data";  // NOLINT(cert-err58-cpp)

TEST(Rar, ReadsFilesOfOtherPrograms) {
  const std::vector<Case> table{
      {"rar4.rar", {}, {}},
      {"rar5.rar", {}, {}},
      {"rar4-no-end.rar", {}, {}},
      {"rar4-data.rar", {}, {{Reason::encrypted, "rar4-aes128"}}},
      {"rar4-partly.rar", {}, {{Reason::partly_encrypted, "rar4-aes128"}}},
      {"rar4-header.rar", {}, {{Reason::encrypted, "rar4-header"}}},
      {"rar4-first-volume.rar", {}, {{Reason::multi_volume, "rar4-volume"}}},
      {"rar4-last-volume.rar", {}, {{Reason::multi_volume, "rar4-volume"}}},
      {"rar5-last-volume.rar", {}, {{Reason::multi_volume, "rar5-volume"}}},
  };
  for (const Case& row : table) {
    EXPECT_EQ(said_of(examine_rar, archive_file(row.name)), row.want) << row.name;
  }
  EXPECT_EQ(detail_of(examine_rar, archive_file("rar4-partly.rar")), "1 of 2 entries");
}

TEST(Rar, ReadsRar4) {
  const std::string start = rar4_start(), plain = rar4_file(0, kData), end = rar4_end();
  const std::vector<Case> table{
      {"plain", start + plain + end, {}},
      {"no end", start + plain, {}},
      {"aes", start + rar4_file(4, kData) + end, {{Reason::encrypted, "rar4-aes128"}}},
      {"older", start + rar4_file(4, kData, 20) + end, {{Reason::encrypted, "rar4-encrypted"}}},
      {"empty", start + plain + rar4_file(4, kData, 29, 0) + end, {}},
      {"directory", start + plain + rar4_file(0xe4, "") + end, {}},
      {"headers", rar4_start(0x80) + "salt and noise", {{Reason::encrypted, "rar4-header"}}},
      {"volume",
       rar4_start(0x101) + rar4_file(2, kData) + rar4_end(1),
       {{Reason::multi_volume, "rar4-volume"}}},
      {"single volume", rar4_start(0x101) + plain + end, {}},
      {"volume cut in its data",
       rar4_start(1) + rar4_file(2, kData).substr(0, 40),
       {{Reason::multi_volume, "rar4-volume"}}},
      {"cut in the data",
       start + plain.substr(0, plain.size() - 1),
       {{Reason::truncated, "rar4-truncated"}}},
      {"cut in a header", start + plain.substr(0, 20), {{Reason::truncated, "rar4-truncated"}}},
      {"bad checksum",
       start + plain.substr(0, 30) + "X" + plain.substr(31),
       {{Reason::corrupt, "rar4-corrupt"}}},
      {"behind the end", start + plain + end + "junk", {{Reason::none, "rar-trailing-data"}}},
      {"zeros behind the end", start + plain + end + std::string(100, '\0'), {}},
  };
  for (const Case& row : table) EXPECT_EQ(said_of(examine_rar, row.bytes), row.want) << row.name;
}

TEST(Rar, ReadsRar5) {
  const std::string start = rar5_start(), plain = rar5_file("", kData), end = rar5_end(),
                    sealed = rar5_file(rar5_encryption(), kData);
  const std::string first_volume("\1", 1), second_volume("\3\1", 2);
  const std::vector<Case> table{
      {"plain", start + plain + end, {}},
      {"aes", start + sealed + end, {{Reason::encrypted, "rar5-aes256"}}},
      {"partly", start + sealed + plain + end, {{Reason::partly_encrypted, "rar5-aes256"}}},
      {"other record", start + rar5_file(std::string("\2\2\0", 3), kData) + end, {}},
      {"empty", start + plain + rar5_file(rar5_encryption(), kData, 0, 0) + end, {}},
      {"service header", start + plain + rar5_block(3, 0, "x", rar5_encryption()) + end, {}},
      {"headers",
       std::string("Rar!\x1a\x07\x01\0", 8) + rar5_block(4, 0, "keys") + "noise",
       {{Reason::encrypted, "rar5-header"}}},
      {"volume",
       rar5_start(first_volume) + plain + rar5_end(1),
       {{Reason::multi_volume, "rar5-volume"}}},
      {"second volume",
       rar5_start(second_volume) + plain + end,
       {{Reason::multi_volume, "rar5-volume"}}},
      {"single volume", rar5_start(first_volume) + plain + end, {}},
      {"split entry",
       start + rar5_file("", kData, 0x10) + end,
       {{Reason::multi_volume, "rar5-volume"}}},
      {"newer algorithm",
       start + rar5_file("", kData, 0, 100, 1) + end,
       {{Reason::unsupported, "rar7"}}},
      {"no end", start + plain, {{Reason::truncated, "rar5-truncated"}}},
      {"bad checksum", start + "X" + plain.substr(1), {{Reason::corrupt, "rar5-corrupt"}}},
      {"encrypted and cut",
       start + sealed.substr(0, sealed.size() - 1),
       {{Reason::encrypted, "rar5-aes256"}, {Reason::truncated, "rar5-truncated"}}},
      {"behind the end", start + plain + end + "junk", {{Reason::none, "rar-trailing-data"}}},
  };
  for (const Case& row : table) EXPECT_EQ(said_of(examine_rar, row.bytes), row.want) << row.name;
}

TEST(Rar, IsNotEverything) {
  for (const std::string& bytes : {std::string(), std::string("Rar!"), plain_text(),
                                   "x" + rar5_start(), std::string("RE~^ is text")}) {
    const Said said = said_of(examine_rar, bytes);
    EXPECT_TRUE(said.empty() || said[0].second == "rar14") << bytes.substr(0, 10);
  }
  EXPECT_EQ(said_of(examine_rar, std::string("RE~^\7\0\0", 7)),
            (Said{{Reason::unsupported, "rar14"}}));
}

TEST(Rar, NeverCallsACutArchiveClean) {
  const std::string four = rar4_start() + rar4_file(4, kData) + rar4_end(),
                    five = rar5_start() + rar5_file(rar5_encryption(), kData) + rar5_end();
  for (std::size_t size = rar4_start().size() + 1; size < four.size(); ++size) {
    EXPECT_FALSE(said_of(examine_rar, four.substr(0, size)).empty()) << size;
  }
  for (std::size_t size = 8; size < five.size(); ++size) {
    EXPECT_FALSE(said_of(examine_rar, five.substr(0, size)).empty()) << size;
  }
}

}  // namespace
}  // namespace weir
