#include <gtest/gtest.h>

#include "tests/inspect/signs/remarks.h"

namespace weir {
namespace {

std::string module_of(const std::string& code) {
  return "Attribute VB_Name = \"ThisDocument\"\r\nAttribute VB_Base = \"x\"\r\n" + code;
}

std::string part(const std::string& root, const std::string& inner) {
  return "<?xml version=\"1.0\"?>\n<" + root +
         " xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">" + inner;
}

std::string relationship(const std::string& type, const std::string& target) {
  return part("Relationships",
              "<Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/"
              "2006/relationships/" +
                  type + "\" Target=\"" + target + "\" TargetMode=\"External\"/></Relationships>");
}

struct Row {
  const char* name;
  std::string text;
  Names want;
};

TEST(MacroSigns, Modules) {
  const Row rows[] = {
      {"empty", module_of(""), {}},
      {"arithmetic", module_of("Sub Add()\r\n Range(\"A1\").Value = 1\r\nEnd Sub\r\n"), {}},
      {"formats at open",
       module_of("Private Sub Workbook_Open()\r\n Sheet1.Select\r\nEnd Sub"),
       {"macro-autoexec"}},
      {"runs at open",
       module_of("Sub AutoOpen()\r\n Shell \"cmd /c x\"\r\nEnd Sub"),
       {"macro-autoexec", "macro-command-line", "macro-runs-at-open", "macro-shell"}},
      {"cut words",
       module_of("Sub Document_Open()\r\n CreateObject(\"WScr\" & \"ipt.Sh\" & _\r\n"
                 " \"ell\").Run \"power\" & \"shell\"\r\nEnd Sub"),
       {"macro-autoexec", "macro-command-line", "macro-runs-at-open", "macro-shell"}},
      {"native code",
       module_of("Private Declare PtrSafe Function VirtualAlloc Lib \"kernel32\" ()\r\n"
                 "Private Declare PtrSafe Function CreateThread Lib \"kernel32\" ()"),
       {"macro-native-code"}},
      {"window functions", module_of("Private Declare Function FindWindow Lib \"user32\" ()"), {}},
      {"no module", "Sub AutoOpen()\r\n Shell \"cmd /c x\"\r\nEnd Sub", {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(weighty(examined(examine_macro, row.text, "x.bas")), row.want) << row.name;
  }
}

TEST(MacroSigns, RunningAtOpenReachesTheThreshold) {
  EXPECT_GE(total(examined(examine_macro, module_of("Sub AutoOpen()\r\n Shell \"x\"\r\nEnd Sub"))),
            50U);
  EXPECT_LT(
      total(examined(examine_macro, module_of("Sub Button1_Click()\r\n Shell \"x\"\r\nEnd Sub"))),
      50U);
}

TEST(MacroSigns, IsLookedAtOnce) {
  const std::string text =
      module_of("Sub AutoOpen()\r\n CreateObject(\"WScript.Shell\")\r\nEnd Sub");
  EXPECT_TRUE(examined(examine_script, text, "x.bas").all().empty());
}

TEST(MacroSigns, PartsOfDocuments) {
  const Row rows[] = {
      {"remote template",
       relationship("attachedTemplate", "https://a.test/t.dotm"),
       {"office-remote-template"}},
      {"own template", relationship("attachedTemplate", "file:///C:\\Users\\a\\Normal.dotm"), {}},
      {"link", relationship("hyperlink", "https://a.test/"), {}},
      {"moniker",
       relationship("oleObject", "mhtml:https://a.test/x.html!x-usc:https://a.test/x"),
       {"office-moniker"}},
      {"remote object", relationship("oleObject", "http://a.test/x.rtf"), {"office-remote-object"}},
      {"split field",
       part("w:document",
            "<w:r><w:fldChar w:fldCharType=\"begin\"/><w:instrText>DDE</w:instrText>"
            "</w:r><w:r><w:instrText xml:space=\"preserve\">AUTO c:\\\\windows\\\\cmd.exe"
            "</w:instrText></w:r>"),
       {"office-dde"}},
      {"page number", part("w:document", "<w:instrText>PAGE</w:instrText>"), {}},
      {"table link",
       part("ddeLink", "<ddeLink ddeService=\"cmd\" ddeTopic=\"/c calc\">"),
       {"office-dde"}},
      {"macro sheet",
       part("xm:macrosheet", "<f>EXEC(\"calc\")</f>"),
       {"excel4-macro-sheet", "excel4-runs"}},
      {"auto open",
       part("workbook", "<definedName name=\"_xlnm.Auto_Open\" hidden=\"1\">"),
       {"excel4-auto-open"}},
      {"no part", "<?xml version=\"1.0\"?><ddeLink ddeService=\"cmd\">", {}},
      {"rtf template", "{\\rtf1{\\*\\template http://a.test/x}}", {"rtf-remote-template"}},
      {"rtf", "{\\rtf1 see http://a.test/x}", {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(weighty(examined(examine_macro, row.text)), row.want) << row.name;
  }
}

}  // namespace
}  // namespace weir
