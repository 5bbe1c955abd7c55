// Rules that weir ships: few, cheap, and quiet. Yours go beside this file; any *.yar or *.yara below
// the directory is compiled. A match blocks unless the rule's meta says verdict = "suspicious".

rule weir_eicar_test_file
{
  meta:
    description = "The EICAR anti-malware test file: harmless, for trying out that scanning works"
    author = "weir"
  strings:
    // The 68 characters of the standard, in hex so that this file is not itself an alarm.
    $eicar = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24
               45 49 43 41 52 2D 53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55 53 2D 54 45 53
               54 2D 46 49 4C 45 21 24 48 2B 48 2A }
  condition:
    // Anywhere near the beginning, so that documents that quote it far inside are not alarms.
    $eicar in (0..1024)
}

rule weir_shortcut_runs_interpreter
{
  meta:
    description = "A Windows shortcut whose command line starts a script interpreter with code"
    author = "weir"
  strings:
    $powershell = "powershell" ascii wide nocase
    $mshta = "mshta" ascii wide nocase
    $cmd = "cmd.exe" ascii wide nocase
    $encoded = " -enc" ascii wide nocase
    $hidden = "-w hidden" ascii wide nocase
    $hidden2 = "-windowstyle hidden" ascii wide nocase
    $expression = "iex" ascii wide nocase fullword
    $download = "downloadstring" ascii wide nocase
    $web = "http" ascii wide nocase
  condition:
    // Shell link header, [MS-SHLLINK] 2.1
    uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and filesize < 1MB and
    (($powershell and any of ($encoded, $hidden, $hidden2, $expression, $download)) or
     ($mshta and $web) or ($cmd and $powershell and $web))
}

rule weir_html_smuggles_program
{
  meta:
    description = "A page that builds a Windows program or disk image from text and saves it"
    author = "weir"
    verdict = "suspicious"
  strings:
    $blob = "new Blob" nocase
    $save1 = "msSaveOrOpenBlob" nocase
    $save2 = "createObjectURL" nocase
    $save3 = ".download" nocase
    // Base64 of the DOS stub "This program cannot be run in DOS mode", in its three alignments.
    $stub1 = "VGhpcyBwcm9ncmFtIGNhbm5vdCBiZSBydW4gaW4gRE9TIG1vZG"
    $stub2 = "RoaXMgcHJvZ3JhbSBjYW5ub3QgYmUgcnVuIGluIERPUyBtb2Rl"
    $stub3 = "UaGlzIHByb2dyYW0gY2Fubm90IGJlIHJ1biBpbiBET1MgbW9kZ"
  condition:
    $blob and any of ($save*) and any of ($stub*)
}

rule weir_program_with_reversed_name
{
  meta:
    description = "A program inside an archive listing that hides its extension by a right-to-left mark"
    author = "weir"
    verdict = "suspicious"
  strings:
    $mark1 = { E2 80 AE 66 64 70 2E 65 78 65 }  // U+202E "fdp.exe"
    $mark2 = { E2 80 AE 63 6F 64 2E 65 78 65 }  // U+202E "cod.exe"
    $mark3 = { E2 80 AE 67 70 6A 2E 65 78 65 }  // U+202E "gpj.exe"
  condition:
    uint32(0) == 0x04034B50 and any of them
}
