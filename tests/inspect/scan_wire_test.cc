#include "inspect/scan_wire.h"
#include "inspect/scan_options.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace weir {
namespace {

ScanReply a_reply() {
  ScanReply reply;
  reply.id = 0x1122334455667788;
  reply.completed.add(Scanner::yara);
  reply.completed.add(Scanner::structure);
  reply.artifacts = 7;
  reply.page_words = {"1234", "パスワード"};
  reply.findings = {
      {Scanner::structure, Verdict::uninspectable, Reason::encrypted, "zip-aes256", ""},
      {Scanner::yara, Verdict::malicious, Reason::none, "rule", "a.zip!/b.exe"}};
  return reply;
}

ScanJob a_job() {
  ScanJob job;
  job.id = 42;
  job.scanners.add(Scanner::clamav);
  job.name = "report.pdf";
  job.limits = {.depth = 3,
                .entries = 4,
                .entry_bytes = 5,
                .total_bytes = 1ULL << 40,
                .ratio = 7,
                .time = std::chrono::milliseconds(1500)};
  return job;
}

ScanReady a_ready() {
  return {.generation = "abc",
          .yara_rules = 3,
          .clamav_signatures = 4,
          .clamav_time = 1'800'000'000,
          .warnings = {"clamav: no signatures in /x", "y"}};
}

template <class T>
ByteView view(const T& encoded) {
  return as_bytes(encoded);
}

TEST(ScanWire, AJobMayAskForAFileInside) {
  ScanJob job = a_job();
  job.take_out = std::string(64, 'a');
  EXPECT_EQ(*decode_scan_job(view(encode(job))), job);
}

TEST(ScanWire, KeepsWhatItEncodes) {
  EXPECT_EQ(*decode_scan_reply(view(encode(a_reply()))), a_reply());
  EXPECT_EQ(*decode_scan_job(view(encode(a_job()))), a_job());
  EXPECT_EQ(*decode_spawn_request(view(encode(SpawnRequest{9}))), SpawnRequest{9});
  const std::vector<std::pair<std::string, ZygoteMessage>> table{
      {encode(a_ready()), a_ready()},
      {encode(ScanFailed{"x.yar:12: no"}), ScanFailed{"x.yar:12: no"}},
      {encode(Spawned{.id = 1, .pid = 2}), Spawned{.id = 1, .pid = 2}},
      {encode(SpawnFailed{.id = 1, .text = "fork"}), SpawnFailed{.id = 1, .text = "fork"}},
  };
  for (const auto& [bytes, want] : table) EXPECT_EQ(*decode_zygote_message(view(bytes)), want);
}

TEST(ScanWire, RefusesEveryPrefixAndEveryExtraByte) {
  for (const std::string& whole : {encode(a_reply()), encode(a_job()), encode(a_ready())}) {
    for (std::size_t size = 0; size <= whole.size() + 1; ++size) {
      if (size == whole.size()) continue;
      std::string other = whole.substr(0, size);
      if (size > whole.size()) other += '\0';
      const std::size_t told = other.size();  // also with a length that fits
      for (const bool corrected : {false, true}) {
        if (corrected && told >= 4) {
          for (unsigned i = 0; i < 4; ++i) other[i] = static_cast<char>(told >> (24 - 8 * i));
        }
        EXPECT_FALSE(decode_scan_reply(view(other)));
        EXPECT_FALSE(decode_scan_job(view(other)));
        EXPECT_FALSE(decode_zygote_message(view(other)));
      }
    }
  }
}

struct Damage {
  const char* name;
  std::size_t at;
  char value;
};

TEST(ScanWire, RefusesDamagedReplies) {
  // Header 8, id 8, completed 1, artifacts 4, count 2; then scanner, verdict, reason, name size.
  constexpr std::array kTable{
      Damage{"version", 4, 3},
      Damage{"kind", 5, 6},
      Damage{"unknown kind", 5, 99},
      Damage{"reserved", 7, 1},
      Damage{"scanner set", 16, 0x10},
      Damage{"count", 21, 1},
      Damage{"scanner", 23, 4},
      Damage{"verdict", 24, 4},
      Damage{"reason", 25, 18},
      Damage{"uninspectable without reason", 25, 0},
      Damage{"clean with reason", 24, 0},
      Damage{"name too long", 26, 2},
  };
  for (const Damage& damage : kTable) {
    std::string bytes = encode(a_reply());
    ASSERT_NE(bytes[damage.at], damage.value) << damage.name;
    bytes[damage.at] = damage.value;
    const auto decoded = decode_scan_reply(view(bytes));
    ASSERT_FALSE(decoded) << damage.name;
    EXPECT_EQ(decoded.error().code, Errc::malformed) << damage.name;
  }
}

TEST(ScanWire, RefusesATimeOfMoreThanADay) {
  std::string bytes = encode(a_job());
  bytes[bytes.size() - 9] = 1;
  EXPECT_FALSE(decode_scan_job(view(bytes)));
}

TEST(ScanWire, CutsTextsAndKeepsTheGravestFindings) {
  ScanReply reply;
  for (int i = 0; i < 100; ++i) {
    reply.findings.push_back({Scanner::yara, Verdict::suspicious, Reason::none,
                              std::string(5000, 'n'), std::string(5000, 'w')});
  }
  reply.findings[99].verdict = Verdict::malicious;
  const std::string bytes = encode(reply);
  EXPECT_LE(bytes.size(), kMaxScanMessage);
  const auto decoded = decode_scan_reply(view(bytes));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->findings.size(), kMaxScanFindings);
  EXPECT_EQ(decoded->findings[0].verdict, Verdict::malicious);
  EXPECT_EQ(decoded->findings[0].name.size(), kMaxFindingName);
  EXPECT_EQ(decoded->findings[0].where.size(), kMaxScanText);
}

struct Pair {
  UniqueFd a, b;
};

Pair socket_pair(int flags = 0) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

TEST(ScanWire, PassesDescriptors) {
  const Pair pair = socket_pair();
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading(pipe_ends[0]), writing(pipe_ends[1]);
  ASSERT_TRUE(send_scan_message(pair.a.get(), encode(SpawnRequest{1}), std::array{writing.get()}));
  const auto got = receive_scan_message(pair.b.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, encode(SpawnRequest{1}));
  ASSERT_EQ(got->fds.size(), 1U);
  EXPECT_NE(::fcntl(got->fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(::write(got->fds[0].get(), "x", 1), 1);
  char c = 0;
  EXPECT_EQ(::read(reading.get(), &c, 1), 1);
}

TEST(ScanWire, RefusesMoreDescriptorsAndBytesThanAgreed) {
  const Pair pair = socket_pair();
  const std::array three{0, 1, 2};
  EXPECT_FALSE(send_scan_message(pair.a.get(), "x", three));
  EXPECT_FALSE(send_scan_message(pair.a.get(), std::string(kMaxScanMessage + 1, 'x')));
  const std::string large(kMaxScanMessage + 1, 'x');
  ASSERT_EQ(::send(pair.a.get(), large.data(), large.size(), 0), std::ssize(large));
  const auto got = receive_scan_message(pair.b.get());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::malformed);
}

TEST(ScanWire, TellsWaitingFromClosing) {
  Pair pair = socket_pair(SOCK_NONBLOCK);
  const auto waiting = receive_scan_message(pair.a.get());
  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().code, Errc::busy);
  EXPECT_TRUE(waiting.error().retryable);
  pair.b.reset();
  const auto closed = receive_scan_message(pair.a.get());
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Errc::closed);
  EXPECT_EQ(send_scan_message(pair.a.get(), "x").error().code, Errc::closed);
}

TEST(ScanWire, ReadsItsOwnArguments) {
  const ScanOptions options{.control_fd = 7,
                            .rules_dir = "/r",
                            .clamav_dir = "/c",
                            .publisher_roots = "/p",
                            .best_effort = true,
                            .memory_bytes = 12345};
  EXPECT_EQ(*parse_scan_arguments(scan_arguments(options)), options);
  const std::vector<std::vector<std::string>> wrong{
      {"--rules"}, {"--isolation", "none"}, {"--control-fd", "x"}, {"--unknown", "1"}};
  for (const auto& arguments : wrong) EXPECT_FALSE(parse_scan_arguments(arguments));
}

}  // namespace
}  // namespace weir
