#include "proxy/readiness.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ReadinessTest, EachTroubleIsNamed) {
  const struct {
    Readiness found;
    bool ready;
    const char* says;
  } rows[] = {
      {{}, true, "\"reasons\":[],\"warnings\":[]"},
      {{.scanners = false}, false, "no scan engine"},
      {{.signer = false}, false, "weir-sign"},
      {{.events = false}, false, "events.on_full"},
      {{.draining = true}, false, "draining"},
      {{.warnings = {"the policy has \"mistakes\""}},
       true,
       "[\"the policy has \\\"mistakes\\\"\"]"},
  };
  for (const auto& row : rows) {
    const std::string json = readiness_json(row.found);
    EXPECT_EQ(row.found.ready(), row.ready) << row.says;
    EXPECT_NE(json.find(row.says), std::string::npos) << json;
    EXPECT_NE(json.find(row.ready ? "{\"ready\":true" : "{\"ready\":false"), std::string::npos)
        << json;
  }
}

}  // namespace
}  // namespace weir
