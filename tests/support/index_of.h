// An index of a few indicators, for tests: what the updater would have built.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "feeds/index.h"
#include "feeds/index_builder.h"

namespace weir {

struct ListedIn {
  IndicatorKind kind = IndicatorKind::domain;
  std::string value;
  std::string source = "feed";
  Threat threat = Threat::malware;
  std::uint8_t confidence = 80;
  std::string category{}, note{};
};

inline void write_index(const std::string& path, const std::vector<ListedIn>& listed) {
  SystemRandom random;
  IndexBuilder builder(random, WallTime(std::chrono::seconds(1'700'000'000)));
  for (const ListedIn& one : listed) {
    auto indicator = canonical_indicator(one.kind, one.value);
    ASSERT_TRUE(indicator) << one.value;
    indicator->about.source = one.source;
    indicator->about.threat = one.threat;
    indicator->about.confidence = one.confidence;
    indicator->about.category = one.category;
    indicator->about.note = one.note;
    ASSERT_TRUE(builder.add(*indicator)) << one.value;
  }
  ASSERT_TRUE(builder.write(path)) << path;
}

inline std::shared_ptr<const Index> index_of(const std::vector<ListedIn>& listed) {
  const std::string path =
      testing::TempDir() + "weir_index_of_" + std::to_string(::getpid()) + ".idx";
  write_index(path, listed);
  auto index = Index::open(path);
  EXPECT_TRUE(index) << (index ? "" : index.error().what);
  ::unlink(path.c_str());
  return index ? *index : Index::empty();
}

}  // namespace weir
