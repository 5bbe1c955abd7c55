#include "proxy/http/h2_meter.h"

#include <gtest/gtest.h>

#include "tests/proxy/http/h2_frames.h"

namespace weir {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the vocabulary of these tests

LimitSettings small_limits() {
  LimitSettings limits;
  limits.h2_control_frames_per_second = 5;
  limits.h2_resets_per_minute = 3;
  limits.header_bytes = 1000;
  return limits;
}

std::string verdict(const Result<void>& result) { return result ? "" : result.error().what; }

std::string scan(const std::string& bytes, std::size_t split, H2Role role = H2Role::server) {
  const ManualClock clock;
  H2Meter meter(role, small_limits(), clock);
  const auto all = as_bytes(bytes);
  if (auto first = meter.scan(all.first(split)); !first) return verdict(first);
  return verdict(meter.scan(all.subspan(split)));
}

TEST(H2Meter, NamesTheFloodAtEverySplit) {
  struct Case {
    const char* name;
    std::string frames;
    const char* want;
  };
  const std::string open_block = frame(kHeaders, kNone, 1, "x");
  const std::vector<Case> cases = {
      {"quiet", times(4, frame(kPing, kNone, 0, "12345678")), ""},
      {"ping", times(6, frame(kPing, kNone, 0, "12345678")), "control frames"},
      {"settings", times(6, settings()), "control frames"},
      {"settings ack", times(6, frame(kSettings, kAck, 0)), "control frames"},
      {"priority", times(6, frame(kPriority, kNone, 1, "12345")), "control frames"},
      {"window", times(6, window(0, 1)), "control frames"},
      {"unknown", times(6, frame(0x42, kNone, 0, "zz")), "control frames"},
      {"empty data", times(6, data(1, "")), "control frames"},
      {"data", times(50, data(1, "x")), ""},
      {"ended data", times(50, data(1, "", true)), ""},
      {"resets", times(4, rst(1, 8)), "stream resets"},
      {"few resets", times(3, rst(1, 8)), ""},
      {"continuations", open_block + times(9, frame(kContinuation, kNone, 1, "")), "CONTINUATION"},
      {"few continuations", open_block + times(8, frame(kContinuation, kNone, 1, "")), ""},
      {"big block", frame(kHeaders, kEndHeaders, 1, std::string(2001, 'x')), "a header block"},
      {"grown block", open_block + frame(kContinuation, kNone, 1, std::string(2000, 'x')),
       "a header block"},
      {"many blocks", times(50, frame(kHeaders, kEndHeaders, 1, std::string(1900, 'x'))), ""},
  };
  for (const auto& each : cases) {
    const std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + each.frames;
    for (std::size_t split = 0; split <= std::min<std::size_t>(bytes.size(), 300); ++split) {
      const std::string got = scan(bytes, split);
      ASSERT_EQ(got.empty(), *each.want == '\0') << each.name << " split " << split << got;
      ASSERT_NE(got.find(each.want), std::string::npos) << each.name << " split " << split;
    }
  }
}

TEST(H2Meter, WindowsPass) {
  ManualClock clock;
  H2Meter meter(H2Role::client, small_limits(), clock);
  const std::string pings = times(5, frame(kPing, kNone, 0, "12345678"));
  ASSERT_TRUE(meter.scan(as_bytes(pings)));
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(meter.scan(as_bytes(frame(kPing, kNone, 0, "12345678"))));
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(meter.scan(as_bytes(pings)));
}

TEST(H2Meter, DataSentEarnsWindowUpdates) {
  const ManualClock clock;
  H2Meter meter(H2Role::client, small_limits(), clock);
  for (int i = 0; i < 10; ++i) meter.earn();
  EXPECT_TRUE(meter.scan(as_bytes(times(25, window(1, 100)))));
  EXPECT_FALSE(meter.scan(as_bytes(window(1, 100))));
}

TEST(H2Meter, KnowsAHeadInProgress) {
  const ManualClock clock;
  H2Meter meter(H2Role::server, small_limits(), clock);
  const std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings() +
                            frame(kHeaders, kNone, 1, "ab") +
                            frame(kContinuation, kEndHeaders, 1, "cd");
  std::string pending;
  for (const char c : bytes) {
    ASSERT_TRUE(meter.scan(as_bytes(std::string_view(&c, 1))));
    pending += meter.head_pending() ? '1' : '0';
  }
  EXPECT_EQ(pending, std::string(23, '1') + std::string(1 + 9 + 8, '0') +
                         std::string(2 + 1 + 9 + 1, '1') + "0");
}

}  // namespace
}  // namespace weir
