#include "inspect/formats/archive_names.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::string_view_literals::operator""sv;

struct Case {
  std::string_view name;
  std::string_view want;
};

TEST(ArchiveNames, HaveSigns) {
  const std::string blanks = "a.pdf" + std::string(40, ' ') + ".exe", huge(5000, 'a');
  const Case table[] = {
      {"../../etc/passwd", "name-traversal"},
      {"a\\..\\..\\b", "name-traversal"},
      {"..", "name-traversal"},
      {"/etc/passwd", "name-absolute"},
      {"C:\\Windows\\a.dll", "name-absolute"},
      {"\\\\host\\share\\a", "name-absolute"},
      {"invoice.pdf\0.exe"sv, "name-nul"},
      {"line\nbreak", "name-control"},
      {"photo\xe2\x80\xaegpj.exe", "name-direction"},
      {"photo\xe2\x81\xa7gpj.exe", "name-direction"},
      {"setup.exe.", "name-trailing-dot"},
      {"setup.exe  ", "name-trailing-dot"},
      {blanks, "name-blank-run"},
      {huge, "name-huge"},
  };
  for (const Case& row : table) {
    Remarks remarks;
    examine_member_name(row.name, remarks);
    ASSERT_EQ(remarks.all().size(), 1U) << row.name;
    EXPECT_EQ(remarks.all()[0].name, row.want) << row.name;
    EXPECT_EQ(remarks.all()[0].reason, Reason::none);
  }
}

TEST(ArchiveNames, OfOrdinaryArchivesHaveNone) {
  for (const std::string_view name :
       {"a.txt"sv, "dir/"sv, "./dir/a"sv, "a/../b"sv, "..hidden"sv, "a..b/c"sv, "Icon\r"sv,
        "dir/Icon\r"sv, "Report (final) v2.docx"sv, "\xd7\xa9\xd7\x9c\xe2\x80\x8f.txt"sv,
        "\xe8\xa1\xa8.txt"sv, "and so on..."sv, "a: b"sv, "padded.txt\0\0"sv, ""sv,
        "META-INF/MANIFEST.MF"sv, "Foo::Bar.3pm"sv}) {
    Remarks remarks;
    examine_member_name(name, remarks);
    EXPECT_TRUE(remarks.all().empty()) << name << " " << remarks.all()[0].name;
  }
}

}  // namespace
}  // namespace weir
