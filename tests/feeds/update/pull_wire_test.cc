#include <gtest/gtest.h>

#include "feeds/update/minisign.h"
#include "feeds/update/pull.h"

namespace weir {
namespace {

TEST(MispManifest, NamesEventsAndTheirTimes) {
  const auto entries = read_misp_manifest(
      R"({"5a7f1d3c-0000-4000-8000-000000000001":{"Orgc":{"name":"x","timestamp":"9"},"timestamp":"17","info":"5"},
          "../../etc/passwd":{"timestamp":1},
          "5a7f1d3c-0000-4000-8000-000000000002":{"timestamp":18,"Tag":[{"timestamp":"3"}]}})");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].timestamp, 17U);
  EXPECT_EQ((*entries)[1].timestamp, 18U);
  EXPECT_FALSE(read_misp_manifest("<html>"));
  EXPECT_FALSE(read_misp_manifest(std::string(200, '[')));
  EXPECT_FALSE(read_misp_manifest(R"({"a":)"));
}

TEST(TaxiiEnvelope, MoreAndNext) {
  const auto page = read_taxii_page(
      R"({"objects":[{"more":false,"next":"no","type":"x"}],"more":true,"next":"abc"})");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->next, "abc");
  const auto last = read_taxii_page(R"({"objects":[]})");
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->more);
  EXPECT_FALSE(read_taxii_page("not found"));
}

TEST(Minisign, WhatAKeyLooksLike) {
  EXPECT_TRUE(is_minisign_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"));
  EXPECT_FALSE(is_minisign_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO"));
  EXPECT_FALSE(is_minisign_key(""));
}

}  // namespace
}  // namespace weir
