#include "proxy/tls/verify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "proxy/tls/tls.h"
#include "tests/proxy/tls/test_pki.h"

namespace weir {
namespace {

using test::Certified;
using test::certify;
using test::CertOrder;
using test::Days;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

struct Case {
  const char* name;
  std::string want;  // reasons in order, separated by blanks
  std::function<void(CertOrder&)> order = [](CertOrder&) {};
  std::string host = "origin.test";
  enum class Shape : std::uint8_t { full, self_signed, other_root, no_intermediate, root_as_leaf };
  Shape shape = Shape::full;
};

using Shape = Case::Shape;

class JudgeChain : public testing::TestWithParam<Case> {
 protected:
  ChainInput input_for(const Case& wanted) {
    CertOrder order;
    wanted.order(order);
    CertOrder middle_order;
    middle_order.name = "Test Intermediate";
    middle_order.ca = true;
    const Certified& root = wanted.shape == Shape::other_root ? other_ : root_;
    const Certified middle = certify(middle_order, &root);
    const bool alone = wanted.shape == Shape::self_signed;
    const Certified leaf = certify(order, alone ? nullptr : &middle);
    ChainInput input{{leaf.der()}, wanted.host, kNow, "", "soft"};
    const bool with_middle = wanted.shape == Shape::full || wanted.shape == Shape::other_root;
    if (with_middle) input.chain_der.push_back(middle.der());
    if (wanted.shape == Shape::other_root) input.chain_der.push_back(other_.der());
    return input;
  }

  Certified root_ = test::make_root();
  Certified other_ = test::make_root("Nobody's Root");
  std::shared_ptr<const TrustStore> trust_ = test::trust({root_.cert.get()});
};

TEST_P(JudgeChain, GivesTheReasons) {
  const ChainJudgement judged = judge_chain(*trust_, input_for(GetParam()));
  std::string reasons;
  for (const ChainProblem& problem : judged.problems) {
    reasons += (reasons.empty() ? "" : " ") + problem.reason;
    EXPECT_FALSE(problem.detail.empty());
  }
  EXPECT_EQ(reasons, GetParam().want) << judged.detail;
  EXPECT_EQ(judged.ok, GetParam().want.empty());
  EXPECT_EQ(judged.reason, GetParam().want.substr(0, GetParam().want.find(' ')));
}

INSTANTIATE_TEST_SUITE_P(
    Table, JudgeChain,
    testing::Values(
        Case{"Good", ""},
        Case{"GoodWildcard", "", [](CertOrder& o) { o.name = "*.origin.test"; }, "www.origin.test"},
        Case{"GoodAddress", "", [](CertOrder& o) { o.name = "192.0.2.1"; }, "192.0.2.1"},
        Case{"Expired", "expired", [](CertOrder& o) { o.until = Days(-1); }},
        Case{"NotYetValid", "not-yet-valid", [](CertOrder& o) { o.from = Days(2); }},
        Case{"WrongHost", "wrong-host", {[](CertOrder&) {}}, "another.test"},
        Case{"WildcardOneLabelOnly", "wrong-host", [](CertOrder& o) { o.name = "*.origin.test"; },
             "a.b.origin.test"},
        Case{"WrongAddress", "wrong-host", [](CertOrder&) {}, "192.0.2.1"},
        Case{"SelfSigned", "self-signed", [](CertOrder&) {}, "origin.test", Shape::self_signed},
        Case{"UntrustedRoot", "unknown-issuer", [](CertOrder&) {}, "origin.test",
             Shape::other_root},
        Case{"MissingIntermediate", "unknown-issuer", [](CertOrder&) {}, "origin.test",
             Shape::no_intermediate},
        Case{"WeakKey", "weak", [](CertOrder& o) { o.rsa_bits = 1024; }},
        Case{"Sha1", "weak", [](CertOrder& o) { o.digest = EVP_sha1(); }},
        Case{"ClientOnly", "invalid-purpose",
             [](CertOrder& o) { o.key_usage_extra = "clientAuth"; }},
        Case{"AllAtOnce", "self-signed wrong-host weak expired",
             [](CertOrder& o) {
               o.until = Days(-1);
               o.rsa_bits = 1024;
             },
             "another.test", Shape::self_signed}),
    [](const auto& test) { return test.param.name; });

TEST(JudgeChainInput, GarbageIsOther) {
  const auto trust = test::trust({});
  EXPECT_EQ(judge_chain(*trust, {{"junk"}, "a.test", kNow, "", "soft"}).reason, "other");
  EXPECT_EQ(judge_chain(*trust, {{}, "a.test", kNow, "", "soft"}).reason, "other");
}

TEST(JudgeChainInput, ABrokenSignatureIsNotAccepted) {
  const Certified root = test::make_root();
  const Certified impostor = test::make_root();  // the same name, another key
  const Certified leaf = certify({}, &impostor);
  const auto trust = test::trust({root.cert.get()});
  EXPECT_FALSE(judge_chain(*trust, {{leaf.der()}, "origin.test", kNow, "", "off"}).ok);
}

// ---- revocation with what is at hand -----------------------------------------------------------

class Revocation : public testing::Test {
 protected:
  std::string judged(const std::string& staple, std::vector<CrlPtr> crls, const char* mode) {
    const auto trust = test::trust({root_.cert.get()}, std::move(crls));
    return judge_chain(*trust, {{leaf_.der()}, "origin.test", kNow, staple, mode}).reason;
  }

  std::string staple(int status, Days from = Days(-1), Days until = Days(1)) {
    return test::make_ocsp(leaf_.cert.get(), root_, root_, {status, kNow + from, kNow + until});
  }

  std::vector<CrlPtr> list(bool revoked, Days until = Days(1), const std::string& point = "") {
    std::vector<CrlPtr> out;
    std::vector<X509*> listed;
    if (revoked) listed.push_back(leaf_.cert.get());
    out.push_back(test::make_crl(root_, listed, kNow - Days(5), kNow + until, point));
    return out;
  }

  Certified root_ = test::make_root();
  Certified leaf_ = certify({}, &root_);
};

constexpr int kGood = V_OCSP_CERTSTATUS_GOOD;
constexpr int kRevoked = V_OCSP_CERTSTATUS_REVOKED;

TEST_F(Revocation, StaplesCount) {
  EXPECT_EQ(judged("", {}, "soft"), "");
  EXPECT_EQ(judged("", {}, "hard"), "revocation-unknown");
  EXPECT_EQ(judged(staple(kGood), {}, "hard"), "");
  EXPECT_EQ(judged(staple(kRevoked), {}, "soft"), "revoked");
  EXPECT_EQ(judged(staple(kRevoked), {}, "off"), "");
  EXPECT_EQ(judged(staple(kGood, Days(-5), Days(-1)), {}, "hard"), "revocation-unknown");
  EXPECT_EQ(judged(staple(V_OCSP_CERTSTATUS_UNKNOWN), {}, "hard"), "revocation-unknown");
  EXPECT_EQ(judged("garbage", {}, "hard"), "revocation-unknown");
}

TEST_F(Revocation, AStapleMayNameTheCertificateBySha256) {
  const auto answer = test::make_ocsp(leaf_.cert.get(), root_, root_,
                                      {kGood, kNow - Days(1), kNow + Days(1), EVP_sha256()});
  EXPECT_EQ(judged(answer, {}, "hard"), "");
}

TEST_F(Revocation, OnlyTheIssuerOrItsResponderMaySpeak) {
  const Certified stranger = test::make_root("Stranger");
  const Certified colleague = certify({}, &root_);  // of the same issuer, but no responder
  CertOrder order;
  order.name = "responder.test";
  order.key_usage_extra = "OCSPSigning";
  const Certified responder = certify(order, &root_);
  const auto said_by = [&](const Certified& signer) {
    return judged(test::make_ocsp(leaf_.cert.get(), root_, signer,
                                  {kRevoked, kNow - Days(1), kNow + Days(1)}),
                  {}, "soft");
  };
  EXPECT_EQ(said_by(stranger), "");
  EXPECT_EQ(said_by(colleague), "");
  EXPECT_EQ(said_by(responder), "revoked");
}

TEST_F(Revocation, ListsCount) {
  EXPECT_EQ(judged("", list(true), "soft"), "revoked");
  EXPECT_EQ(judged("", list(false), "hard"), "");
  EXPECT_EQ(judged("", list(true, Days(-1)), "soft"), "revoked") << "stale news of the bad kind";
  EXPECT_EQ(judged("", list(false, Days(-1)), "hard"), "revocation-unknown");
  EXPECT_EQ(judged("", list(false, Days(1), "URI:http://elsewhere.test/1.crl"), "hard"),
            "revocation-unknown");
  EXPECT_EQ(judged(staple(kGood), list(true), "soft"), "revoked") << "a list beats a staple";
}

TEST_F(Revocation, AListOfAnotherIssuerSaysNothing) {
  const Certified impostor = test::make_root();
  std::vector<CrlPtr> lists;
  lists.push_back(test::make_crl(impostor, {leaf_.cert.get()}, kNow - Days(5), kNow + Days(1)));
  EXPECT_EQ(judged("", std::move(lists), "soft"), "");
}

TEST_F(Revocation, ARevokedIntermediateEndsIt) {
  CertOrder order;
  order.ca = true;
  order.name = "Middle";
  const Certified middle = certify(order, &root_);
  const Certified leaf = certify({}, &middle);
  std::vector<CrlPtr> lists;
  lists.push_back(test::make_crl(root_, {middle.cert.get()}, kNow - Days(5), kNow + Days(1)));
  const auto trust = test::trust({root_.cert.get()}, std::move(lists));
  const auto said =
      judge_chain(*trust, {{leaf.der(), middle.der()}, "origin.test", kNow, "", "soft"});
  EXPECT_EQ(said.reason, "revoked");
  EXPECT_NE(said.detail.find("Middle"), std::string::npos);
}

// ---- files -------------------------------------------------------------------------------------

TEST(TrustFiles, BadOnesAreNamed) {
  TlsSettings settings;
  settings.system_ca_file = "";
  EXPECT_TRUE(load_trust(settings));
  const std::string empty = testing::TempDir() + "weir-empty.pem";
  std::ofstream(empty) << "nothing here\n";
  settings.extra_ca_files = {empty};
  const auto bad_ca = load_trust(settings);
  ASSERT_FALSE(bad_ca);
  EXPECT_NE(bad_ca.error().what.find(empty), std::string::npos);
  settings.extra_ca_files.clear();
  settings.crl_files = {empty};
  EXPECT_FALSE(load_trust(settings));
  settings.crl_files = {"/does/not/exist.crl"};
  EXPECT_FALSE(load_trust(settings));
  EXPECT_FALSE(read_pem_chain(empty));
  EXPECT_FALSE(read_pem_chain("/does/not/exist.pem"));
}

TEST(TrustFiles, CrlsInDerAndPemAreRead) {
  const Certified root = test::make_root();
  const auto crl = test::make_crl(root, {}, kNow, kNow + Days(1));
  const std::string der = testing::TempDir() + "weir-list.crl";
  std::ofstream(der, std::ios::binary) << test::crl_der(crl.get());
  TlsSettings settings;
  settings.system_ca_file = "";
  settings.crl_files = {der};
  const auto trust = load_trust(settings);
  ASSERT_TRUE(trust) << trust.error().what;
  EXPECT_EQ((*trust)->crls().size(), 1U);
}

}  // namespace
}  // namespace weir
