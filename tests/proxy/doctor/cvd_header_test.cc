#include "proxy/doctor/cvd_header.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

std::string header(std::string text) {
  text.resize(kCvdHeaderBytes, ' ');
  return text;
}

TEST(CvdHeader, ReadsWhatFreshclamLeaves) {
  const struct {
    const char* name;
    std::string input;
    std::optional<CvdHeader> want;
  } rows[] = {
      {"with seconds",
       header("ClamAV-VDB:16 Sep 2021 08-32 -0400:62:6647427:90:0123:SIG:sigmgr:1631795562"),
       CvdHeader{62, 6647427, 1631795562}},
      {"without", header("ClamAV-VDB:16 Sep 2021 08-32 -0400:62:100:90:0123:SIG:sigmgr"),
       CvdHeader{62, 100, 0}},
      {"more fields", header("ClamAV-VDB:t:1:2:3:m:s:b:77:later"), CvdHeader{1, 2, 77}},
      {"another file", header("GIF89a:t:1:2:3:m:s:b:77"), std::nullopt},
      {"too few fields", header("ClamAV-VDB:t:1:2"), std::nullopt},
      {"no number", header("ClamAV-VDB:t:x:2:3:m:s:b:77"), std::nullopt},
      {"too large a number", header("ClamAV-VDB:t:99999999999:2:3:m:s:b:77"), std::nullopt},
      {"cut", "ClamAV-VDB:t:1:2:3:m:s:b:77", std::nullopt},
      {"empty", "", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_cvd_header(row.input), row.want) << row.name;
}

}  // namespace
}  // namespace weir
