// The words of VBA modules and of the XML and RTF that Office documents are made of ([MS-VBAL],
// ECMA-376 part 1, [MS-XLS] 2.5.198 for Excel 4 functions). Weights: docs/signs.md.
#include "inspect/signs/clues.h"

namespace weir {
namespace {

// clang-format off
constexpr Clue kClues[] = {
  {"macro-autoexec", 10, kMacro, 0, {"sub autoopen(~sub auto_open(~sub document_open(~sub workbook_open(~sub autoexec(~sub autoclose(~sub auto_close(~sub document_close(~sub workbook_beforeclose(~sub workbook_activate(~sub document_new(~sub autonew(~sub document_contentcontrolonenter(~_layout(byval~_onconnecting(~_painted("}},
  {"macro-shell", 15, kMacro, 0, {"\bshell(~\bshell \"~\bshell$(~=shell ~call shell~wscript.shell~shell.application~win32_process~shellexecute~shellbrowserwindow~\bshell env~\bshell chr~\bshell v"}},
  {"macro-command-line", 20, kMacro, 0, {"powershell~pwsh~mshta~cmd /c~cmd.exe /c~cmd /k~regsvr32~rundll32~certutil~bitsadmin~wscript.exe~cscript"}},
  {"macro-download", 25, kMacro, 0, {"urldownloadtofile~xmlhttp~winhttprequest~downloadfile~downloadstring~internetopenurl"}},
  {"macro-native-code", 45, kMacro, 0, {"declare ", "virtualalloc~createthread~writeprocessmemory~enumsystemlocales~queueuserapc~ntallocatevirtualmemory~heapcreate", "rtlmovememory~lib \"kernel32~lib \"ntdll"}},
  {"macro-declares-start", 20, kMacro, 300, {"declare ", "lib \"shell32~lib \"urlmon~lib \"kernel32", "shellexecute~urldownloadtofile~createprocess~winexec"}},
  {"macro-drops-file", 15, kMacro, 0, {"environ(\"temp~environ(\"appdata~environ(\"public~environ(\"userprofile~environ$(\"temp~environ$(\"appdata~environ(\"tmp~environ(\"localappdata", "savetofile~createtextfile~put #~for output as~for binary~urldownloadtofile"}},
  {"macro-writes-macros", 20, kMacro, 0, {"vbcomponents", ".addfromstring~.insertlines~.addfromfile~.import"}},
  {"macro-lowers-security", 25, kMacro, 0, {"virusprotection=false~accessvbom~vbawarnings~.automationsecurity=msoautomationsecuritylow"}},
  {"macro-hides-in-document", 15, kMacro, 0, {"activedocument.variables(~.alternativetext~.controltiptext~builtindocumentproperties(~customdocumentproperties(", "\bshell~createobject(~callbyname(~.run"}},
  {"macro-kills-sandbox", 15, kMacro, 0, {"application.recentfiles.count~win32_bios~sbiedll~vboxservice~.mousepointer~application.mouseavailable"}},

  {"office-remote-template", 45, kOffice, 500, {"/attachedtemplate\"", "target=\"http~target=\"ftp", "targetmode=\"external\""}},
  {"office-template-on-share", 15, kOffice, 500, {"/attachedtemplate\"", "target=\"file:///\\\\~target=\"\\\\~target=\"file://1", "targetmode=\"external\""}},
  {"office-moniker", 60, kOffice, 500, {"/oleobject\"", "target=\"mhtml:~!x-usc:~target=\"script:~.html!\"", "targetmode=\"external\""}},
  {"office-remote-object", 40, kOffice, 500, {"/oleobject\"~/frame\"~/subdocument\"", "target=\"http~target=\"ftp~target=\"\\\\", "targetmode=\"external\""}},
  {"office-dde", 55, kOffice, 300, {"ddeservice=\"cmd~ddeservice=\"powershell~ddeservice=\"mshta~ddeservice=\"rundll32~ddeservice=\"wscript"}},
  {"excel4-macro-sheet", 15, kOffice, 0, {"<xm:macrosheet~<macrosheet"}},
  {"excel4-runs", 40, kOffice, 0, {"macrosheet", ">exec(~>call(~>register(~=exec(~&exec(~,exec(~urldownloadtofile~>formula.fill(~>fopen(~shellexecute~>formula("}},
  {"excel4-auto-open", 25, kOffice, 300, {"<definedname ", "name=\"_xlnm.auto_open~name=\"auto_open~name=\"_xlnm.auto_close~name=\"auto_close"}},
  {"rtf-remote-template", 45, kOffice, 40, {"\\*\\template", "http://~https://~\\\\\\\\"}},
};
// clang-format on

constexpr auto kIndex = index_clues<count_phrases(kClues)>(kClues);

}  // namespace

ClueTable macro_clues() { return {kClues, kIndex.phrases, kIndex.first}; }

}  // namespace weir
