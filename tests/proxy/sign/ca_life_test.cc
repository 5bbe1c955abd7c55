#include "proxy/sign/ca_life.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "proxy/sign/leaf_signer.h"
#include "proxy/tls/ca.h"
#include "proxy/tls/ca_file.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// The openssl program, which judges here, knows only the real time.
WallTime today() { return std::chrono::system_clock::now(); }

std::string shell(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), block.size(), pipe) != nullptr) out += block.data();
  ::pclose(pipe);
  return out;
}

std::string p256_public_der() {
  const KeyPtr key(EVP_EC_gen("P-256"));
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key.get(), &raw);
  std::string out(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  return out;
}

struct CaLife : testing::Test {
  TempFolder state;

  std::string text(const std::string& name) {
    std::ifstream in(state / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& what) {
    std::ofstream(state / name) << what;
  }
  // A leaf of the next CA, as leaf.pem, and what it is sent with as sent.pem.
  void sign_with_next() {
    auto pair = load_ca_pair(state / "ca-next.pem", state / "ca-next.key", today());
    ASSERT_TRUE(pair) << pair.error().what;
    auto signer = LeafSigner::make(std::move(*pair), {});
    ASSERT_TRUE(signer);
    const auto der = signer->sign_leaf("a.test", as_bytes(p256_public_der()), today());
    ASSERT_TRUE(der) << der.error().what;
    write("leaf.pem", pem_of(x509_from_der(as_bytes(*der)).get()));
    std::string sent;
    const auto ca = read_ca(state / "ca-next.pem");
    for (const auto& one : ca->chain_der) sent += pem_of(x509_from_der(as_bytes(one)).get());
    write("sent.pem", sent);
  }
  std::string verify(const std::string& trusted, bool with_sent) {
    const std::string sent = with_sent ? " -untrusted " + (state / "sent.pem") : "";
    return shell("openssl verify -x509_strict -purpose sslserver -no-CApath -no-CAstore -CAfile " +
                 (state / trusted) + sent + " " + (state / "leaf.pem"));
  }
};

TEST_F(CaLife, ALeafOfTheNextIsTrustedByWhoTrustsEither) {
  ASSERT_TRUE(create_ca(state.path(), today()));
  ASSERT_TRUE(create_next_ca(state.path(), today()));
  sign_with_next();
  EXPECT_TRUE(verify("ca.pem", true).ends_with(": OK\n")) << verify("ca.pem", true);
  EXPECT_FALSE(verify("ca.pem", false).ends_with(": OK\n")) << "only by the cross certificate";
  write("next-alone.pem", read_ca(state / "ca-next.pem")->anchor_pem);
  EXPECT_TRUE(verify("next-alone.pem", true).ends_with(": OK\n"));
  EXPECT_TRUE(verify("next-alone.pem", false).ends_with(": OK\n"));
}

TEST_F(CaLife, FilesAreMadeOnceAndTheKeyIsForItsOwner) {
  EXPECT_FALSE(create_next_ca(state.path(), today())) << "no CA to follow";
  ASSERT_TRUE(create_ca(state.path(), today()));
  ASSERT_TRUE(create_next_ca(state.path(), today()));
  const std::string key = text("ca-next.key");
  EXPECT_FALSE(create_next_ca(state.path(), today()));
  EXPECT_EQ(text("ca-next.key"), key);
  struct stat about{};
  ASSERT_EQ(::stat((state / "ca-next.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(CaLife, ACaOfPathLengthZeroGivesNoCrossCertificate) {
  shell(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=r "
      "-addext basicConstraints=critical,CA:TRUE,pathlen:0 "
      "-addext keyUsage=critical,keyCertSign -keyout " +
      (state / "ca.key") + " -out " + (state / "ca.pem"));
  ASSERT_TRUE(create_next_ca(state.path(), today()));
  EXPECT_TRUE(read_ca(state / "ca-next.pem")->chain_der.empty());
}

TEST_F(CaLife, AtTheEndTheCrossCertificateIsGone) {
  ASSERT_TRUE(create_ca(state.path(), today()));
  ASSERT_TRUE(create_next_ca(state.path(), today()));
  const auto pem = pem_without_cross(state / "ca-next.pem");
  ASSERT_TRUE(pem);
  EXPECT_EQ(*pem, read_ca(state / "ca-next.pem")->pem);
}

// A company's PKI made with the openssl program: a root, and what it makes of our request.
struct CompanyPki : CaLife {
  void SetUp() override {
    ASSERT_TRUE(create_ca_request(state.path(), "weir CA of Example", "Example Ltd"));
    make_root("root", "pathlen:1");
  }
  void make_root(const std::string& name, const std::string& path_length) {
    shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 30 -subj /CN=" +
        name + " -addext basicConstraints=critical,CA:TRUE," + path_length +
        " -addext keyUsage=critical,keyCertSign -keyout " + (state / (name + ".key")) + " -out " +
        (state / (name + ".pem")));
  }
  void sign(const std::string& root, const std::string& extensions, int days = 20) {
    write("extensions", extensions);
    const std::string said =
        shell("openssl x509 -req -in " + (state / "ca-request.pem") + " -CA " +
              (state / (root + ".pem")) + " -CAkey " + (state / (root + ".key")) +
              " -CAcreateserial -days " + std::to_string(days) + " -extfile " +
              (state / "extensions") + " -out " + (state / "ours.pem"));
    ASSERT_TRUE(fs::exists(state / "ours.pem")) << said;
    write("chain.pem", text("ours.pem") + text(root + ".pem"));
  }
  Result<void> install() { return install_ca_chain(state.path(), state / "chain.pem", today()); }
};

constexpr const char* kGood =
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

TEST_F(CompanyPki, TheRequestAsksForACa) {
  const std::string said =
      shell("openssl req -noout -verify -text -in " + (state / "ca-request.pem"));
  for (const char* want : {"verify OK", "O = Example Ltd, CN = weir CA of Example",
                           "CA:TRUE, pathlen:0", "Certificate Sign"}) {
    EXPECT_NE(said.find(want), std::string::npos) << want << "\n" << said;
  }
  EXPECT_FALSE(create_ca_request(state.path(), "again", "")) << "the first one's key would be lost";
}

TEST_F(CompanyPki, TheAnswerBecomesTheNextCa) {
  sign("root", kGood);
  const auto done = install();
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_FALSE(fs::exists(state / "ca-request.key"));
  sign_with_next();
  EXPECT_TRUE(verify("root.pem", true).ends_with(": OK\n")) << verify("root.pem", true);
  const auto ca = read_ca(state / "ca-next.pem");
  EXPECT_EQ(ca->anchor_pem, text("root.pem").substr(text("root.pem").find("-----BEGIN")));
  EXPECT_EQ(ca->chain_der.size(), 1U) << "the root is not sent";
}

TEST_F(CompanyPki, TheRootNeedNotBeInTheChain) {
  sign("root", kGood);
  write("chain.pem", text("ours.pem"));
  EXPECT_TRUE(install());
}

TEST_F(CompanyPki, WhatCannotBeUsedIsRefusedByName) {
  const struct {
    const char* name;
    const char* extensions;
    const char* want;
  } rows[] = {
      {"no CA", "basicConstraints=critical,CA:FALSE\n", "CA:TRUE is missing"},
      {"may not sign", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n",
       "not a CA certificate"},
      {"for mail", "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=emailProtection\n",
       "no client would accept"},
      {"other names only",
       "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
       "nameConstraints=critical,permitted;DNS:.example.com\n",
       "no client would accept"},
  };
  for (const auto& row : rows) {
    sign("root", row.extensions);
    const auto done = install();
    ASSERT_FALSE(done) << row.name;
    EXPECT_NE(done.error().what.find(row.want), std::string::npos)
        << row.name << ": " << done.error().what;
    EXPECT_FALSE(fs::exists(state / "ca-next.key")) << row.name;
  }
}

TEST_F(CompanyPki, ARootThatAllowsNoCaBelowIt) {
  make_root("short", "pathlen:0");
  sign("short", kGood);
  const auto done = install();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("path length"), std::string::npos) << done.error().what;
}

TEST_F(CompanyPki, AnotherKeyOrderOrIssuerIsRefused) {
  sign("root", kGood);
  make_root("stranger", "pathlen:1");
  write("chain.pem", text("ours.pem") + text("stranger.pem"));
  EXPECT_NE(install().error().what.find("did not issue"), std::string::npos);
  write("chain.pem", text("root.pem") + text("ours.pem"));
  EXPECT_NE(install().error().what.find("does not belong"), std::string::npos);
  write("chain.pem", "nothing");
  EXPECT_NE(install().error().what.find("no PEM certificate"), std::string::npos);
  sign("root", kGood);
  fs::remove(state / "ca-request.key");
  EXPECT_NE(install().error().what.find("weir ca request"), std::string::npos);
}

TEST_F(CompanyPki, NamesHaveABound) {
  fs::remove(state / "ca-request.pem");
  fs::remove(state / "ca-request.key");
  EXPECT_FALSE(create_ca_request(state.path(), "", ""));
  EXPECT_FALSE(create_ca_request(state.path(), std::string(65, 'a'), ""));
  EXPECT_FALSE(fs::exists(state / "ca-request.key"));
}

}  // namespace
}  // namespace weir
