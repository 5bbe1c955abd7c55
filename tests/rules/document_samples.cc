#include "tests/rules/samples.h"

namespace weir {

std::vector<RuleSample> document_samples() {
  const std::string rtf = "{\\rtf1{\\object\\objemb", equation =
                                                          "{\\*\\objdata 0105000045717561"
                                                          "74696f6e2e33}}}";
  const std::string link =
      "{\\*\\objdata 01e0c9ea79f9bace118c82"
      "00aa004ba90b}}}";
  const std::string ole =
      "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(500, '\0') + wide_text("Equation Native");
  const std::string part =
      "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
      "<Relationship Type=\"x/oleObject\" TargetMode=\"External\" Target=\"";
  const std::string note("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", 16);
  const std::string embedded("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac",
                             16);
  return {
      {"weir_rtf_equation_starts",
       rtf +
           "\\objup"
           "date" +
           equation,
       rtf + equation},
      {"weir_rtf_link_fetches",
       "{\\rtf1{\\object\\objaut"
       "link" +
           link,
       rtf + link},
      {"weir_ole_equation_with_command", ole + "cmd.exe /c calc", ole + "x = y + 1"},
      {"weir_office_page_moniker",
       part + "mht"
              "ml:http://a.test/x.html!x-us"
              "c:http://a.test/x.html\"/>",
       part + "file:///C:/x.xlsx\"/>"},
      {"weir_page_starts_diagnosis",
       "location.href = \"ms-ms"
       "dt:/id x /param IT_Browse"
       "ForFile=$(calc)\"",
       "see \"ms-ms"
       "dt:/id x\" and IT_Browse"
       "ForFile=$(calc)"},
      {"weir_onenote_carries_script",
       note + embedded +
           "<hta:appli"
           "cation>",
       note + embedded + "text"},
      {"weir_text_starts_program_as_table",
       "name,sum\n=cm"
       "d|' /C calc'!A0,2\n",
       "name,sum\n=A1|B2,2\n"},
  };
}

}  // namespace weir
