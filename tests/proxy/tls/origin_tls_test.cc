// OriginTls with OpenSSL servers, good and bad.
#include <gtest/gtest.h>

#include <map>

#include "core/metrics.h"
#include "proxy/tls/tls.h"
#include "tests/proxy/tls/tls_ends.h"

namespace weir {
namespace {

using namespace test;

using Connected = Result<std::unique_ptr<OriginTlsStream>>;

int staple_now(SSL* ssl, void* answer) {
  const auto& text = *static_cast<const std::string*>(answer);
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(text.data(), text.size()));
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(text.size()));
  return SSL_TLSEXT_ERR_OK;
}

int pick_h2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned,
            void*) {
  static constexpr std::string_view kH2 = "h2";
  *out = as_bytes(kH2).data();
  *size = 2;
  return SSL_TLSEXT_ERR_OK;
}

int accept_none(X509_STORE_CTX*, void*) { return 0; }

// The web as the verifier sees it: what is not here cannot be fetched.
struct Web {
  std::map<std::string, std::string> pages;
  std::vector<std::string> asked;
};

Co<Result<std::string>> fetch_page(Web* web, std::string url) {
  web->asked.push_back(url);
  const auto found = web->pages.find(url);
  if (found == web->pages.end()) co_return fail(Errc::not_found, Fault::origin, url);
  co_return found->second;
}

class OriginTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    settings_.aia_timeout = std::chrono::milliseconds(3000);
    clock_.set_wall(kNow);
  }

  OriginTls& origin() {
    if (!origin_) {
      origin_ = make_origin_tls(
          trust({root_.cert.get()}), settings_, clock_,
          [this](std::string url, std::string, std::string, std::size_t, Duration) {
            return fetch_page(&web_, std::move(url));
          },
          metrics_);
    }
    return *origin_;
  }

  Connected meet(const Certified& leaf, const std::vector<X509*>& chain = {},
                 std::vector<std::string> accepted = {}) {
    server_context_ = server_context(leaf, chain);
    if (prepare_) prepare_(server_context_.get());
    return again(std::move(accepted));
  }

  Connected again(std::vector<std::string> accepted = {}) {
    auto [near, far] = memory_pipe(loop_, {});
    start_party(loop_, server_, server_context_.get(), std::move(far), true);
    auto connected =
        run(loop_,
            origin().connect(std::move(near), {"origin.test", true, std::move(accepted)}, kLimit));
    settle(loop_);
    return connected;
  }

  static std::string word(const Connected& connected) {
    if (connected) return (*connected)->certificate().error;
    if (connected.error().code != Errc::tls_certificate) {
      return std::string(errc_name(connected.error().code));
    }
    return "! " + connected.error().what.substr(0, connected.error().what.find(':'));
  }

  const WallTime kNow{std::chrono::seconds(1'800'000'000)};
  TlsSettings settings_;
  ManualClock clock_;
  Loop loop_{clock_};
  Metrics metrics_;
  Web web_;
  Certified root_ = make_root();
  std::function<void(SSL_CTX*)> prepare_;
  SslContextPtr server_context_;
  Party server_;
  std::unique_ptr<OriginTls> origin_;
};

TEST_F(OriginTlsTest, AGoodOriginIsReached) {
  prepare_ = [](SSL_CTX* context) { SSL_CTX_set_alpn_select_cb(context, pick_h2, nullptr); };
  auto connected = meet(certify({}, &root_));
  ASSERT_TRUE(connected) << connected.error().what;
  EXPECT_EQ((*connected)->certificate().error, "");
  EXPECT_EQ((*connected)->certificate().subject, "CN=origin.test");
  EXPECT_EQ((*connected)->certificate().issuer, "CN=Test Root");
  EXPECT_EQ((*connected)->certificate().sha256.size(), 64U);
  EXPECT_EQ((*connected)->info().alpn, "h2");
  EXPECT_EQ((*connected)->info().sni, "origin.test");
  EXPECT_STREQ(SSL_get_servername(server_.end->ssl(), TLSEXT_NAMETYPE_host_name), "origin.test");
  write_now(**connected, "GET /");
  EXPECT_EQ(read_now(loop_, *server_.end), "GET /");
}

TEST_F(OriginTlsTest, BadCertificatesAreNamedAndNothingIsSent) {
  CertOrder old;
  old.until = Days(-1);
  CertOrder another;
  another.name = "another.test";
  EXPECT_EQ(word(meet(certify(old, &root_))), "! expired");
  EXPECT_EQ(read_now(loop_, *server_.end), "!truncated");
  EXPECT_EQ(word(meet(certify(another, &root_))), "! wrong-host");
  EXPECT_EQ(word(meet(certify({}))), "! self-signed");
  const Certified stranger = make_root("Stranger");
  EXPECT_EQ(word(meet(certify({}, &stranger))), "! unknown-issuer");
}

TEST_F(OriginTlsTest, AcceptedErrorsLetOnlyTheseThrough) {
  CertOrder old;
  old.until = Days(-1);
  const Certified leaf = certify(old, &root_);
  EXPECT_EQ(word(meet(leaf, {}, {"expired"})), "expired");
  EXPECT_EQ(word(meet(leaf, {}, {"wrong-host", "self-signed"})), "! expired");
  old.name = "another.test";
  EXPECT_EQ(word(meet(certify(old, &root_), {}, {"expired"})), "! wrong-host");
  EXPECT_EQ(word(meet(certify(old, &root_), {}, {"expired", "wrong-host"})), "wrong-host");
}

TEST_F(OriginTlsTest, SessionsResumeWithTheirVerification) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    origin_.reset();
    prepare_ = [version](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); };
    auto first = meet(certify({}, &root_));
    ASSERT_TRUE(first);
    EXPECT_EQ(read_now(loop_, **first), "");  // takes the tickets of TLS 1.3
    const std::string certificate = (*first)->certificate().sha256;
    first->reset();  // gone without close_notify, which must not cost the session
    auto second = again();
    ASSERT_TRUE(second);
    EXPECT_TRUE((*second)->info().resumed);
    EXPECT_EQ((*second)->certificate().sha256, certificate);
  }
}

TEST_F(OriginTlsTest, AnExceptionDoesNotLeakThroughResumption) {
  CertOrder old;
  old.until = Days(-1);
  auto first = meet(certify(old, &root_), {}, {"expired"});
  ASSERT_TRUE(first);
  read_now(loop_, **first);
  EXPECT_EQ(word(again({"expired"})), "expired");
  EXPECT_EQ(word(again()), "! expired");
}

TEST_F(OriginTlsTest, AResumedSessionDoesNotOutliveItsCertificate) {
  CertOrder brief;
  brief.until = Days(1);
  auto first = meet(certify(brief, &root_));
  ASSERT_TRUE(first);
  read_now(loop_, **first);
  clock_.set_wall(kNow + std::chrono::hours(25));
  EXPECT_EQ(word(again()), "! expired");
}

// ---- missing intermediates ---------------------------------------------------------------------

class AiaTest : public OriginTlsTest {
 protected:
  // A chain of `depth` intermediates, each naming where its issuer is to be had.
  Certified chain_of(int depth) {
    CertOrder order;
    order.ca = true;
    issuers_.push_back(make_root());
    root_ = {share(issuers_[0].cert.get()), nullptr};
    for (int i = 1; i <= depth; ++i) {
      order.name = "Middle " + std::to_string(i);
      order.access = url(i - 1);
      issuers_.push_back(certify(order, &issuers_.back()));
      web_.pages["http://aia.test/" + std::to_string(i)] = issuers_.back().der();
    }
    CertOrder leaf;
    leaf.access = url(depth);
    return certify(leaf, &issuers_.back());
  }
  static std::string url(int i) { return "caIssuers;URI:http://aia.test/" + std::to_string(i); }

  std::vector<Certified> issuers_;
};

TEST_F(AiaTest, AreFetchedOnce) {
  const Certified leaf = chain_of(2);
  EXPECT_EQ(word(meet(leaf)), "");
  EXPECT_EQ(web_.asked, (std::vector<std::string>{"http://aia.test/2", "http://aia.test/1"}));
  EXPECT_EQ(word(meet(leaf)), "");
  EXPECT_EQ(web_.asked.size(), 2U) << "the second time from the cache";
}

TEST_F(AiaTest, AreNotFetchedWhenSwitchedOff) {
  settings_.aia_fetch = false;
  EXPECT_EQ(word(meet(chain_of(1))), "! unknown-issuer");
  EXPECT_TRUE(web_.asked.empty());
}

TEST_F(AiaTest, AreBoundedInNumber) {
  EXPECT_EQ(word(meet(chain_of(4))), "! unknown-issuer");
  EXPECT_EQ(web_.asked.size(), 3U);
}

TEST_F(AiaTest, GarbageAndStrangersDoNotHelp) {
  const Certified leaf = chain_of(1);
  web_.pages["http://aia.test/1"] = "<html>";
  EXPECT_EQ(word(meet(leaf)), "! unknown-issuer");
  EXPECT_EQ(word(meet(leaf)), "! unknown-issuer");
  EXPECT_EQ(web_.asked.size(), 1U) << "the body is kept, whatever it is";
  clock_.advance(std::chrono::hours(25));
  web_.pages["http://aia.test/1"] = make_root("Stranger").der();
  EXPECT_EQ(word(meet(leaf)), "! unknown-issuer");
  EXPECT_EQ(web_.asked.size(), 2U);
}

TEST_F(AiaTest, OnlyPlainHttpIsAsked) {
  const Certified middle = chain_of(1);
  CertOrder order;
  order.access = "caIssuers;URI:file:///etc/passwd";
  EXPECT_EQ(word(meet(certify(order, &issuers_.back()))), "! unknown-issuer");
  EXPECT_TRUE(web_.asked.empty());
}

// ---- revocation --------------------------------------------------------------------------------

class RevocationTest : public OriginTlsTest {
 protected:
  std::string answer(const Certified& leaf, int status) {
    return make_ocsp(leaf.cert.get(), root_, root_, {status, kNow - Days(1), kNow + Days(1)});
  }
  void staple(const Certified& leaf, int status) {
    staple_ = answer(leaf, status);
    prepare_ = [this](SSL_CTX* context) {
      SSL_CTX_set_tlsext_status_cb(context, staple_now);
      SSL_CTX_set_tlsext_status_arg(context, &staple_);
    };
  }
  Certified leaf_with(const std::string& access, const std::string& point = "") {
    CertOrder order;
    order.access = access;
    order.crl_point = point;
    return certify(order, &root_);
  }
  std::string staple_;
};

TEST_F(RevocationTest, StaplesAreReadInBothVersions) {
  const Certified leaf = certify({}, &root_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    staple(leaf, V_OCSP_CERTSTATUS_REVOKED);
    const auto stapling = prepare_;
    prepare_ = [stapling, version](SSL_CTX* context) {
      stapling(context);
      SSL_CTX_set_max_proto_version(context, version);
    };
    EXPECT_EQ(word(meet(leaf)), "! revoked");
  }
  settings_.revocation = "hard";
  origin_.reset();
  staple(leaf, V_OCSP_CERTSTATUS_GOOD);
  EXPECT_EQ(word(meet(leaf)), "");
}

TEST_F(RevocationTest, RespondersAreAskedOnce) {
  const Certified leaf = leaf_with("OCSP;URI:http://ocsp.test/");
  web_.pages["http://ocsp.test/"] = answer(leaf, V_OCSP_CERTSTATUS_REVOKED);
  EXPECT_EQ(word(meet(leaf)), "! revoked");
  EXPECT_EQ(word(meet(leaf)), "! revoked");
  EXPECT_EQ(web_.asked.size(), 1U);
}

TEST_F(RevocationTest, ListsAreFetchedWhenNobodyAnswers) {
  const Certified leaf = leaf_with("", "URI:http://crl.test/1.crl");
  const auto crl = make_crl(root_, {leaf.cert.get()}, kNow - Days(1), kNow + Days(1),
                            "URI:http://crl.test/1.crl");
  web_.pages["http://crl.test/1.crl"] = crl_der(crl.get());
  EXPECT_EQ(word(meet(leaf)), "! revoked");
}

TEST_F(RevocationTest, ListsOfIntermediatesAreFetchedToo) {
  CertOrder order;
  order.ca = true;
  order.name = "Middle";
  order.crl_point = "URI:http://crl.test/root.crl";
  const Certified middle = certify(order, &root_);
  const Certified leaf = certify({}, &middle);
  for (const bool revoked : {false, true}) {
    origin_.reset();
    std::vector<X509*> listed;
    if (revoked) listed.push_back(middle.cert.get());
    const auto crl = make_crl(root_, listed, kNow - Days(1), kNow + Days(1));
    web_.pages["http://crl.test/root.crl"] = crl_der(crl.get());
    EXPECT_EQ(word(meet(leaf, {middle.cert.get()})), revoked ? "! revoked" : "");
  }
  EXPECT_EQ(web_.asked.size(), 2U);
}

TEST_F(RevocationTest, AnUnknownStandingIsASettingsMatter) {
  const Certified leaf = leaf_with("OCSP;URI:http://down.test/");
  EXPECT_EQ(word(meet(leaf)), "");
  settings_.revocation = "hard";
  origin_.reset();
  EXPECT_EQ(word(meet(leaf)), "! revocation-unknown");
  settings_.revocation = "off";
  origin_.reset();
  web_.asked.clear();
  EXPECT_EQ(word(meet(leaf)), "");
  EXPECT_TRUE(web_.asked.empty());
}

TEST_F(RevocationTest, AFreshPartialListOfThisPointIsGoodNews) {
  settings_.revocation = "hard";
  const Certified leaf = leaf_with("", "URI:http://crl.test/1.crl");
  const auto crl = make_crl(root_, {}, kNow - Days(1), kNow + Days(1), "URI:http://crl.test/1.crl");
  web_.pages["http://crl.test/1.crl"] = crl_der(crl.get());
  EXPECT_EQ(word(meet(leaf)), "");
}

// ---- client certificates and bad ends ----------------------------------------------------------

TEST_F(OriginTlsTest, AWantedClientCertificateIsRecognised) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    prepare_ = [version](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, version);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      SSL_CTX_set_cert_verify_callback(context, accept_none, nullptr);
    };
    auto connected = meet(certify({}, &root_));
    if (version == TLS1_2_VERSION) {
      ASSERT_FALSE(connected);
      EXPECT_EQ(connected.error().code, Errc::client_certificate_wanted);
    } else {  // TLS 1.3 tells only after our side has finished
      ASSERT_TRUE(connected);
      EXPECT_EQ(read_now(loop_, **connected), "!client-certificate-wanted");
    }
  }
}

TEST_F(OriginTlsTest, AnOptionalClientCertificateIsNoMatter) {
  prepare_ = [](SSL_CTX* context) { SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr); };
  EXPECT_EQ(word(meet(certify({}, &root_))), "");
}

TEST_F(OriginTlsTest, OldVersionsAreRefused) {
  prepare_ = [](SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  };
  EXPECT_EQ(word(meet(certify({}, &root_))), "tls-handshake");
}

TEST_F(OriginTlsTest, ASilentOriginRunsIntoTheLimit) {
  auto [near, far] = memory_pipe(loop_, {});
  const auto connected =
      run_past(loop_, clock_, kLimit * 2,
               origin().connect(std::move(near), {"origin.test", true, {}}, kLimit));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::timeout);
}

}  // namespace
}  // namespace weir
