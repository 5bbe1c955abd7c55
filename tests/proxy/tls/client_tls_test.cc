// ClientTls with OpenSSL clients of every temper.
#include <gtest/gtest.h>
#include <openssl/kdf.h>

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

// What OpenSSL has no call for: a fatal alert of choice after a TLS 1.2 handshake with
// AES-128-GCM, sealed as the client's record `sequence` (RFC 5246 6.3, RFC 5288).
std::string sealed_alert(SSL* client, std::uint8_t alert, std::uint8_t sequence = 1) {
  std::array<unsigned char, 48> master{};
  std::array<unsigned char, 64> randoms{};
  SSL_SESSION_get_master_key(SSL_get_session(client), master.data(), master.size());
  SSL_get_server_random(client, randoms.data(), 32);
  SSL_get_client_random(client, randoms.data() + 32, 32);
  std::array<char, 7> digest{"SHA256"};
  std::string label = "key expansion";
  const std::array<OSSL_PARAM, 5> parameters{
      OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0),
      OSSL_PARAM_construct_octet_string("secret", master.data(), master.size()),
      OSSL_PARAM_construct_octet_string("seed", label.data(), label.size()),
      OSSL_PARAM_construct_octet_string("seed", randoms.data(), randoms.size()),
      OSSL_PARAM_construct_end()};
  std::array<unsigned char, 40> keys{};  // two keys of 16, two salts of 4
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* derive = EVP_KDF_CTX_new(kdf);
  EVP_KDF_derive(derive, keys.data(), keys.size(), parameters.data());
  EVP_KDF_CTX_free(derive);
  EVP_KDF_free(kdf);

  std::array<unsigned char, 12> nonce{keys[32], keys[33], keys[34], keys[35]};
  const std::array<unsigned char, 13> header{0, 0, 0, 0, 0, 0, 0, sequence, 21, 3, 3, 0, 2};
  const std::array<unsigned char, 2> fatal{2, alert};
  std::array<unsigned char, 18> sealed{};
  int size = 0;
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, keys.data(), nonce.data());
  EVP_EncryptUpdate(cipher, nullptr, &size, header.data(), header.size());
  EVP_EncryptUpdate(cipher, sealed.data(), &size, fatal.data(), fatal.size());
  EVP_EncryptFinal_ex(cipher, sealed.data() + size, &size);
  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + 2);
  EVP_CIPHER_CTX_free(cipher);
  const ByteView explicit_nonce(nonce.data() + 4, 8);
  return std::string("\x15\x03\x03\x00\x1a", 5) + std::string(as_text(explicit_nonce)) +
         std::string(as_text(sealed));
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
  auto refused = meet();
  ASSERT_TRUE(refused);
  ASSERT_TRUE(client_below_->try_write(as_bytes(sealed_alert(client_.end->ssl(), 48))));
  EXPECT_EQ(read_now(loop_, **refused), "!tls-client-rejected");

  auto later = meet();
  ASSERT_TRUE(later);
  write_now(*client_.end, "GET /");
  EXPECT_EQ(read_now(loop_, **later), "GET /");
  ASSERT_TRUE(client_below_->try_write(as_bytes(sealed_alert(client_.end->ssl(), 48, 2))));
  EXPECT_EQ(read_now(loop_, **later), "!truncated") << "who has spoken has accepted";
}

TEST_F(ClientTlsTest, TicketsResume) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    offered_.reset();
    take_ticket("a.test");
    EXPECT_TRUE(resumes("a.test"));
  }
}

// Browsers use a ticket of TLS 1.3 once: a resumed connection has to bring the next.
TEST_F(ClientTlsTest, EveryResumptionBringsANewTicket) {
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_3_VERSION);
  take_ticket("a.test");
  for (int visit = 1; visit <= 3; ++visit) {
    session_.reset();
    auto again = meet("a.test");
    ASSERT_TRUE(again);
    ASSERT_TRUE((*again)->info().resumed) << visit;
    read_now(loop_, *client_.end);
    ASSERT_NE(session_, nullptr) << visit;
    offered_.reset(SSL_SESSION_dup(session_.get()));  // a connection's own ends with it
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
