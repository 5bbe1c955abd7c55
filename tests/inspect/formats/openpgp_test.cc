#include "inspect/formats/openpgp.h"

#include <gtest/gtest.h>

#include <random>

#include "inspect/formats/openpgp_packets.h"
#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

struct Case {
  const char* file;
  const char* want;
};

TEST(OpenPgp, TellsFilesOfGnuPg) {
  const std::vector<Case> table{
      {"pgp-rsa.gpg", "encrypted pgp-public-key"},
      {"pgp-ecc.gpg", "encrypted pgp-public-key"},
      {"pgp-two.asc", "encrypted pgp-public-key"},
      {"pgp-hidden.gpg", "encrypted pgp-public-key"},
      {"pgp-signed-encrypted.gpg", "encrypted pgp-public-key"},
      {"pgp-inline.eml", "encrypted pgp-public-key"},
      {"pgp-both.gpg", "encrypted pgp-public-key"},
      {"pgp-symmetric.gpg", "encrypted pgp-symmetric"},
      {"pgp-symmetric.asc", "encrypted pgp-symmetric"},
      {"pgp-symmetric-old.gpg", "encrypted pgp-symmetric"},
      {"pgp-signed.gpg", ""},
      {"pgp-signed-stored.gpg", ""},
      {"pgp-signed.asc", ""},
      {"pgp-literal.gpg", ""},
      {"pgp-detached.sig", ""},
      {"pgp-detached.asc", ""},
      {"pgp-clearsigned.asc", ""},
      {"pgp-public.gpg", ""},
      {"pgp-public.asc", ""},
      {"pgp-secret.gpg", "sign pgp-secret-key 0"},
      {"pgp-secret.asc", "sign pgp-secret-key 0"},
      {"plain.age", ""},
      {"certificate.der", ""},
  };
  for (const Case& c : table) {
    EXPECT_EQ(said(examine_openpgp, from_corpus("sealed/"s + c.file)), c.want) << c.file;
  }
}

// Version 1 AEAD data of GnuPG 2.3, and version 2 protected data with a version 6 recipient.
TEST(OpenPgp, TellsAuthenticatedEncryption) {
  const std::string skesk5 =
      "\xC3\x1D\x05\x09\x02\x03\x08"s + "saltsalt" + "\xFF" + std::string(15, 'i');
  const std::string aead = "\xD4\xFE\x01\x09\x02\x10"s + std::string(250, '\x5A');
  EXPECT_EQ(said(examine_openpgp, skesk5 + aead), "encrypted pgp-aead");
  const std::string skesk6 =
      "\xC3\x1D\x06\x1A\x09\x02\x0B\x03\x08"s + "saltsalt" + "\xFF" + std::string(13, 'i');
  const std::string v2 = "\xD2\x60\x02\x09\x02\x06"s + std::string(92, '\x5A');
  EXPECT_EQ(said(examine_openpgp, skesk6 + v2), "encrypted pgp-aead");
}

TEST(OpenPgp, NeedsNoRecipientInArmorOrWithExactLength) {
  const std::string body = "\x01"s + std::string(99, '\x5A');
  EXPECT_EQ(said(examine_openpgp, "\xD2\x64" + body), "encrypted pgp-symmetric");
  EXPECT_EQ(said(examine_openpgp, "\xD2\x65" + body), "");
  EXPECT_EQ(said(examine_openpgp, "\xD2\x63" + body), "");
}

TEST(OpenPgp, TellsWhatIsCutOff) {
  const std::string whole = from_corpus("sealed/pgp-rsa.gpg");
  EXPECT_EQ(said(examine_openpgp, whole.substr(0, whole.size() - 20)), "encrypted pgp-public-key");
  const std::string armored = from_corpus("sealed/pgp-two.asc");
  EXPECT_EQ(said(examine_openpgp, armored.substr(0, 800)), "encrypted pgp-public-key");
}

TEST(OpenPgp, FindsTheBlockThatIsThePoint) {
  const std::string block = from_corpus("sealed/pgp-symmetric.asc");
  const std::string text(300, 'x');
  EXPECT_EQ(said(examine_openpgp, text + "\n" + block), "encrypted pgp-symmetric");
  EXPECT_EQ(said(examine_openpgp, text + "\n> " + block), "encrypted pgp-symmetric");
  EXPECT_EQ(said(examine_openpgp, from_corpus("sealed/pgp-public.asc") + block + text),
            "encrypted pgp-symmetric")
      << "after another block";
  EXPECT_EQ(said(examine_openpgp, "printf(\"" + block), "") << "within a line of source";
  EXPECT_EQ(said(examine_openpgp, std::string(20'000, 'x') + "\n" + block), "")
      << "a short example in a long text";
  EXPECT_EQ(said(examine_openpgp, "-----BEGIN PGP MESSAGE-----\n\n(here)\n"), "");
  EXPECT_EQ(said(examine_openpgp, "-----BEGIN PGP MESSAGE, PART 2/3-----\n\naGVsbG8gaGVsbG8=\n"),
            "multi-volume pgp-part");
}

TEST(OpenPgp, SaysNothingOfRandomBytes) {
  std::mt19937 random(1);
  int alarms = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes(64, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    bytes[0] = static_cast<char>(static_cast<unsigned char>(bytes[0]) | 0x80);
    if (classify_pgp(as_bytes(bytes), PgpExtent::whole).kind == PgpKind::encrypted) ++alarms;
  }
  EXPECT_EQ(alarms, 0);
}

}  // namespace
}  // namespace weir
