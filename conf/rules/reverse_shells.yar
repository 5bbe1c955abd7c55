// Scripts that connect an interpreter to somebody else's machine. Cheat sheets quote all of these, so a
// match needs a small file or a script's own beginning, and makes it suspicious only.

rule weir_shell_reverse_shell
{
  meta:
    description = "A shell script that connects an interactive shell to a remote address"
    author = "weir"
    verdict = "suspicious"
  strings:
    $dev = /\bsh -i\s{0,3}(5<>|>&|&>|<&)\s{0,3}\/dev\/(tcp|udp)\/[^\s\/]{3,80}\/[0-9$]/
    $dev2 = /bash -i\s{0,3}(5<>|>&|&>|<&)\s{0,3}\/dev\/(tcp|udp)\/[^\s\/]{3,80}\/[0-9$]/
    $exec = /exec\s{1,4}[0-9]{1,3}<>\s{0,2}\/dev\/tcp\/[^;\n]{3,80}[;\n]\s{0,4}(cat <&[0-9]{1,3} ?\| ?while|sh <&)/
    $fifo = /mk(fifo|nod)\s[^\n]{1,80}(\/bin\/)?(ba)?sh -i\s{0,3}2>&1\s{0,3}\|\s{0,3}(nc|ncat|telnet|openssl)/
    $nc = /\b(nc|ncat|netcat)(\.traditional)?\s[^\n|]{0,60}-[a-z]{0,3}e\s{1,3}\/bin\/(ba|da|z)?sh/
  condition:
    (uint16(0) == 0x2123 and filesize < 256KB and any of them) or (filesize < 2KB and any of them)
}

rule weir_language_reverse_shell
{
  meta:
    description = "A Python, Perl, Ruby or PHP script that ties a shell's input and output to a socket"
    author = "weir"
    verdict = "suspicious"
  strings:
    $py1 = /socket\.socket\(/
    $py2 = /os\.dup2\(\s{0,2}\w{1,20}\.fileno\(\),\s{0,2}[012]/
    $py3 = /(pty\.spawn|subprocess\.(call|Popen|run)|os\.system|os\.execl?)\s{0,2}\(\s{0,2}\[?["'](\/bin\/)?(ba)?sh/
    $perl1 = /socket\(\s{0,2}\w{1,10}\s{0,2},\s{0,2}PF_INET/ nocase
    $perl2 = /open\(\s{0,2}STDIN\s{0,2},\s{0,2}["']>&\w/
    $perl3 = /exec\s{0,2}\(?\{?\s{0,2}["']\/bin\/(ba)?sh/
    $ruby1 = /TCPSocket\.(new|open)\(/
    $ruby2 = /exec\s{0,2}\(?\s{0,2}(sprintf\(\s{0,2})?["']\/bin\/(ba)?sh -i <&/
    $php1 = /fsockopen\(\s{0,2}["'$]/
    $php2 = /(exec|shell_exec|system|passthru|popen|proc_open)\(\s{0,2}["'](\/bin\/)?(ba)?sh -i/
  condition:
    filesize < 64KB and
    (all of ($py*) or all of ($perl*) or all of ($ruby*) or all of ($php*))
}

rule weir_powershell_reverse_shell
{
  meta:
    description = "PowerShell that reads commands from a TCP connection, runs them and sends back what they print"
    author = "weir"
    verdict = "suspicious"
  strings:
    $client = "Net.Sockets.TCPClient" nocase ascii wide
    $stream = ".GetStream(" nocase ascii wide
    $run1 = "iex" nocase fullword ascii wide
    $run2 = "Invoke-Expression" nocase ascii wide
    $back1 = "Out-String" nocase ascii wide
    $back2 = "GetBytes(" nocase ascii wide
    $read = ".Read(" nocase ascii wide
    $page = "<html" nocase
  condition:
    filesize < 64KB and not $page and $client and $stream and any of ($run*) and all of ($back*) and
    $read
}
