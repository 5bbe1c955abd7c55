#include "inspect/formats/ole_open.h"

#include <string>
#include <vector>

#include "inspect/formats/ole_rtf.h"
#include "inspect/formats/onenote.h"
#include "inspect/formats/outlook_tnef.h"
#include "inspect/formats/vba_project.h"
#include "tests/inspect/formats/office_samples.h"

namespace weir {
namespace {

NamedBytes opened(OpenContainer open, const std::string& bytes, Reason at_end = Reason::none) {
  Reason problem = Reason::none;
  const auto container = open(subject_of(bytes), problem);
  EXPECT_EQ(problem, Reason::none);
  if (!container) return {};
  NamedBytes members = members_of(*container);
  EXPECT_EQ(container->problem(), at_end);
  return members;
}

TEST(OpenOle, GivesMacrosAsSource) {
  const NamedBytes members = opened(open_ole, office_file("macro.xls"));
  const std::string source = bytes_of(members, "VBA/Module1.bas");
  std::string want = "Attribute VB_Name = \"Module1\"\r\nSub Auto_Open()\r\n";
  for (int i = 0; i < 300; ++i) want += "  MsgBox \"weir macro\"\r\n";
  EXPECT_EQ(source, want + "End Sub\r\n");  // more than one chunk
  for (const auto& [name, bytes] : members) EXPECT_NE(name, "_VBA_PROJECT_CUR/VBA/Module1");
  EXPECT_FALSE(bytes_of(members, "Workbook").empty());
}

TEST(OpenOle, GivesPackagedFilesUnderTheirNames) {
  const NamedBytes members = opened(open_ole, office_file("embedded.doc"));
  EXPECT_EQ(bytes_of(members, "run.cmd"), "echo weir\r\n");
  EXPECT_EQ(bytes_of(members, "ObjectPool/_2/EncryptedPackage"), std::string(64, '\1'));
  EXPECT_FALSE(bytes_of(members, "\\x05SummaryInformation").empty());
}

TEST(OpenOle, GivesTheAttachmentsOfMessages) {
  const NamedBytes members = opened(open_ole, office_file("message.msg"));
  EXPECT_EQ(bytes_of(members, "offer \xc3\xa4.zip").size(), 6400U);
  EXPECT_EQ(bytes_of(members, "run.vbs"), "inner attachment");
}

TEST(OpenOle, DecodesTheNamesOfInstallers) {
  EXPECT_EQ(names_of(opened(open_ole, office_file("names.msi"))),
            (std::vector<std::string>{"!File", "Data.cab", "\\x05SummaryInformation"}));
  EXPECT_EQ(msi_stream_name("plain \xc3\xa4"), "plain \xc3\xa4");
}

TEST(OpenOle, SaysWhatItCannotOpen) {
  Reason problem = Reason::none;
  const std::string cut = office_file("plain.doc").substr(0, 300);
  EXPECT_EQ(open_ole(subject_of(cut), problem), nullptr);
  EXPECT_EQ(problem, Reason::truncated);
  problem = Reason::none;
  const std::string other = office_file("plain.docx");
  EXPECT_EQ(open_ole(subject_of(other), problem), nullptr);
  EXPECT_EQ(problem, Reason::none);
}

// The examples of [MS-OVBA] 3.2.1 to 3.2.3.
TEST(VbaDecompress, ReadsTheExamplesOfTheFormat) {
  const std::string literals(
      "\x01\x19\xB0\x00"
      "abcdefgh\x00"
      "ijklmnop\x00"
      "qrstuv.",
      29);
  const std::string copies(
      "\x01\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6A\x01\x38"
      "\x08\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77"
      "\x78\x79\x7A\x00\x3C",
      51);
  const std::string run("\x01\x03\xB0\x02\x61\x45\x00", 7);
  const auto text = [](const std::string& packed) {
    const auto bytes = vba_decompress(as_bytes(packed), 1 << 20);
    return bytes ? std::string(as_text(*bytes)) : "nothing";
  };
  EXPECT_EQ(text(literals), "abcdefghijklmnopqrstuv.");
  EXPECT_EQ(text(copies), "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa");
  EXPECT_EQ(text(run), std::string(73, 'a'));
  EXPECT_EQ(text("no container"), "nothing");
  EXPECT_EQ(text("\x01\x03\xB0\x01\x61\x45"), "nothing");  // a copy of what is not there
}

TEST(OpenOnenote, GivesEmbeddedFiles) {
  const std::string bytes = office_file("plain.one");
  EXPECT_EQ(opened(open_onenote, bytes),
            (NamedBytes{{"embedded-1", "first file"}, {"embedded-2", "second file!"}}));
  const std::size_t cut = bytes.find("second") + 3;
  EXPECT_EQ(opened(open_onenote, bytes.substr(0, cut), Reason::truncated),
            (NamedBytes{{"embedded-1", "first file"}, {"embedded-2", "sec"}}));
  EXPECT_EQ(opened(open_onenote, office_file("plain.doc")), NamedBytes());
}

TEST(OpenTnef, GivesAttachments) {
  const std::string bytes = office_file("winmail.dat");
  EXPECT_EQ(opened(open_tnef, bytes),
            (NamedBytes{{"long name.docx", "first file"}, {"second.txt", "second file"}}));
  EXPECT_EQ(opened(open_tnef, bytes.substr(0, bytes.size() - 7), Reason::truncated).size(), 2U);
  EXPECT_EQ(opened(open_tnef, office_file("plain.doc")), NamedBytes());
}

TEST(OpenRtf, GivesObjectsHoweverTheyAreWritten) {
  EXPECT_EQ(opened(open_rtf, office_file("objects.rtf")),
            (NamedBytes{{"run.js", "WScript.Echo(1)"},
                        {"run.js", "WScript.Echo(1)"},
                        {"object-3", "not a compound file"},
                        {"object-4", std::string("\0\1\2", 3)}}));
  EXPECT_EQ(opened(open_rtf, office_file("plain.rtf")), NamedBytes());
}

TEST(OpenRtf, FindsACompoundFileInWhatItDoesNotUnderstand) {
  const std::string start = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
  const NamedBytes members =
      opened(open_rtf, "{\\rtf1{\\object{\\*\\objdata 00ff01 d0cf11e0a1b11ae1 41}}}");
  EXPECT_EQ(members, (NamedBytes{{"object-1", start + "A"}}));
}

}  // namespace
}  // namespace weir
