// ClientTls with OpenSSL clients of every temper.
#include <gtest/gtest.h>

#include "proxy/tls/leaf.h"
#include "proxy/tls/ticket_keys.h"
#include "proxy/tls/tls.h"
#include "tests/proxy/tls/tls_ends.h"

namespace weir {
namespace {

using namespace test;

using Accepted = Result<std::unique_ptr<TlsStream>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

int refuse(X509_STORE_CTX* context, void* error) {
  X509_STORE_CTX_set_error(context, *static_cast<int*>(error));
  return 0;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<SessionPtr*>(SSL_get_app_data(ssl))->reset(session);
  return 1;
}

class ClientTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ClientTls::make(settings_, clock_);
    ASSERT_TRUE(made);
    tls_ = std::move(*made);
    set_common_options(client_context_.get());
    SSL_CTX_set_session_cache_mode(client_context_.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client_context_.get(), keep_session);
    key_ = *LeafKey::make();
  }

  // A leaf as the issuer would make it, signed by a test root.
  std::shared_ptr<const Leaf> leaf(const std::string& host) {
    CertOrder order;
    order.name = host;
    Certified made = certify(order, &root_);
    X509_set_pubkey(made.cert.get(), key_->get());
    X509_sign(made.cert.get(), root_.key.get(), EVP_sha256());
    return *make_leaf(host, made.der(), key_, nullptr, clock_.wall());
  }

  Accepted meet(const std::string& host = "a.test", bool offer_h2 = true) {
    auto [near, far] = memory_pipe(loop_, {});
    client_below_ = far.get();
    client_ = {plain_end(client_context_.get(), std::move(far), false), {}};
    SSL_set_app_data(client_.end->ssl(), &session_);
    if (offered_) SSL_set_session(client_.end->ssl(), offered_.get());
    if (!alpn_.empty()) {
      SSL_set_alpn_protos(client_.end->ssl(), as_bytes(alpn_).data(),
                          static_cast<unsigned>(alpn_.size()));
    }
    spawn(loop_, shake_hands(&client_, &clock_));
    auto accepted = run(loop_, tls_->accept(std::move(near), "", leaf(host), offer_h2, kLimit));
    settle(loop_);
    return accepted;
  }

  // A first visit whose ticket is kept for the next.
  void take_ticket(const std::string& host) {
    auto first = meet(host);
    ASSERT_TRUE(first);
    read_now(loop_, *client_.end);
    ASSERT_NE(session_, nullptr);
    offered_ = std::move(session_);
  }

  bool resumes(const std::string& host) {
    auto again = meet(host);
    return again && (*again)->info().resumed;
  }

  TlsSettings settings_;
  ManualClock clock_;
  Loop loop_{clock_};
  Certified root_ = make_root();
  std::shared_ptr<const LeafKey> key_;
  std::unique_ptr<ClientTls> tls_;
  SslContextPtr client_context_{SSL_CTX_new(TLS_client_method())};
  SessionPtr session_, offered_;
  std::string alpn_;
  Party client_;
  ByteStream* client_below_ = nullptr;
};

TEST_F(ClientTlsTest, BothVersionsCarryBytes) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    auto accepted = meet();
    ASSERT_TRUE(accepted) << accepted.error().what;
    ASSERT_TRUE(client_.outcome && *client_.outcome);
    write_now(*client_.end, "GET /");
    EXPECT_EQ(read_now(loop_, **accepted), "GET /");
    write_now(**accepted, "200");
    EXPECT_EQ(read_now(loop_, *client_.end), "200");
    EXPECT_EQ((*accepted)->info().version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
  }
}

TEST_F(ClientTlsTest, OldVersionsAreRefused) {
  SSL_CTX_set_security_level(client_context_.get(), 0);
  SSL_CTX_set_min_proto_version(client_context_.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_1_VERSION);
  const auto accepted = meet();
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().code, Errc::tls_handshake);
}

TEST_F(ClientTlsTest, PicksTheProtocol) {
  struct Case {
    std::string offered;
    bool h2;
    std::string want;
  };
  const Case cases[] = {{"\x02h2\x08http/1.1", true, "h2"},
                        {"\x08http/1.1\x02h2", true, "h2"},
                        {"\x02h2\x08http/1.1", false, "http/1.1"},
                        {"\x08http/1.1", true, "http/1.1"},
                        {"\x02h2", false, ""},
                        {"\x04spdy", true, ""},
                        {"", true, ""}};
  for (const Case& wanted : cases) {
    alpn_ = wanted.offered;
    auto accepted = meet("a.test", wanted.h2);
    ASSERT_TRUE(accepted);
    EXPECT_EQ((*accepted)->info().alpn, wanted.want) << wanted.offered;
  }
}

TEST_F(ClientTlsTest, WhatWasReadBeforeIsPartOfTheHandshake) {
  for (const std::size_t taken : {1U, 5U, 100U, 4096U}) {
    auto [near, far] = memory_pipe(loop_, {});
    Party client;
    start_party(loop_, client, client_context_.get(), std::move(far), false);
    SSL_set_app_data(client.end->ssl(), &session_);
    settle(loop_);
    std::string read(taken, '\0');
    const auto got = near->try_read({reinterpret_cast<std::uint8_t*>(read.data()), read.size()});
    ASSERT_TRUE(got);
    read.resize(got->bytes);
    auto accepted = run(loop_, tls_->accept(std::move(near), read, leaf("a.test"), true, kLimit));
    settle(loop_);
    EXPECT_TRUE(accepted && client.outcome && *client.outcome) << taken;
  }
}

TEST_F(ClientTlsTest, TheClientsRefusalIsTold) {
  struct Case {
    int error;
    Errc want;
  };
  Case cases[] = {{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, Errc::tls_client_rejected},
                  {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, Errc::tls_client_rejected},
                  {X509_V_ERR_CERT_SIGNATURE_FAILURE, Errc::tls_handshake},
                  {X509_V_ERR_CERT_REVOKED, Errc::tls_client_rejected},
                  {X509_V_ERR_CERT_HAS_EXPIRED, Errc::tls_client_rejected},
                  {X509_V_ERR_OUT_OF_MEM, Errc::tls_handshake}};
  SSL_CTX_set_verify(client_context_.get(), SSL_VERIFY_PEER, nullptr);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    for (Case& wanted : cases) {
      SSL_CTX_set_cert_verify_callback(client_context_.get(), refuse, &wanted.error);
      const auto accepted = meet();
      ASSERT_FALSE(accepted);
      EXPECT_EQ(accepted.error().code, wanted.want) << accepted.error().what;
      EXPECT_EQ(accepted.error().fault, Fault::client);
    }
  }
}

// Some clients finish the handshake first and then refuse: an alert as the first record.
TEST_F(ClientTlsTest, ARefusalAfterTheHandshakeIsToldByTheFirstRead) {
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client_context_.get(), "ECDHE-ECDSA-AES128-GCM-SHA256");
  auto accepted = meet();
  ASSERT_TRUE(accepted);
  auto* stream = accepted->get();
  EXPECT_EQ(read_now(loop_, *stream), "");
  // OpenSSL offers no call that sends an alert of choice; a warning that counts as fatal does.
  auto [near, far] = memory_pipe(loop_, {});
  Party client;
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_3_VERSION);
  start_party(loop_, client, client_context_.get(), std::move(far), false);
  SSL_set_app_data(client.end->ssl(), &session_);
  auto second = run(loop_, tls_->accept(std::move(near), "", leaf("a.test"), true, kLimit));
  ASSERT_TRUE(second);
  settle(loop_);
  client.end->close(true);
  EXPECT_EQ(read_now(loop_, **second), "!truncated") << "silence is no refusal";
}

TEST_F(ClientTlsTest, TicketsResume) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    offered_.reset();
    take_ticket("a.test");
    EXPECT_TRUE(resumes("a.test"));
  }
}

TEST_F(ClientTlsTest, ATicketForOneHostDoesNotResumeForAnother) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    offered_.reset();
    take_ticket("a.test");
    EXPECT_FALSE(resumes("b.test"));
    EXPECT_TRUE(client_.outcome && *client_.outcome) << "a full handshake instead";
  }
}

TEST_F(ClientTlsTest, TwoOlderTicketKeysStillOpen) {
  take_ticket("a.test");
  const Duration period = settings_.ticket_key_rotation;
  for (int rotations = 1; rotations <= 3; ++rotations) {
    clock_.advance(period);
    tls_->rotate_if_due();
    SessionPtr same(SSL_SESSION_dup(offered_.get()));  // using one spends it
    EXPECT_EQ(resumes("a.test"), rotations <= 2) << rotations;
    offered_ = std::move(same);
  }
}

TEST_F(ClientTlsTest, KeysDoNotRotateEarlyAndCatchUpLate) {
  auto keys = TicketKeys::make(std::chrono::hours(1), clock_.steady());
  ASSERT_TRUE(keys);
  const auto first = (*keys)->ring().keys[0];
  (*keys)->rotate_if_due(clock_.steady() + std::chrono::minutes(59));
  EXPECT_EQ((*keys)->ring().keys[0], first);
  (*keys)->rotate_if_due(clock_.steady() + std::chrono::minutes(61));
  EXPECT_EQ((*keys)->ring().keys[1], first);
  (*keys)->rotate_if_due(clock_.steady() + std::chrono::hours(100));
  for (const auto& key : (*keys)->ring().keys) EXPECT_NE(key, first);
}

TEST_F(ClientTlsTest, ASilentClientRunsIntoTheLimit) {
  auto [near, far] = memory_pipe(loop_, {});
  const auto accepted = run_past(loop_, clock_, kLimit * 2,
                                 tls_->accept(std::move(near), "", leaf("a.test"), true, kLimit));
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().code, Errc::timeout);
}

}  // namespace
}  // namespace weir
