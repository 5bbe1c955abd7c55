#include <gtest/gtest.h>

#include "tests/inspect/signs/remarks.h"

namespace weir {
namespace {

Remarks listed(const Names& members, std::string_view archive) {
  Remarks remarks;
  examine_archive_listing(members, archive, remarks);
  return remarks;
}

TEST(ArchiveListing, EachHasItsSigns) {
  struct Row {
    const char* name;
    Names members;
    const char* archive;
    Names want;
  };
  const Row rows[] = {
      {"documents", {"a.pdf", "b/", "b/c.docx"}, "papers.zip", {}},
      {"a tool", {"tool.exe", "README.txt"}, "tool.zip", {}},
      {"only a program", {"tool.exe"}, "tool.zip", {"archive-only-program"}},
      {"only a script", {"open me.vbs"}, "x.zip", {"archive-only-script"}},
      {"bait", {"Invoice_4711.js"}, "x.zip", {"archive-bait-name", "archive-only-script"}},
      {"double", {"a.pdf.exe", "1", "2", "3"}, "x.zip", {"name-double-extension"}},
      {"web code", {"app.min.js", "a.html.js", "b", "c"}, "site.zip", {}},
      {"paper as code", {"scan.pdf.js", "a", "b", "c"}, "x.zip", {"name-double-extension"}},
      {"a version is no extension", {"tool-1.2.exe", "a", "b", "c"}, "x.zip", {}},
      {"padded",
       {"a.pdf                .exe", "1", "2", "3"},
       "x.zip",
       {"name-double-extension", "name-padded"}},
      {"reversed",
       {"ann\xe2\x80\xae"
        "fdp.exe",
        "1", "2", "3"},
       "x.zip",
       {"name-reversed"}},
      {"right to left is a language too",
       {"\xe2\x80\xab"
        "a.pdf"},
       "x.zip",
       {}},
      {"shortcut", {"photo.lnk", "x.bin"}, "x.zip", {"archive-with-shortcut"}},
      {"disk with shortcut", {"photo.lnk", "x.dll"}, "x.ISO", {"disk-image-with-program"}},
      {"password in a name", {"a.bin", "password is 1234.txt"}, "x.zip", {"name-tells-password"}},
      {"password in its own", {"a.bin"}, "files pw_4711.zip", {"name-tells-password"}},
      {"about passwords", {"password generator.txt", "passwd", "password_test.py"}, "p.zip", {}},
      {"empty", {}, "x.zip", {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(weighty(listed(row.members, row.archive)), row.want) << row.name;
  }
}

TEST(ArchiveListing, WeighsDiskImagesByTheirSize) {
  Names installer{"setup.exe", "autorun.inf"};
  EXPECT_EQ(total(listed(installer, "x.iso")), 35U);
  EXPECT_EQ(total(listed({"a.lnk"}, "x.vhdx")), 60U);
  for (int i = 0; i < 50; ++i) installer.push_back("data" + std::to_string(i));
  EXPECT_EQ(total(listed(installer, "x.iso")), 0U);
  EXPECT_TRUE(listed(installer, "x.iso").has("disk-image-with-program"));
}

TEST(ArchiveListing, LooksAtABoundedPartOfAName) {
  EXPECT_EQ(weighty(listed({std::string(100'000, 'a') + ".pdf.exe", "1", "2", "3"}, "x.zip")),
            Names{"name-double-extension"});
}

unsigned lie(FileType content, const char* name) {
  Remarks remarks;
  examine_label(Subject{.bytes = {}, .type = content, .name = name}, type_by_extension(name),
                remarks);
  return total(remarks);
}

TEST(Label, LiesWeighAndMistakesDoNot) {
  struct Row {
    FileType content;
    const char* name;
    unsigned want;
  };
  const Row rows[] = {
      {FileType::pe, "report.pdf", 60},      {FileType::elf, "photo.jpg", 60},
      {FileType::lnk, "a.docx", 60},         {FileType::zip, "a.pdf", 60},
      {FileType::rar, "a.jpg", 60},          {FileType::php, "a.jpg", 50},
      {FileType::powershell, "a.pdf", 50},   {FileType::zip, "a.docx", 0},
      {FileType::jar, "a.odt", 0},           {FileType::html, "a.pdf", 0},
      {FileType::png, "a.jpg", 0},           {FileType::rtf, "a.doc", 0},
      {FileType::ooxml, "a.doc", 0},         {FileType::ole, "a.docx", 0},
      {FileType::javascript, "index.ts", 0}, {FileType::shell, "graph.dot", 0},
      {FileType::text, "notes.doc", 0},      {FileType::pe, "setup.exe", 0},
      {FileType::pe, "setup.bin", 0},        {FileType::pe, "", 0},
      {FileType::gzip, "a.pdf", 0},          {FileType::shell, "install.txt", 0},
      {FileType::pe, "invoice.pdf.exe", 50}, {FileType::unknown, "a.pdf", 0},
  };
  for (const Row& row : rows) EXPECT_EQ(lie(row.content, row.name), row.want) << row.name;
}

}  // namespace
}  // namespace weir
