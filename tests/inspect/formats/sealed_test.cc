#include "inspect/formats/sealed.h"

#include <gtest/gtest.h>

#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string input;
  const char* want;
};

void check(const std::vector<Case>& table) {
  for (const Case& c : table) EXPECT_EQ(said(examine_sealed, c.input), c.want) << c.name;
}

TEST(Sealed, TellsRealFiles) {
  const auto file = [](const char* name) { return from_corpus("sealed/"s + name); };
  check({
      {"age", file("plain.age"), "encrypted age"},
      {"age, armored", file("plain.age.asc"), "encrypted age"},
      {"openssl enc", file("openssl.enc"), "encrypted openssl-enc"},
      {"openssl enc -a", file("openssl.b64"), "encrypted openssl-enc"},
      {"LUKS1", file("luks1.img"), "encrypted luks1"},
      {"LUKS2", file("luks2.img"), "encrypted luks2"},
      {"JKS", file("keys.jks"), "sign java-keystore 0"},
      {"JCEKS", file("keys.jceks"), "sign java-keystore 0"},
      {"PEM", file("certificate.pem"), ""},
      {"PGP", file("pgp-rsa.gpg"), ""},
  });
}

std::string random_like(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

// Headers as the formats' documents have them, for programs that are not at hand.
TEST(Sealed, TellsWrittenHeaders) {
  const std::string noise = random_like(4096);
  const std::string hex =
      "$ANSIBLE_VAULT;1.1;AES256\n3635383462316535356365663262353930303363333334\n";
  check({
      {"axcrypt", "\xC0\xB9\x07\x2E\x4F\x93\xF1\x46\xA0\x15\x79\x2C\xA1\xD9\xE8\x21" + noise,
       "encrypted axcrypt"},
      {"aes crypt 2", "AES\x02\x00\x00\x18"s + "CREATED_BY\0aescrypt 3.1"s + " " + "\0\0"s + noise,
       "encrypted aes-crypt"},
      {"aes crypt 0", "AES\0\x05"s + noise.substr(0, 48 + 160), "encrypted aes-crypt"},
      {"aes crypt 0, other size", "AES\0\x05"s + noise.substr(0, 48 + 161), ""},
      {"bitlocker", "\xEB\x58\x90-FVE-FS-" + noise, "encrypted bitlocker"},
      {"ntfs", "\xEB\x58\x90NTFS    " + noise, ""},
      {"dmg", "encrcdsa" + noise, "encrypted dmg-encrypted"},
      {"dmg v1", noise + "cdsaencr", "encrypted dmg-encrypted"},
      {"kdb", "\x03\xD9\xA2\x9A\x65\xFB\x4B\xB5" + noise, "encrypted keepass"},
      {"kdbx", "\x03\xD9\xA2\x9A\x67\xFB\x4B\xB5" + noise, "encrypted keepass"},
      {"ansible-vault", hex, "encrypted ansible-vault"},
      {"ansible-vault, a mention",
       "$ANSIBLE_VAULT;1.1;AES256\nis what the first line of a vault says.\n", ""},
      {"android", "ANDROID BACKUP\n5\n1\nAES-256\n" + noise, "encrypted android-backup"},
      {"android, none", "ANDROID BACKUP\n5\n1\nnone\n" + noise, ""},
      {"vim", "VimCrypt~03!" + noise, "encrypted vimcrypt"},
      {"rclone", "RCLONE\0\0"s + noise, "encrypted rclone-crypt"},
      {"git-crypt", "\0GITCRYPT\0"s + noise, "encrypted git-crypt"},
      {"dpapi", "\x01\0\0\0\xD0\x8C\x9D\xDF\x01\x15\xD1\x11\x8C\x7A\0\xC0\x4F\xC2\x97\xEB"s + noise,
       "encrypted dpapi"},
      {"rpmsg", "\x76\xE8\x04\x60\xC4\x11\xE3\x86" + noise, "encrypted rpmsg"},
      {"pfile", ".pfile\0\1"s + noise, "encrypted ms-pfile"},
      {"pfile, a mention", ".pfile is the extension of such files, which begin in the same way\n",
       ""},
      {"mcrypt", "\0m\x03@rijndael-128\0 \0cbc\0"s + noise, "encrypted mcrypt"},
      {"scrypt", "scrypt\0\x0E\0\0\0\x08\0\0\0\x01"s + noise, "encrypted scrypt"},
      {"salted text", "Salted__ is what such files begin with, says the manual of openssl.\n", ""},
      {"salted base64 text", "U2FsdGVkX1 is how it looks in base64: not this.\n", ""},
      {"age text", "age-encryption.org/v1\nis the first line of the format\n", ""},
      {"saltpack", "BEGIN SALTPACK ENCRYPTED MESSAGE. kcJn5brvybfNjz6 D5ll2Nk0YusOJBf\n",
       "encrypted saltpack"},
      {"ppk", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n",
       "sign putty-key-encrypted 0"},
      {"ppk, none", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", ""},
      {"nothing", "", ""},
      {"noise", noise, ""},
  });
}

TEST(Sealed, TellsShapes) {
  const std::string fernet =
      "gAAAAABmF3JxQk1vZGVybiBmZXJuZXQgdG9rZW4gd2l0aCBzb21lIGJ5dGVzIGFuZCBtb3JlIG9mIHRoZW0gaGVy"
      "ZSBmb3IgZXZlcnlib2R5";
  // {"alg":"RSA-OAEP","enc":"A256GCM"}
  const std::string jwe =
      "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZ.48V1_"
      "ALb6US04U3b."
      "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A."
      "XFBoMYUZodetZdvTiFvSkQ";
  const std::string jwt =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_"
      "XgL0";
  const std::string ns = " xmlns=\"http://www.w3.org/2001/04/xmlenc#\"";
  const std::string cipher =
      "><CipherData><CipherValue>AAAA</CipherValue></CipherData></EncryptedData>";
  check({
      {"jwe", jwe + "\n", "encrypted jwe"},
      {"jwt", jwt, ""},
      {"xmlenc", "<?xml version=\"1.0\"?>\n<!-- c -->\n<EncryptedData" + ns + cipher,
       "encrypted xmlenc"},
      {"xmlenc, prefixed",
       "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"" + cipher,
       "encrypted xmlenc"},
      {"xmlenc, a template",
       "<EncryptedData" + ns +
           "><CipherData><CipherValue></CipherValue></CipherData></EncryptedData>",
       ""},
      {"xmlenc inside", "<Assertion" + ns + "><EncryptedData" + cipher + "</Assertion>", ""},
      {"epub fonts",
       "<encryption xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><enc:EncryptedData "
       "xmlns:enc=\"http://www.w3.org/2001/04/xmlenc#\"/></encryption>",
       ""},
      {"not fernet", "gAAAAA is how it begins, padded to a length that would do for it, or nearly.",
       ""},
      {"fernet, wrong length", fernet + "AAAA", ""},
  });
}

// 1 + 8 + 16 + 32 bytes and whole blocks.
TEST(Sealed, TellsFernet) {
  for (const int blocks : {1, 3, 30}) {
    std::string raw =
        "gAAAAABm" + std::string(static_cast<std::size_t>((57 + 16 * blocks + 2) / 3 * 4 - 8), 'B');
    const int over = (57 + 16 * blocks) % 3;
    if (over != 0)
      raw.replace(raw.size() - static_cast<std::size_t>(3 - over), 3,
                  std::string(static_cast<std::size_t>(3 - over), '='));
    EXPECT_EQ(said(examine_sealed, raw), "encrypted fernet") << blocks;
  }
}

}  // namespace
}  // namespace weir
