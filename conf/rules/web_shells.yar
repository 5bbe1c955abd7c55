// Server pages that hand the visitor a command line. A tiny page that evaluates what it is sent has no
// other use; larger ones are suspicious only.

rule weir_php_one_line_shell
{
  meta:
    description = "A small PHP page that evaluates or executes what a visitor sends"
    author = "weir"
  strings:
    $open = "<?"
    $run = /(^|[^\w$>:])(eval|assert|system|passthru|shell_exec|exec|popen)\s{0,4}\(\s{0,4}@?(base64_decode\s{0,4}\(\s{0,4}|stripslashes\s{0,4}\(\s{0,4})?\$_(POST|GET|REQUEST|COOKIE)\s{0,4}[\[{]/ nocase
  condition:
    filesize < 2KB and $open in (0..64) and $run
}

rule weir_php_command_page
{
  meta:
    description = "A PHP page that executes commands from the request"
    author = "weir"
    verdict = "suspicious"
  strings:
    $open = "<?php" nocase
    $run = /(^|[^\w$>:])(eval|assert|system|passthru|shell_exec|popen|proc_open)\s{0,4}\(\s{0,4}@?(base64_decode\s{0,4}\(\s{0,4}|stripslashes\s{0,4}\(\s{0,4})?\$_(POST|GET|REQUEST|COOKIE)\s{0,4}[\[{]/ nocase
  condition:
    filesize >= 2KB and filesize < 1MB and $open in (0..256) and $run
}

rule weir_php_packed_code
{
  meta:
    description = "A PHP page whose code is a compressed, encoded string that it evaluates"
    author = "weir"
    verdict = "suspicious"
  strings:
    $open = "<?"
    $run = /\b(eval|assert)\s{0,4}\(\s{0,4}["']?(\?>["']?\s{0,2}\.\s{0,2})?(gzinflate|gzuncompress|str_rot13|base64_decode|strrev)\s{0,4}\(\s{0,4}(gzinflate|gzuncompress|str_rot13|base64_decode|strrev)?\s{0,4}\(?\s{0,4}["'][A-Za-z0-9+\/=]{100}/ nocase
  condition:
    filesize < 2MB and $open in (0..256) and $run
}

rule weir_jsp_command_page
{
  meta:
    description = "A JSP page that executes commands from the request or loads classes that it is sent"
    author = "weir"
    verdict = "suspicious"
  strings:
    $tag = "<%"
    $run1 = /getRuntime\(\)\s{0,4}\.exec\(\s{0,4}(new String\[\]\s{0,2}\{[^}]{0,60})?request\.getParameter\(/ nocase
    $exec = "getRuntime().exec(" nocase
    $process = "ProcessBuilder(" nocase
    $shell = /["'](\/bin\/(ba)?sh|cmd(\.exe)?)["']/ nocase
    $parameter = "request.getParameter(" nocase
    $define = "defineClass(" nocase
    $loader = "extends ClassLoader" nocase
    $body = "request.getReader()" nocase
  condition:
    filesize < 256KB and $tag in (0..512) and
    ($run1 or (($exec or $process) and $shell and $parameter) or
     ($define and $loader and ($parameter or $body)))
}

rule weir_aspx_command_page
{
  meta:
    description = "An ASP or ASP.NET page that evaluates or executes what a visitor sends"
    author = "weir"
    verdict = "suspicious"
  strings:
    $tag = "<%"
    $eval = /\b(eval|execute|executeglobal)\s{0,4}\(?\s{0,4}request\s{0,2}(\.item|\.form|\.querystring)?\s{0,2}[\[(]/ nocase
    $start = "ProcessStartInfo" nocase
    $shell = "cmd.exe" nocase
    $request = /Request(\.(Form|QueryString|Params|Item))?\[/ nocase
    $redirect = "RedirectStandardOutput" nocase
  condition:
    filesize < 256KB and $tag in (0..512) and ($eval or ($start and $shell and $request and $redirect))
}
