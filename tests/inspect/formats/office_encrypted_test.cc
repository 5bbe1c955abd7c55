#include "inspect/formats/office_encrypted.h"

#include <string>
#include <vector>

#include "tests/inspect/formats/office_samples.h"

namespace weir {
namespace {

struct Case {
  const char *file, *member, *plain;
};

NamedBytes opened(const std::string& bytes, const std::vector<std::string>& passwords) {
  Reason problem = Reason::none;
  const auto container = open_office_encrypted(subject_of(bytes), passwords, problem);
  EXPECT_EQ(problem, Reason::none);
  return container ? members_of(*container) : NamedBytes();
}

TEST(OpenOfficeEncrypted, GivesThePackage) {
  for (const Case& c :
       {Case{"agile.docx", "package", "plain.docx"}, Case{"standard.docx", "package", "plain.docx"},
        Case{"velvet-agile.xlsx", "package", "plain.xlsx"},
        Case{"velvet-standard.xlsx", "package", "plain.xlsx"}}) {
    const NamedBytes members = opened(office_file(c.file), {"wrong", "weir"});
    ASSERT_EQ(members.size(), 1U) << c.file;
    EXPECT_EQ(members[0].first, c.member) << c.file;
    EXPECT_TRUE(members[0].second == office_file(c.plain)) << c.file;
  }
}

TEST(OpenOfficeEncrypted, GivesTheMainStreamOfBinaryDocuments) {
  for (const char* file : {"password.xls", "cryptoapi.xls", "xor.xls", "velvet-rc4.xls",
                           "velvet-cryptoapi.xls", "velvet-xor.xls"}) {
    const NamedBytes members = opened(office_file(file), {"weir"});
    ASSERT_EQ(members.size(), 1U) << file;
    EXPECT_EQ(members[0].first, "Workbook");
    for (const char* text : {"row 0 of weir", "row 9 of weir", "Sheet1"}) {
      EXPECT_NE(members[0].second.find(text), std::string::npos) << file;
    }
  }
  const std::string text("A\0n\0 \0i\0n\0v\0o\0i\0c\0e\0 \0", 22);
  for (const char* file : {"password.doc", "cryptoapi.doc"}) {
    const NamedBytes members = opened(office_file(file), {"weir"});
    ASSERT_EQ(members.size(), 1U) << file;
    EXPECT_NE(members[0].second.find(text), std::string::npos) << file;
    EXPECT_EQ(office_file(file).find(text), std::string::npos) << file;
  }
}

// Too many turns for a try: then nobody knows what it is, which is not the same as clean.
TEST(OpenOfficeEncrypted, BoundsTheWorkOfATry) {
  PackageEncryption encryption;
  encryption.scheme = PackageScheme::agile;
  encryption.lock = PackageEncryption::PasswordLock{};
  encryption.lock->spins = 4'000'000'000;
  EXPECT_EQ(unlock_package(encryption, "weir"), std::nullopt);
}

TEST(OpenOfficeEncrypted, GivesTheObjectsOfPresentations) {
  Reason problem = Reason::none;
  const std::string plain = office_file("plain.ppt");
  const auto file = CompoundFile::open(as_bytes(plain), problem);
  ASSERT_TRUE(file);
  const Octets want = file->read(*file->stream("PowerPoint Document"), 36);
  for (const char* name : {"cryptoapi.ppt", "velvet.ppt"}) {
    const NamedBytes members = opened(office_file(name), {"weir"});
    ASSERT_EQ(members.size(), 1U) << name;
    EXPECT_TRUE(members[0].second.starts_with(as_text(want))) << name;
  }
}

TEST(OpenOfficeEncrypted, SaysThatNoPasswordFits) {
  for (const char* file : {"agile.docx", "standard.docx", "extensible.docx", "irm.docx",
                           "password.doc", "cryptoapi.doc", "password.xls", "xor.xls"}) {
    Reason problem = Reason::none;
    const std::string bytes = office_file(file);
    EXPECT_EQ(open_office_encrypted(subject_of(bytes), problem), nullptr) << file;
    EXPECT_EQ(problem, Reason::encrypted) << file;
  }
}

TEST(OpenOfficeEncrypted, IsNotForOthers) {
  for (const char* file : {"plain.doc", "plain.xls", "plain.docx", "plain.odt", "plain.hwp"}) {
    Reason problem = Reason::none;
    const std::string bytes = office_file(file);
    EXPECT_EQ(open_office_encrypted(subject_of(bytes), problem), nullptr) << file;
    EXPECT_EQ(problem, Reason::none) << file;
  }
}

TEST(OpenOfficeEncrypted, GivesWhatIsThereOfAPackageCutShort) {
  std::string bytes = office_file("standard.docx");
  Reason problem = Reason::none;
  const std::string size = le(office_file("plain.docx").size(), 8);
  const std::size_t at = bytes.find(size);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 8, le(1U << 30, 8));
  const auto container =
      open_office_encrypted(subject_of(bytes), std::vector<std::string>{"weir"}, problem);
  ASSERT_NE(container, nullptr);
  ASSERT_TRUE(container->next());
  std::string all;
  for (ByteView piece = container->read(); !piece.empty(); piece = container->read()) {
    all += as_text(piece);
  }
  EXPECT_TRUE(all.starts_with(office_file("plain.docx")));
  EXPECT_EQ(container->member_problem(), Reason::truncated);
}

}  // namespace
}  // namespace weir
