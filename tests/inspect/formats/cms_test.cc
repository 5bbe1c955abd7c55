#include "inspect/formats/cms.h"

#include <gtest/gtest.h>

#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

struct Case {
  const char* file;
  const char* want;
};

TEST(Cms, TellsFilesOfOpenSsl) {
  const std::vector<Case> table{
      {"cms-enveloped.p7m", "encrypted cms-enveloped"},
      {"cms-enveloped-ber.p7m", "encrypted cms-enveloped"},
      {"cms-enveloped.pem", "encrypted cms-enveloped"},
      {"cms-enveloped.b64", "encrypted cms-enveloped"},
      {"pkcs7-enveloped.pem", "encrypted cms-enveloped"},
      {"cms-password.p7m", "encrypted cms-enveloped"},
      {"cms-auth-enveloped.p7m", "encrypted cms-auth-enveloped"},
      {"cms-encrypted.der", "encrypted cms-encrypted"},
      {"cms-signed.p7m", ""},
      {"cms-signed-ber.p7m", ""},
      {"cms-signed.pem", ""},
      {"cms-detached.p7s", ""},
      {"cms-data.der", ""},
      {"cms-digest.der", ""},
      {"certificates.p7b", ""},
      {"certificate.der", ""},
      {"certificate.pem", ""},
      {"store.p12", "sign pkcs12 0"},
      {"keys.pkcs12", "sign pkcs12 0"},
      {"pkcs8-encrypted.pem", "sign pkcs8-encrypted 0"},
      {"pkcs8-encrypted.der", "sign pkcs8-encrypted 0"},
      {"pkcs8-plain.pem", ""},
      {"traditional-encrypted.pem", "sign pem-key-encrypted 0"},
      {"traditional-plain.pem", ""},
      {"ssh-encrypted.key", "sign ssh-key-encrypted 0"},
      {"ssh-plain.key", ""},
      {"pgp-rsa.gpg", ""},
  };
  for (const Case& c : table) {
    EXPECT_EQ(said(examine_cms, from_corpus("sealed/"s + c.file)), c.want) << c.file;
  }
}

TEST(Cms, TakesALargeKeyFileForACarrier) {
  EXPECT_EQ(said(examine_cms, from_corpus("sealed/store.p12") + std::string(kLargestKeyFile, 'x')),
            "encrypted pkcs12");
}

std::string plain() {
  std::string text;
  for (int i = 1; i <= 40; ++i) text += "line " + std::to_string(i) + " of nothing in particular\n";
  return text;
}

TEST(Cms, OpensWhatIsSigned) {
  for (const char* file :
       {"cms-signed.p7m", "cms-signed-ber.p7m", "cms-signed.pem", "cms-digest.der"}) {
    EXPECT_EQ(opened(open_cms_signed, from_corpus("sealed/"s + file)),
              (Opened{{"content", plain()}}))
        << file;
  }
  for (const char* file : {"cms-detached.p7s", "certificates.p7b", "cms-enveloped.p7m",
                           "certificate.pem", "plain.age"}) {
    EXPECT_EQ(opened(open_cms_signed, from_corpus("sealed/"s + file)), Opened{}) << file;
  }
}

// RFC 3274, of which this OpenSSL has none: written by hand, its zlib stream stored.
TEST(Cms, OpensWhatIsCompressed) {
  const std::string packed = "\x78\x01\x01\x05\x00\xFA\xFFhello\x06\x2C\x02\x15"s;
  const auto tlv = [](char tag, const std::string& content) {
    return std::string{tag, static_cast<char>(content.size())} + content;
  };
  const std::string data_oid = tlv(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"s);
  const std::string zlib_oid = tlv(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x03\x08"s);
  const std::string compressed_oid = tlv(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09"s);
  const std::string inner = tlv('\x30', data_oid + tlv('\xA0', tlv(4, packed)));
  const std::string sequence = tlv('\x30', tlv(2, "\0"s) + tlv('\x30', zlib_oid) + inner);
  const std::string whole = tlv('\x30', compressed_oid + tlv('\xA0', sequence));
  EXPECT_EQ(said(examine_cms, whole), "");
  EXPECT_EQ(opened(open_cms_signed, whole), (Opened{{"content", "hello"}}));
}

TEST(Cms, TellsSignedAroundEncrypted) {
  const auto tlv = [](char tag, const std::string& content) {
    return std::string{tag, static_cast<char>(content.size())} + content;
  };
  const std::string enveloped = tlv(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"s);
  const std::string signed_oid = tlv(6, "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"s);
  const std::string sequence = tlv(
      '\x30', tlv(2, "\3"s) + tlv('\x31', "") + tlv('\x30', enveloped + tlv('\xA0', tlv(4, "x"))));
  EXPECT_EQ(said(examine_cms, tlv('\x30', signed_oid + tlv('\xA0', sequence))),
            "encrypted cms-enveloped");
}

}  // namespace
}  // namespace weir
