#include "tests/rules/samples.h"

namespace weir {

std::vector<RuleSample> web_shell_samples() {
  const std::string php =
                        "<?p"
                        "hp ",
                    filler(3000, ' ');
  const std::string run =
                        "sys"
                        "tem($_GE"
                        "T['c']);",
                    keep =
                        "sys"
                        "tem('uptime'); $c = $_GE"
                        "T['c'];";
  const std::string blob(120, 'A');
  return {
      {"weir_php_one_line_shell",
       php + "@ev"
             "al($_PO"
             "ST['x']);",
       php + "@ev"
             "al('1'); $_PO"
             "ST['x'];"},
      {"weir_php_command_page", php + filler + run, php + filler + keep},
      {"weir_php_packed_code",
       php +
           "ev"
           "al(gzin"
           "flate(base64_"
           "decode('" +
           blob + "')));",
       php +
           "$x = (gzin"
           "flate(base64_"
           "decode('" +
           blob + "')));"},
      {"weir_jsp_command_page",
       "<% Runtime.get"
       "Runtime().exec(request.get"
       "Parameter(\"c\")); %>",
       "<% out.print(request.get"
       "Parameter(\"c\")); %>"},
      {"weir_jsp_command_page",
       "<%! class U extends Class"
       "Loader { Class g(byte[] b) { return define"
       "Class(b,0,1); } } %>"
       "<% request.get"
       "Reader(); %>",
       "<%! class U extends Class"
       "Loader { } %><% request.get"
       "Reader(); %>"},
      {"weir_aspx_command_page",
       "<%@ Page Language=\"Jscript\"%><%ev"
       "al(Request.Item[\"x\"]);%>",
       "<%@ Page Language=\"C#\"%><%= Eval(\"Name\") %><%= Request.Item[\"x\"] %>"},
      {"weir_aspx_command_page",
       "<%@ Page %> new Process"
       "StartInfo(\"cm"
       "d.exe\"); x.RedirectStandardOutput; Request[\"c\"]",
       "<%@ Page %> new Process"
       "StartInfo(\"report.exe\"); x.RedirectStandardOutput; Request[\"c\"]"},
  };
}

}  // namespace weir
