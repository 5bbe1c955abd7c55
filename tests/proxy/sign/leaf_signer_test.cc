#include "proxy/sign/leaf_signer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "proxy/tls/ca.h"
#include "proxy/tls/ca_pair.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// A directory that goes away again.
class Scratch {
 public:
  Scratch() {
    std::string pattern = testing::TempDir() + "weir-sign-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Certificates are judged by the openssl program, which knows only the real time.
WallTime today() { return std::chrono::system_clock::now(); }

std::string shell(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), block.size(), pipe) != nullptr) out += block.data();
  ::pclose(pipe);
  return out;
}

void write(const std::string& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string public_der(const char* group) {
  const KeyPtr key(EVP_EC_gen(group));
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key.get(), &raw);
  std::string out(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  return out;
}

class LeafSignerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_ca(scratch_.path(), today()));
    limits_.crl_url = "http://127.0.0.1:8081/ca.crl";
  }

  LeafSigner signer() {
    auto ca = load_ca_pair(scratch_.file("ca.pem"), scratch_.file("ca.key"), today());
    EXPECT_TRUE(ca) << ca.error().what;
    auto made = LeafSigner::make(std::move(*ca), limits_);
    EXPECT_TRUE(made) << made.error().what;
    return std::move(*made);
  }

  // What the openssl program says of a leaf for `host`.
  std::string verified(LeafSigner& by, const std::string& host, const std::string& how) {
    auto leaf = by.sign_leaf(host, as_bytes(key_), today());
    if (!leaf) return leaf.error().what;
    write(scratch_.file("leaf.der"), *leaf);
    shell("openssl x509 -inform DER -in " + scratch_.file("leaf.der") + " -out " +
          scratch_.file("leaf.pem"));
    return shell("openssl verify -x509_strict -purpose sslserver " + how + " -CAfile " +
                 scratch_.file("ca.pem") + " " + scratch_.file("leaf.pem"));
  }

  std::string printed() {
    return shell("openssl x509 -noout -text -in " + scratch_.file("leaf.pem"));
  }

  Scratch scratch_;
  SignerLimits limits_;
  std::string key_ = public_der("P-256");
};

TEST_F(LeafSignerTest, TheCaPassesStrictVerification) {
  EXPECT_NE(shell("openssl verify -x509_strict -CAfile " + scratch_.file("ca.pem") + " " +
                  scratch_.file("ca.pem"))
                .find(": OK"),
            std::string::npos);
  EXPECT_EQ(fs::status(scratch_.file("ca.key")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(LeafSignerTest, LeavesPassStrictVerification) {
  LeafSigner by = signer();
  const std::string longest = std::string(60, 'a') + "." + std::string(60, 'b') + ".example.test";
  EXPECT_NE(verified(by, "www.example.test", "-verify_hostname www.example.test").find(": OK"),
            std::string::npos);
  const std::string text = printed();
  for (const char* want :
       {"Subject: CN = www.example.test", "DNS:www.example.test", "CA:FALSE", "Digital Signature",
        "TLS Web Server Authentication", "Subject Key Identifier", "Authority Key Identifier",
        "URI:http://127.0.0.1:8081/ca.crl"}) {
    EXPECT_NE(text.find(want), std::string::npos) << want << text;
  }
  EXPECT_NE(verified(by, "192.0.2.7", "-verify_ip 192.0.2.7").find(": OK"), std::string::npos);
  EXPECT_NE(verified(by, "2001:db8::7", "-verify_ip 2001:db8::7").find(": OK"), std::string::npos);
  EXPECT_NE(verified(by, longest, "-verify_hostname " + longest).find(": OK"), std::string::npos);
  EXPECT_NE(printed().find("Subject Alternative Name: critical"), std::string::npos);
}

TEST_F(LeafSignerTest, NothingOfOneHostIsLeftInTheNext) {
  LeafSigner by = signer();
  ASSERT_NE(verified(by, "first.example.test", "").find(": OK"), std::string::npos);
  ASSERT_NE(verified(by, "192.0.2.7", "-verify_ip 192.0.2.7").find(": OK"), std::string::npos);
  const std::string text = printed();
  EXPECT_EQ(text.find("first.example.test"), std::string::npos) << text;
  key_ = public_der("P-256");  // another key: another subject key identifier
  ASSERT_NE(verified(by, "192.0.2.7", "").find(": OK"), std::string::npos);
  const auto key_id = [](const std::string& all) {
    return all.substr(all.find("Subject Key Identifier"), 100);
  };
  EXPECT_NE(key_id(printed()), key_id(text));
}

TEST_F(LeafSignerTest, AnRsaCaSignsAsWell) {
  shell("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=Corp -days 300 -keyout " +
        scratch_.file("ca.key") + " -out " + scratch_.file("ca.pem") +
        " -addext keyUsage=critical,keyCertSign,cRLSign");
  LeafSigner by = signer();
  EXPECT_NE(verified(by, "www.example.test", "").find(": OK"), std::string::npos);
}

TEST_F(LeafSignerTest, TheCrlIsGoodForClients) {
  const auto crl = signer().sign_crl(today());
  ASSERT_TRUE(crl);
  write(scratch_.file("ca.crl"), *crl);
  const std::string said = shell("openssl crl -inform DER -noout -nextupdate -crlnumber -CAfile " +
                                 scratch_.file("ca.pem") + " -in " + scratch_.file("ca.crl"));
  EXPECT_NE(said.find("verify OK"), std::string::npos) << said;
  EXPECT_NE(said.find("nextUpdate="), std::string::npos) << said;
}

TEST_F(LeafSignerTest, SerialsAndLifetimesStayInBounds) {
  limits_.lifetime = std::chrono::hours(24 * 5000);
  LeafSigner by = signer();
  const auto first = by.sign_leaf("a.test", as_bytes(key_), today());
  const auto second = by.sign_leaf("a.test", as_bytes(key_), today());
  ASSERT_TRUE(first && second);
  const X509Ptr a = x509_from_der(as_bytes(*first));
  const X509Ptr b = x509_from_der(as_bytes(*second));
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(a.get()), X509_get0_serialNumber(b.get())), 0);
  const auto life =
      wall_from_asn1(X509_get0_notAfter(a.get())) - wall_from_asn1(X509_get0_notBefore(a.get()));
  EXPECT_EQ(life, std::chrono::hours(24 * 397));
}

TEST_F(LeafSignerTest, ALeafNeverOutlivesItsCa) {
  LeafSigner by = signer();
  const auto late = today() + std::chrono::hours(24 * 3650);
  const auto leaf = by.sign_leaf("a.test", as_bytes(key_), late);
  ASSERT_TRUE(leaf);
  const X509Ptr cert = x509_from_der(as_bytes(*leaf));
  EXPECT_LT(wall_from_asn1(X509_get0_notAfter(cert.get())), late + std::chrono::hours(24 * 4));
  EXPECT_FALSE(by.sign_leaf("a.test", as_bytes(key_), late + std::chrono::hours(24 * 10)));
}

TEST_F(LeafSignerTest, RefusesWhatIsNoServerLeaf) {
  LeafSigner by = signer();
  for (const char* host : {"", "*.example.com", "UPPER.test", "a..b", "a b", "x\ny"}) {
    EXPECT_FALSE(by.sign_leaf(host, as_bytes(key_), today())) << host;
  }
  for (const std::string& key : {std::string(), std::string("nonsense"), public_der("P-384"),
                                 key_ + "x", key_.substr(0, 90)}) {
    EXPECT_FALSE(by.sign_leaf("a.test", as_bytes(key), today()));
  }
}

TEST_F(LeafSignerTest, TheRateIsBounded) {
  limits_.per_second = 3;
  LeafSigner by = signer();
  const SignRequest crl{SignRequest::Kind::crl, 1, "", ""};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(by.answer(crl, today()).kind, SignReply::Kind::crl);
  const WallTime now = today();
  while (by.answer(crl, now).kind == SignReply::Kind::crl) {
  }
  EXPECT_TRUE(by.answer(crl, now).body.starts_with("rate"));
  EXPECT_EQ(by.answer(crl, now + std::chrono::seconds(2)).kind, SignReply::Kind::crl);
}

TEST_F(LeafSignerTest, LimitsAreChecked) {
  for (const char* url : {"https://x/ca.crl", "http://a b", "http://x,URI:http://y"}) {
    auto ca = load_ca_pair(scratch_.file("ca.pem"), scratch_.file("ca.key"), today());
    SignerLimits limits;
    limits.crl_url = url;
    EXPECT_FALSE(LeafSigner::make(std::move(*ca), limits)) << url;
  }
}

struct DamageCase {
  const char* file;
  const char* text;
  const char* want;
};

TEST_F(LeafSignerTest, DamagedCaFilesAreNamed) {
  const DamageCase cases[] = {
      {"ca.pem", "", "holds no PEM certificate"},
      {"ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"},
      {"ca.key", "nothing", "no readable private key"},
      {"ca.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no readable"},
  };
  for (const DamageCase& damage : cases) {
    Scratch other;
    ASSERT_TRUE(create_ca(other.path(), today()));
    write(other.file(damage.file), damage.text);
    const auto loaded = load_ca_pair(other.file("ca.pem"), other.file("ca.key"), today());
    ASSERT_FALSE(loaded) << damage.want;
    EXPECT_NE(loaded.error().what.find(other.file(damage.file)), std::string::npos);
    EXPECT_NE(loaded.error().what.find(damage.want), std::string::npos) << loaded.error().what;
  }
}

TEST_F(LeafSignerTest, KeysAndCertificatesMustFit) {
  Scratch other;
  ASSERT_TRUE(create_ca(other.path(), today()));
  const auto mixed = load_ca_pair(scratch_.file("ca.pem"), other.file("ca.key"), today());
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().what.find("does not belong"), std::string::npos);
  EXPECT_FALSE(load_ca_pair(scratch_.file("ca.pem"), scratch_.file("ca.key"),
                            today() + std::chrono::hours(24 * 4000)));
  EXPECT_FALSE(create_ca(scratch_.path(), today())) << "an existing CA is never replaced";
  EXPECT_FALSE(load_ca_pair(scratch_.file("no.pem"), scratch_.file("ca.key"), today()));
}

TEST_F(LeafSignerTest, ALeafIsNoCa) {
  LeafSigner by = signer();
  verified(by, "www.example.test", "");
  const auto as_ca = load_ca_pair(scratch_.file("leaf.pem"), scratch_.file("ca.key"), today());
  ASSERT_FALSE(as_ca);
  EXPECT_NE(as_ca.error().what.find("not a CA"), std::string::npos);
}

TEST_F(LeafSignerTest, TheWorldSeesOnlyTheCertificate) {
  const auto ca = read_ca(scratch_.file("ca.pem"));
  ASSERT_TRUE(ca);
  const std::string said =
      shell("openssl x509 -noout -fingerprint -sha256 -in " + scratch_.file("ca.pem"));
  EXPECT_NE(said.find(fingerprint_text(ca->sha256)), std::string::npos) << said;
  EXPECT_TRUE(ca->chain_der.empty());
  EXPECT_EQ(ca->pem.find("PRIVATE"), std::string::npos);
}

}  // namespace
}  // namespace weir
