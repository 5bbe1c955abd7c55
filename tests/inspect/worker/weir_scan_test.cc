// The whole program over its messages: engines, zygote, jail, child.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <variant>

#include "core/digest.h"
#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"
#include "inspect/worker/canary.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEIR_TEST_THREAD_SANITIZER 1
#endif
#endif
#ifdef WEIR_TEST_THREAD_SANITIZER
constexpr bool kBestEffort = true;  // its thread forbids a user namespace
#else
constexpr bool kBestEffort = false;
#endif

struct ChildEnd {
  UniqueFd socket, pidfd;
  std::uint32_t pid = 0;
};

// weir-scan as the gateway starts it.
class Program {
 public:
  explicit Program(ScanOptions options) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    control_.reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    options.best_effort = kBestEffort;
    options.control_fd = 3;
    std::vector<std::string> words = scan_arguments(options);
    words.insert(words.begin(), std::string(WEIR_BIN_DIR) + "/weir-scan");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      if (theirs.get() == 3) ::fcntl(3, F_SETFD, 0);
      if (theirs.get() != 3) ::dup2(theirs.get(), 3);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { end(); }

  int end() {
    control_.reset();
    int status = 0;
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  template <class T>
  T expect(std::vector<UniqueFd>* fds = nullptr) {
    auto datagram = receive_scan_message(control_.get());
    if (!datagram) {
      ADD_FAILURE() << datagram.error().what;
      return {};
    }
    auto message = decode_zygote_message(as_bytes(datagram->bytes));
    if (!message || !std::holds_alternative<T>(*message)) {
      const auto* failed = message ? std::get_if<ScanFailed>(&*message) : nullptr;
      ADD_FAILURE() << "another message " << (failed == nullptr ? "" : failed->text);
      return {};
    }
    if (fds != nullptr) *fds = std::move(datagram->fds);
    return std::get<T>(std::move(*message));
  }

  ChildEnd spawn() {
    EXPECT_TRUE(send_scan_message(control_.get(), encode(SpawnRequest{77})));
    std::vector<UniqueFd> fds;
    const auto spawned = expect<Spawned>(&fds);
    EXPECT_EQ(spawned.id, 77U);
    EXPECT_EQ(fds.size(), 2U);
    if (fds.size() != 2) return {};
    return {std::move(fds[0]), std::move(fds[1]), spawned.pid};
  }

  int control() const { return control_.get(); }
  pid_t pid() const { return pid_; }

 private:
  UniqueFd control_;
  pid_t pid_ = -1;
};

UniqueFd file_of(const std::string& bytes) {
  UniqueFd fd(::memfd_create("sample", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), std::ssize(bytes));
  EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
  return fd;
}

Result<ScanReply> ask(const ChildEnd& child, const std::string& bytes, ScanLimits limits = {}) {
  ScanJob job;
  job.id = 12;
  job.scanners = ScannerSet::from_bits(0x0e);
  job.limits = limits;
  const UniqueFd file = file_of(bytes);
  EXPECT_TRUE(send_scan_message(child.socket.get(), encode(job), std::array{file.get()}));
  auto datagram = receive_scan_message(child.socket.get());
  if (!datagram) return std::unexpected(datagram.error());
  return decode_scan_reply(as_bytes(datagram->bytes));
}

void wait_for_death(const ChildEnd& child) {
  pollfd waiting{.fd = child.pidfd.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waiting, 1, 20'000), 1);
}

class WeirScan : public testing::Test {
 protected:
  ScanOptions options() const {
    return {.rules_dir = std::string(WEIR_SOURCE_DIR) + "/conf/rules",
            .clamav_dir = signatures_.path()};
  }
  TestDirectory signatures_;
};

struct Row {
  const char* name;
  std::string bytes;
  Verdict verdict;
  Reason reason;
  std::string finding;
  ScanLimits limits = {};
};

std::string truncated(std::string bytes) {
  bytes.resize(bytes.size() - 60);
  return bytes;
}

std::vector<Row> rows() {
  const Members one{{"a.txt", plain_text()}};
  return {
      {"text", plain_text(), Verdict::clean, Reason::none, ""},
      {"nothing", "", Verdict::clean, Reason::none, ""},
      {"eicar", eicar(), Verdict::malicious, Reason::none, "weir_eicar_test_file"},
      {"eicar in zip in zip", zip_of("in.zip", zip_of("eicar.com", eicar() + plain_text(500))),
       Verdict::malicious, Reason::none, "weir_eicar_test_file"},
      {"eicar in 7z", pack({{"e", eicar()}}, {.format = archive_write_set_format_7zip}),
       Verdict::malicious, Reason::none, "weir_eicar_test_file"},
      {"encrypted zip", packed_by("zip -q -P pw", "a.zip", one), Verdict::uninspectable,
       Reason::encrypted, "zip-traditional"},
      {"aes zip", packed_by("7zz a -bso0 -tzip -mem=AES256 -ppw", "a.zip", one),
       Verdict::uninspectable, Reason::encrypted, "zip-aes256"},
      {"encrypted 7z", packed_by("7zz a -bso0 -ppw", "a.7z", one), Verdict::uninspectable,
       Reason::encrypted, "7z-aes256"},
      {"bomb",
       zip_of("zeros", std::string(64U << 20, '\0')),
       Verdict::uninspectable,
       Reason::ratio,
       "limit passed",
       {.ratio = 100}},
      {"corrupt zip", truncated(zip_of("a.txt", plain_text())), Verdict::uninspectable,
       Reason::truncated, "zip-truncated"},
      {"large member", zip_of("a", std::string(5U << 20, 'x') + plain_text()), Verdict::clean,
       Reason::none, ""},
  };
}

TEST_F(WeirScan, JudgesFilesInOneChildAndInFreshOnes) {
  Program program(options());
  const auto ready = program.expect<ScanReady>();
  EXPECT_GE(ready.yara_rules, 4U);
  EXPECT_EQ(ready.clamav_signatures, 0U);
  ASSERT_FALSE(ready.warnings.empty());
  EXPECT_EQ(ready.warnings[0], "clamav: no signatures in " + signatures_.path());
  if (!kBestEffort) EXPECT_EQ(ready.warnings.size(), 1U);
  const ChildEnd shared = program.spawn();
  for (const Row& row : rows()) {
    const ChildEnd fresh = program.spawn();
    for (const ChildEnd* child : {&shared, &fresh}) {
      const auto reply = ask(*child, row.bytes, row.limits);
      ASSERT_TRUE(reply) << row.name << ": " << reply.error().what;
      EXPECT_EQ(reply->id, 12U);
      EXPECT_EQ(reply->completed.bits(), 0x0e) << row.name;
      Assessment assessment(ScannerSet::from_bits(0x0e));
      for (const Finding& finding : reply->findings) assessment.add(finding);
      for (const Scanner s : {Scanner::yara, Scanner::clamav, Scanner::structure}) {
        assessment.complete(s);
      }
      EXPECT_EQ(assessment.verdict(), row.verdict) << row.name;
      const auto worst = assessment.worst().value_or(Finding{});
      EXPECT_EQ(worst.reason, row.reason) << row.name;
      EXPECT_EQ(worst.name, row.finding) << row.name;
    }
  }
}

TEST_F(WeirScan, FindsDebiansTestFilesInTheJail) {
  const std::string samples = "/usr/share/clamav-testfiles";
  const std::string program_bytes = read_file(samples + "/clam.exe");
  Digests digests(true);
  digests.update(as_bytes(program_bytes));
  signatures_.write("t.hdb", digests.finish().md5 + ":" + std::to_string(program_bytes.size()) +
                                 ":Test.Sample\n");
  Program program(options());
  EXPECT_EQ(program.expect<ScanReady>().clamav_signatures, 1U);
  const ChildEnd child = program.spawn();
  for (const auto& entry : std::filesystem::directory_iterator(samples)) {
    const auto reply = ask(child, read_file(entry.path()));
    ASSERT_TRUE(reply) << entry.path() << ": " << reply.error().what;
    EXPECT_NE(std::ranges::find(reply->findings, "Test.Sample.UNOFFICIAL", &Finding::name),
              reply->findings.end())
        << entry.path();
  }
}

TEST_F(WeirScan, SaysWhichRuleIsWrongAndEnds) {
  const TestDirectory rules;
  rules.write("x.yar", "rule x {\n condition: nonsense }");
  ScanOptions wrong = options();
  wrong.rules_dir = rules.path();
  Program program(wrong);
  const auto failed = program.expect<ScanFailed>();
  EXPECT_NE(failed.text.find("x.yar:2: "), std::string::npos) << failed.text;
  EXPECT_EQ(program.end(), 1);
}

TEST_F(WeirScan, ChildrenEndWithTheirSocketAndOnNonsense) {
  Program program(options());
  program.expect<ScanReady>();
  ChildEnd idle = program.spawn(), told_nonsense = program.spawn(), without_file = program.spawn();
  idle.socket.reset();
  wait_for_death(idle);
  ASSERT_TRUE(send_scan_message(told_nonsense.socket.get(), "nonsense"));
  wait_for_death(told_nonsense);
  ASSERT_TRUE(send_scan_message(without_file.socket.get(), encode(ScanJob{})));
  wait_for_death(without_file);
  EXPECT_TRUE(ask(program.spawn(), plain_text()));  // the zygote goes on
}

TEST_F(WeirScan, ADeadChildIsSeenAndTheNextWorks) {
  Program program(options());
  program.expect<ScanReady>();
  const ChildEnd child = program.spawn();
  ASSERT_EQ(::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0), 0);
  wait_for_death(child);
  EXPECT_FALSE(receive_scan_message(child.socket.get()));
  EXPECT_TRUE(ask(program.spawn(), plain_text()));
}

TEST_F(WeirScan, EndsWhenTheGatewayDoes) {
  Program program(options());
  program.expect<ScanReady>();
  EXPECT_EQ(program.end(), 0);
}

TEST_F(WeirScan, EndsOnNonsenseFromTheGateway) {
  Program program(options());
  program.expect<ScanReady>();
  ASSERT_TRUE(send_scan_message(program.control(), "nonsense"));
  const auto after = receive_scan_message(program.control());
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, Errc::closed);
}

#ifndef WEIR_TEST_THREAD_SANITIZER
TEST_F(WeirScan, ChildrenDieWithTheZygote) {
  Program program(options());
  program.expect<ScanReady>();
  const ChildEnd child = program.spawn();
  ASSERT_EQ(::kill(program.pid(), SIGKILL), 0);
  wait_for_death(child);
}

TEST_F(WeirScan, AChildIsNobodyWithoutPrivileges) {
  Program program(options());
  program.expect<ScanReady>();
  const ChildEnd child = program.spawn();
  ASSERT_TRUE(ask(child, plain_text()));
  const std::string status = read_file("/proc/" + std::to_string(child.pid) + "/status");
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos);
  EXPECT_NE(status.find("CapEff:\t0000000000000000"), std::string::npos);
  EXPECT_EQ(status.find("Uid:\t0"), std::string::npos);
}
#endif

#ifndef WEIR_SANITIZED
TEST_F(WeirScan, AChildCannotEatAllMemory) {
  ScanOptions small = options();
  small.memory_bytes = 64U << 20;
  Program program(small);
  program.expect<ScanReady>();
  const auto reply =
      ask(program.spawn(), zip_of("a", std::string(200U << 20, 'x')), {.ratio = 1U << 30});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->findings.at(0).reason, Reason::too_large);
}
#endif

TEST(Canary, IsPackedOutOfSight) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const auto archive = canary_archive(secret);
  ASSERT_TRUE(archive);
  EXPECT_EQ(archive->find(secret), std::string::npos);
}

}  // namespace
}  // namespace weir
