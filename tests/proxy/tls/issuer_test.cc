// The issuer with the real weir-sign, and with signers that misbehave.
#include "proxy/tls/issuer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "core/metrics.h"
#include "proxy/tls/ca.h"
#include "proxy/tls/leaf.h"
#include "proxy/tls/sign_wire.h"
#include "proxy/tls/signer_process.h"
#include "proxy/tls/verify.h"
#include "tests/proxy/tls/tls_ends.h"

namespace weir {
namespace {

#ifdef WEIR_SANITIZED
constexpr bool kSanitized = true;  // whose runtimes cannot enter every layer of the jail
#else
constexpr bool kSanitized = false;
#endif

using LeafResult = Result<std::shared_ptr<const Leaf>>;

class IssuerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "weir-issuer-XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
    const auto made = create_ca_apart(start().program, dir_);
    ASSERT_TRUE(made) << made.error().what;
    ca_ = *read_ca(dir_ + "/ca.pem");
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  SignerStart start() const {
    return {WEIR_BIN_DIR "/weir-sign",
            dir_ + "/ca.pem",
            dir_ + "/ca.key",
            "http://127.0.0.1:8081/ca.crl",
            2,
            kSanitized};
  }

  std::unique_ptr<SignerIssuer> issuer_on(UniqueFd socket) {
    return make_issuer(loop_, std::move(socket), *make_leaf_key(), ca_, settings_, metrics_,
                       [this] { ++lost_; });
  }

  // One end for the issuer, the other for a signer that the test plays.
  std::unique_ptr<SignerIssuer> played() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()), 0);
    signer_.reset(fds[1]);
    return issuer_on(UniqueFd(fds[0]));
  }

  std::optional<SignRequest> next_request() {
    std::array<std::uint8_t, 2048> block{};
    const ssize_t got = ::recv(signer_.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (got <= 0) return std::nullopt;
    return *decode_sign_request({block.data(), static_cast<std::size_t>(got)});
  }

  void say(const std::string& bytes) {
    EXPECT_EQ(::send(signer_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

  SystemClock clock_;
  Loop loop_{clock_};
  Metrics metrics_;
  TlsSettings settings_;
  std::string dir_;
  CaCertificate ca_;
  UniqueFd signer_;
  int lost_ = 0;
};

Co<void> ask(Issuer* issuer, std::string host, std::optional<LeafResult>* into) {
  *into = co_await issuer->leaf_for(std::move(host));
}

Co<void> ask_crl(SignerIssuer* issuer, std::optional<Result<std::string>>* into) {
  *into = co_await issuer->crl();
}

TEST_F(IssuerTest, TheRealSignerMintsWhatTheCaVouchesFor) {
  auto process = SignerProcess::start(start(), settings_);
  ASSERT_TRUE(process) << process.error().what;
  EXPECT_EQ(process->ca_sha256(), ca_.sha256);
  const auto trust = test::trust({x509_from_der(as_bytes(ca_.der)).get()});
  std::vector<std::unique_ptr<SignerIssuer>> kept;  // the signer goes with the last of its sockets
  for (unsigned loop = 0; loop < 2; ++loop) {
    kept.push_back(issuer_on(process->take_socket(loop)));
    SignerIssuer* issuer = kept.back().get();
    const auto leaf = test::run(loop_, issuer->leaf_for("www.example.test"));
    ASSERT_TRUE(leaf) << leaf.error().what;
    const ChainInput input{{der_of(*(*leaf)->cert)}, "www.example.test", clock_.wall(), "", "off"};
    const auto judged = judge_chain(*trust, input);
    EXPECT_TRUE(judged.ok) << judged.detail;
    const auto same = test::run(loop_, issuer->leaf_for("www.example.test"));
    EXPECT_EQ(*leaf, *same) << "from the cache";
    const auto crl = test::run(loop_, issuer->crl());
    EXPECT_TRUE(crl && !crl->empty());
    EXPECT_EQ(test::run(loop_, issuer->leaf_for("*.example.test")).error().code, Errc::invalid);
  }
  EXPECT_TRUE(process->alive());
}

TEST_F(IssuerTest, ADeadSignerIsACrashAndANewOneHelps) {
  auto process = SignerProcess::start(start(), settings_);
  ASSERT_TRUE(process);
  auto issuer = issuer_on(process->take_socket(0));
  ::kill(process->pid(), SIGKILL);
  EXPECT_EQ(test::run(loop_, issuer->leaf_for("a.test")).error().code, Errc::crashed);
  EXPECT_EQ(test::run(loop_, issuer->leaf_for("a.test")).error().code, Errc::crashed);
  EXPECT_EQ(lost_, 1);
  EXPECT_FALSE(issuer->connected());
  auto next = SignerProcess::start(start(), settings_);
  ASSERT_TRUE(next);
  issuer->attach(next->take_socket(0));
  EXPECT_TRUE(test::run(loop_, issuer->leaf_for("a.test")));
}

TEST_F(IssuerTest, TheSignerEndsOnNonsense) {
  auto process = SignerProcess::start(start(), settings_);
  ASSERT_TRUE(process);
  const UniqueFd socket = process->take_socket(0);
  ASSERT_EQ(::send(socket.get(), "nonsense", 8, 0), 8);
  std::array<char, 16> block{};
  EXPECT_EQ(::recv(socket.get(), block.data(), block.size(), 0), 0);
}

TEST_F(IssuerTest, ADamagedCaFileIsNamed) {
  std::ofstream(dir_ + "/ca.pem") << "damaged";
  const auto process = SignerProcess::start(start(), settings_);
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().what.find(dir_ + "/ca.pem"), std::string::npos) << process.error().what;
}

TEST_F(IssuerTest, AMissingProgramIsNamed) {
  SignerStart wrong = start();
  wrong.program = "/does/not/exist";
  EXPECT_FALSE(SignerProcess::start(wrong, settings_));
  wrong.program = "/bin/true";
  EXPECT_EQ(SignerProcess::start(wrong, settings_).error().code, Errc::crashed);
}

TEST_F(IssuerTest, ManyWhoWantTheSameHostAskOnce) {
  auto issuer = played();
  std::array<std::optional<LeafResult>, 3> answers;
  for (auto& answer : answers) test::spawn(loop_, ask(issuer.get(), "a.test", &answer));
  test::settle(loop_);
  const auto request = next_request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->host, "a.test");
  EXPECT_FALSE(next_request()) << "once";
  say(encode(SignReply{SignReply::Kind::error, request->id, "invalid: no"}));
  test::settle(loop_);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error().code, Errc::invalid);
  }
}

TEST_F(IssuerTest, WrongAnswersAreNotBelieved) {
  struct Case {
    const char* name;
    SignReply::Kind kind;
    std::string body;
    Errc want;
  };
  const Case cases[] = {
      {"another key's certificate", SignReply::Kind::leaf, ca_.der, Errc::invalid},
      {"no certificate", SignReply::Kind::leaf, "junk", Errc::invalid},
      {"a list", SignReply::Kind::crl, "junk", Errc::invalid},
      {"too fast", SignReply::Kind::error, "rate: slow down", Errc::busy}};
  for (const Case& wrong : cases) {
    auto issuer = played();
    std::optional<LeafResult> answer;
    test::spawn(loop_, ask(issuer.get(), "a.test", &answer));
    test::settle(loop_);
    const auto request = next_request();
    ASSERT_TRUE(request) << wrong.name;
    say(encode(SignReply{wrong.kind, request->id, wrong.body}));
    test::settle(loop_);
    ASSERT_TRUE(answer) << wrong.name;
    EXPECT_EQ(answer->error().code, wrong.want) << wrong.name;
  }
}

TEST_F(IssuerTest, StrayAnswersAreIgnoredAndNonsenseEndsIt) {
  auto issuer = played();
  std::optional<LeafResult> answer;
  test::spawn(loop_, ask(issuer.get(), "a.test", &answer));
  test::settle(loop_);
  say(encode(SignReply{SignReply::Kind::leaf, 9999, "for nobody"}));
  test::settle(loop_);
  EXPECT_FALSE(answer);
  EXPECT_TRUE(issuer->connected());
  say("nonsense");
  test::settle(loop_);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, Errc::crashed);
  EXPECT_EQ(lost_, 1);
}

TEST_F(IssuerTest, TheCrlHasItsOwnAnswer) {
  auto issuer = played();
  std::optional<Result<std::string>> answer;
  test::spawn(loop_, ask_crl(issuer.get(), &answer));
  test::settle(loop_);
  const auto request = next_request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, SignRequest::Kind::crl);
  say(encode(SignReply{SignReply::Kind::crl, request->id, "the list"}));
  test::settle(loop_);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(**answer, "the list");
}

TEST_F(IssuerTest, ASilentSignerIsGivenUpAfterTwoSeconds) {
  ManualClock clock;
  Loop loop(clock);
  std::array<int, 2> fds{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()), 0);
  signer_.reset(fds[1]);
  auto issuer = make_issuer(loop, UniqueFd(fds[0]), *make_leaf_key(), ca_, settings_, metrics_);
  EXPECT_EQ(
      test::run_past(loop, clock, std::chrono::seconds(3), issuer->leaf_for("a.test")).error().code,
      Errc::busy);
  EXPECT_TRUE(next_request());
  EXPECT_EQ(
      test::run_past(loop, clock, std::chrono::seconds(3), issuer->leaf_for("a.test")).error().code,
      Errc::busy);
  EXPECT_TRUE(next_request()) << "asked again, not left with the lost question";
}

}  // namespace
}  // namespace weir
