#include "inspect/formats/office_examine.h"

#include <string>
#include <vector>

#include "tests/inspect/formats/office_samples.h"

namespace weir {
namespace {

using Texts = std::vector<std::string>;

Texts examined(const std::string& bytes) {
  Remarks remarks;
  examine_office(subject_of(bytes), remarks);
  return texts_of(remarks);
}

struct Case {
  const char* file;
  Texts want;
};

TEST(ExamineOffice, TellsWhatIsEncryptedAndHow) {
  const std::vector<Case> table{
      {"agile.docx", {"encrypted ooxml-agile"}},
      {"standard.docx", {"encrypted ooxml-standard"}},
      {"extensible.docx", {"encrypted ooxml-extensible"}},
      {"irm.docx", {"encrypted ooxml-irm"}},
      {"irm.doc", {"encrypted ole-irm"}},
      {"password.doc", {"encrypted doc-rc4"}},
      {"cryptoapi.doc", {"encrypted doc-rc4-cryptoapi"}},
      {"password.xls", {"encrypted xls-rc4"}},
      {"cryptoapi.xls", {"encrypted xls-cryptoapi"}},
      {"xor.xls", {"encrypted xls-xor"}},
      {"cryptoapi.ppt", {"encrypted ppt-cryptoapi"}},
      {"password.one", {"encrypted one-encrypted"}},
      {"password.hwp", {"encrypted hwp-encrypted"}},
      {"drm.hwp", {"encrypted hwp-drm"}},
      {"password.odt", {"encrypted odf-aes256"}},
      {"blowfish.odt", {"encrypted odf-blowfish"}},
      {"package.odt", {"encrypted odf-aes256-package"}},
      {"pgp.odt", {"encrypted odf-pgp"}},
      {"password.pages", {"encrypted iwork-encrypted"}},
      {"embedded.doc", {"encrypted ooxml-encrypted"}},
  };
  for (const Case& c : table) EXPECT_EQ(examined(office_file(c.file)), c.want) << c.file;
}

TEST(ExamineOffice, IsSilentOnWhatCanBeRead) {
  for (const char* file :
       {"plain.doc", "plain.docx", "plain.xls", "plain.xlsx", "plain.odt", "plain.rtf", "plain.hwp",
        "plain.ppt", "plain.one", "message.msg", "names.msi", "plain.pages", "macro.xls",
        "sheet-protected.xls", "sheet-protected.xlsx"}) {
    EXPECT_EQ(examined(office_file(file)), Texts()) << file;
  }
}

TEST(ExamineOffice, TriesWhatExcelTriesByItself) {
  for (const char* file : {"velvet-agile.xlsx", "velvet-standard.xlsx", "velvet-rc4.xls",
                           "velvet-cryptoapi.xls", "velvet-xor.xls", "velvet.ppt"}) {
    EXPECT_EQ(examined(office_file(file)), Texts()) << file;
  }
}

// What cannot be understood cannot be tried, and is not clean.
TEST(ExamineOffice, TakesAStrangeLockForALock) {
  std::string bytes = office_file("velvet-agile.xlsx");
  const std::size_t at = bytes.find("spinCount=\"100000\"");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 11, 6, "999x99");
  EXPECT_EQ(examined(bytes), Texts{"encrypted ooxml-agile"});
}

TEST(ExamineOffice, SaysWhenACompoundFileCannotBeRead) {
  const std::string whole = office_file("plain.doc");
  EXPECT_EQ(examined(whole.substr(0, 100)), Texts{"truncated ole"});
  EXPECT_EQ(examined(whole.substr(0, 512)), Texts{"truncated ole"});
  std::string broken = whole;
  broken[30] = 3;
  EXPECT_EQ(examined(broken), Texts{"corrupt ole"});
}

std::string access_page(const std::string& version, const std::string& password, char key) {
  std::string page = std::string("\0\1\0\0Standard Jet DB\0", 20) + version;
  page.resize(2048);
  page.replace(0x42, password.size(), password);
  page[0x3e] = key;
  // The stream of RC4 with the key that all these files share, as other readers list it.
  const unsigned char mask[] = {
      0xB5, 0x6F, 0x03, 0x62, 0x61, 0x08, 0xC2, 0x55, 0xEB, 0xA9, 0x67, 0x72, 0x43, 0x3F, 0x00,
      0x9C, 0x7A, 0x9F, 0x90, 0xFF, 0x80, 0x9A, 0x31, 0xC5, 0x79, 0xBA, 0xED, 0x30, 0xBC, 0xDF,
      0xCC, 0x9D, 0x63, 0xD9, 0xE4, 0xC3, 0x7B, 0x42, 0xFB, 0x8A, 0xBC, 0x4E, 0x86, 0xFB, 0xEC,
      0x37, 0x5D, 0x44, 0x9C, 0xFA, 0xC6, 0x5E, 0x28, 0xE6, 0x13, 0xB6, 0x8A, 0x60, 0x54, 0x94,
      0x7B, 0x36, 0xF5, 0x72, 0xDF, 0xB1, 0x77, 0xF4, 0x13, 0x43, 0xCF, 0xAF, 0xB1, 0x33, 0x34,
      0x61, 0x79, 0x5B, 0x92, 0xB5, 0x7C, 0x2A, 0x05, 0xF1, 0x7C, 0x99, 0x01, 0x1B, 0x98, 0xFD,
      0x12, 0x4F, 0x4A, 0x94, 0x6C, 0x3E, 0x60, 0x26, 0x5F, 0x95, 0xF8, 0xD0, 0x89, 0x24, 0x85,
      0x67, 0xC6, 0x1F, 0x27, 0x44, 0xD2, 0xEE, 0xCF, 0x65, 0xED, 0xFF, 0x07, 0xC7, 0x46, 0xA1,
      0x78, 0x16, 0x0C, 0xED, 0xE9, 0x2D, 0x62, 0xD4};
  const std::size_t masked = version[0] == 0 ? 126 : 128;
  for (std::size_t i = 0; i < masked; ++i) {
    page[0x18 + i] = static_cast<char>(static_cast<unsigned char>(page[0x18 + i]) ^ mask[i]);
  }
  return page;
}

TEST(ExamineOffice, ReadsTheFirstPageOfAccess) {
  const std::string three(4, '\0'), four = le(1, 4);
  EXPECT_EQ(examined(access_page(three, "", 0)), Texts());
  EXPECT_EQ(examined(access_page(four, "", 0)), Texts());
  EXPECT_EQ(examined(access_page(three, "weir", 0)), Texts{"encrypted access-jet"});
  EXPECT_EQ(examined(access_page(four, "w\0e\0", 0)), Texts{"encrypted access-jet"});
  EXPECT_EQ(examined(access_page(four, "", 7)), Texts{"unsupported access-jet-encoded"});
  std::string ace = access_page(le(2, 4), "", 7);
  ace.replace(4, 15, "Standard ACE DB");
  ace.replace(0x299, 6, le(100, 2) + le(4, 2) + le(4, 2));
  EXPECT_EQ(examined(ace), Texts{"encrypted access-ace"});
  ace = access_page(le(2, 4), "", 0);
  ace.replace(4, 15, "Standard ACE DB");
  EXPECT_EQ(examined(ace), Texts());
}

// A worksheet of Excel 4: BOF, FilePass, EOF.
TEST(ExamineOffice, ReadsWorksheetsWithoutACompoundFile) {
  const std::string bof = le(0x0409, 2) + le(6, 2) + le(0, 2) + le(0x10, 2) + le(0, 2);
  const std::string end = le(0x0a, 2) + le(0, 2);
  EXPECT_EQ(examined(bof + end), Texts());
  EXPECT_EQ(examined(bof + le(0x2f, 2) + le(4, 2) + le(0x1234, 2) + le(0x5678, 2) + end),
            Texts{"encrypted xls-xor"});
}

TEST(ExamineOffice, KnowsRightsManagedMessages) {
  EXPECT_EQ(examined("\x76\xe8\x04\x60\xc4\x11\xe3\x86 rest"), Texts{"encrypted outlook-rpmsg"});
}

}  // namespace
}  // namespace weir
