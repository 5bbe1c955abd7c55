// Real signatures: osslsigncode and openssl make them when the tests start
// (support/sign_programs.py).
#include "inspect/formats/authenticode.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/inspect/signs/pe_builder.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string unsigned_program() {
  return build({.sections = {{".text", std::string(0x2000, '\x90')}}});
}

// Made once for all cases.
class Authenticode : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder();
    const std::string program = *folder_ / "unsigned";
    std::ofstream(program, std::ios::binary) << unsigned_program();
    const std::string command = "/usr/bin/python3 " WEIR_SOURCE_DIR
                                "/tests/support/sign_programs.py " +
                                program + " " + folder_->path();
    ASSERT_EQ(std::system(command.c_str()), 0);
    auto roots = PublisherRoots::load(*folder_ / "roots.pem");
    ASSERT_TRUE(roots) << roots.error().what;
    roots_ = *roots;
  }
  static void TearDownTestSuite() {
    delete folder_;
    roots_ = {};
  }

  static std::string file(const std::string& name) { return read(*folder_ / name); }
  static PublisherRoots roots_of(const std::string& name) {
    return PublisherRoots::load(*folder_ / name).value_or(PublisherRoots());
  }
  // The certificates are made relative to the real time, in days from which all is judged.
  static std::int64_t days_from_now(int days) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return now / std::chrono::seconds(1) + std::int64_t{days} * 24 * 3600;
  }
  static PublisherFact judge(const std::string& bytes, int days = 0) {
    return read_publisher(as_bytes(bytes), roots_, days_from_now(days));
  }

  static inline TempFolder* folder_ = nullptr;
  static inline PublisherRoots roots_;
};

constexpr auto kNone = SignatureState::none, kUnproven = SignatureState::unproven,
               kProven = SignatureState::proven, kBroken = SignatureState::broken;

TEST_F(Authenticode, SaysWhoSigned) {
  struct Row {
    const char* file;
    int days;
    PublisherFact want;
  };
  const Row rows[] = {
      {"unsigned", 0, {kNone, ""}},
      {"good.exe", 0, {kProven, "Example Works Ltd"}},
      {"sha512.exe", 0, {kProven, "Example Works Ltd"}},
      {"stamped.exe", 0, {kProven, "Example Works Ltd"}},
      {"curve.exe", 0, {kProven, "Curved W\u00f6rks"}},
      {"organisation.exe", 0, {kProven, "Only An Organisation"}},
      {"odd.exe", 0, {kProven, "Ex?ample?"}},
      {"two.exe", 0, {kProven, "Example Works Ltd"}},  // SHA-1, then SHA-256
      {"sha1.exe", 0, {kUnproven, ""}},
      {"two-strange.exe", 0, {kUnproven, ""}},
      {"stranger.exe", 0, {kUnproven, ""}},  // the same name, another root
      {"expired.exe", 0, {kUnproven, ""}},
      {"expired-stamped.exe", 0, {kUnproven, ""}},  // stamped when it had expired
      {"short.exe", 0, {kProven, "Short Works"}},
      {"short.exe", 30, {kUnproven, ""}},
      {"short-stamped.exe", 30, {kProven, "Short Works"}},
      {"short-stamped.exe", 40 * 365, {kUnproven, ""}},  // who stamped has expired too
      {"short-stamped.exe", -4000, {kUnproven, ""}},     // before there was any of it
      {"lifetime-stamped.exe", 0, {kProven, "Lifetime"}},
      {"lifetime-stamped.exe", 30, {kUnproven, ""}},
      {"server.exe", 0, {kUnproven, ""}},
      {"general.exe", 0, {kUnproven, ""}},
      {"weak.exe", 0, {kUnproven, ""}},
      {"blob.exe", 0, {kUnproven, ""}},  // carries what nobody signed
  };
  for (const Row& row : rows) {
    const PublisherFact fact = judge(file(row.file), row.days);
    EXPECT_EQ(signature_state_name(fact.state), signature_state_name(row.want.state))
        << row.file << " in " << row.days << " days";
    EXPECT_EQ(fact.name, row.want.name) << row.file;
  }
}

TEST_F(Authenticode, RootsDecide) {
  const std::string good = file("good.exe"), stamped = file("short-stamped.exe");
  const auto state = [](const std::string& bytes, const PublisherRoots& roots, int days) {
    return read_publisher(as_bytes(bytes), roots, days_from_now(days)).state;
  };
  EXPECT_EQ(state(good, {}, 0), kUnproven);
  const PublisherRoots signing = roots_of("signing_root.pem");
  EXPECT_EQ(signing.size(), 1U);
  EXPECT_EQ(state(good, signing, 0), kProven);
  EXPECT_EQ(state(stamped, signing, 30), kUnproven);  // nobody vouches for the stamp
}

// Every byte that the signature covers, and one of the signature itself.
TEST_F(Authenticode, AnyChangedByteBreaksIt) {
  const std::string good = file("good.exe");
  const auto pe = read_pe(as_bytes(good));
  ASSERT_TRUE(pe);
  const std::size_t table = pe->directories[PeFile::kCertificates].address;
  for (std::size_t at = 0x200; at < table; at += 97) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_EQ(judge(changed).state, kBroken) << at;
  }
  std::string summed = good;  // the checksum is not covered
  summed[pe->checksum_at] = static_cast<char>(summed[pe->checksum_at] ^ 1);
  EXPECT_EQ(judge(summed).state, kProven);
}

TEST_F(Authenticode, NoByteOfTheSignatureMayChangeAndStillNameAnother) {
  const std::string good = file("good.exe");
  const auto pe = read_pe(as_bytes(good));
  ASSERT_TRUE(pe);
  for (std::size_t at = pe->directories[PeFile::kCertificates].address; at < good.size(); at += 7) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const PublisherFact fact = judge(changed);
    if (fact.state == kProven) {
      EXPECT_EQ(fact.name, "Example Works Ltd") << at;
    }
  }
}

TEST_F(Authenticode, NothingMayLieBehindOrInTheTable) {
  const std::string good = file("good.exe");
  const auto pe = read_pe(as_bytes(good));
  ASSERT_TRUE(pe);
  const PeDirectory table = pe->directories[PeFile::kCertificates];
  EXPECT_EQ(judge(good + "x").state, kUnproven);
  EXPECT_EQ(judge(good + std::string(8, '\0')).state, kUnproven);
  const auto with_size = [&](std::string bytes, std::uint32_t size) {
    std::string field;
    put(field, size, 4);
    return bytes.replace(pe->certificates_at + 4, 4, field);
  };
  // More in the table than the entry needs: zeros, another entry, text.
  EXPECT_EQ(judge(with_size(good + std::string(8, '\0'), table.size + 8)).state, kUnproven);
  EXPECT_EQ(judge(with_size(good + good.substr(table.address), 2 * table.size)).state, kUnproven);
  std::string longer = with_size(good + "whatever", table.size + 8), length;
  put(length, table.size + 8, 4);
  longer.replace(table.address, 4, length);
  EXPECT_EQ(judge(longer).state, kUnproven);
}

TEST_F(Authenticode, TablesThatLieAreUnproven) {
  const std::string good = file("good.exe");
  const auto pe = read_pe(as_bytes(good));
  ASSERT_TRUE(pe);
  const PeDirectory table = pe->directories[PeFile::kCertificates];
  for (std::size_t cut = 1; cut < table.size; cut += 41) {
    EXPECT_EQ(judge(good.substr(0, good.size() - cut)).state, kUnproven) << cut;
  }
  const auto with = [&](std::size_t at, std::uint32_t value) {
    std::string field, bytes = good;
    put(field, value, 4);
    return bytes.replace(at, 4, field);
  };
  const std::uint32_t huge[] = {0xffffffff, 0x7fffffff, 0, 8, 7, 1};
  for (const std::uint32_t value : huge) {
    EXPECT_EQ(judge(with(pe->certificates_at, value)).state, kUnproven) << "address " << value;
    EXPECT_EQ(judge(with(pe->certificates_at + 4, value)).state, kUnproven) << "size " << value;
    EXPECT_EQ(judge(with(table.address, value)).state, kUnproven) << "length " << value;
  }
  EXPECT_EQ(judge(with(table.address + 4, 0x00020100)).state, kUnproven) << "old revision";
  EXPECT_EQ(judge(with(table.address + 4, 0x00010200)).state, kUnproven) << "bare certificate";
  EXPECT_EQ(judge(with(table.address + 8, 0x84308430)).state, kUnproven) << "no DER";
}

TEST_F(Authenticode, ASignatureOfAnotherFileIsBroken) {
  const std::string good = file("good.exe");
  std::string other = unsigned_program();
  other[0x500] = 'x';
  const auto pe = read_pe(as_bytes(good));
  ASSERT_TRUE(pe);
  const std::size_t table = pe->directories[PeFile::kCertificates].address;
  std::string moved = good.substr(0, 0x400) + other.substr(0x400) + good.substr(table);
  EXPECT_EQ(judge(moved).state, kBroken);
}

TEST(PublisherRoots, MistakesHaveTheirPlace) {
  struct Row {
    const char* text;
    const char* want;
  };
  const Row rows[] = {
      {"", "roots.pem:1:1: no certificate in it"},
      {"# nothing\n\n", "roots.pem:1:1: no certificate in it"},
      {"a\n-----BEGIN CERTIFICATE-----\nMIIB\n", "roots.pem:2:1: this certificate has no END line"},
      {"-----BEGIN CERTIFICATE-----\nMIIB\nMI!B\n", "roots.pem:3:3: not base64"},
      {"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
       "roots.pem:1:1: the base64 of this certificate is incomplete"},
      {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
       "roots.pem:1:1: not a certificate"},
      {"\n-----BEGIN PRIVATE KEY-----\n",
       "roots.pem:2:1: only blocks of BEGIN CERTIFICATE and END CERTIFICATE belong here"},
  };
  for (const Row& row : rows) {
    const auto roots = PublisherRoots::parse(row.text, "roots.pem");
    ASSERT_FALSE(roots) << row.text;
    EXPECT_EQ(roots.error().what, row.want);
  }
  EXPECT_TRUE(PublisherRoots::load("")->empty());
  EXPECT_FALSE(PublisherRoots::load("/does/not/exist.pem"));
}

TEST_F(Authenticode, OnlyRootsMayBeListed) {
  const auto leaf = PublisherRoots::load(*folder_ / "publisher.pem");
  ASSERT_FALSE(leaf);
  EXPECT_NE(leaf.error().what.find(":1:1: this certificate is no root"), std::string::npos);
}

}  // namespace
}  // namespace weir
