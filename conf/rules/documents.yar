// Documents that carry what attacks the program that opens them.

rule weir_rtf_equation_starts
{
  meta:
    description = "An RTF document with an Equation Editor object that is activated when it is opened"
    author = "weir"
    verdict = "suspicious"
  strings:
    $data = "\\objdata" nocase
    $now = "\\objupdate" nocase
    // "Equation." as the hexadecimal text of an object, and the class 0002CE02-0000-0000-C000-000000000046
    $name = "4571756174696f6e2e" nocase
    $class = "02ce020000000000c000000000000046" nocase
    $word = "equation.3" nocase
  condition:
    uint32(0) == 0x74725C7B and $data and $now and ($name or $class or $word)
}

rule weir_rtf_link_fetches
{
  meta:
    description = "An RTF document with an object that is fetched from an address when it is opened"
    author = "weir"
    verdict = "suspicious"
  strings:
    $link = "\\objautlink" nocase
    $now = "\\objupdate" nocase
    // The class of URL monikers, 79EAC9E0-BAF9-11CE-8C82-00AA004BA90B, as hexadecimal text
    $moniker = "e0c9ea79f9bace118c8200aa004ba90b" nocase
    $script = "c6afabec197fd211978e0000f8757e2a" nocase  // ECABAFC6-7F19-11D2-978E-0000F8757E2A, scriptlets
  condition:
    uint32(0) == 0x74725C7B and ($link or $now) and ($moniker or $script)
}

rule weir_ole_equation_with_command
{
  meta:
    description = "An OLE file with an Equation Editor object that holds a command line"
    author = "weir"
    verdict = "suspicious"
  strings:
    $class = { 02 CE 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
    $stream = "Equation Native" wide
    $command1 = "cmd.exe" nocase
    $command2 = "cmd /c" nocase
    $command3 = "mshta" nocase
    $command4 = "powershell" nocase
    $command5 = "URLDownloadToFile" nocase
  condition:
    uint32(0) == 0xE011CFD0 and filesize < 8MB and ($class or $stream) and any of ($command*)
}

rule weir_office_page_moniker
{
  meta:
    description = "A part of an Office document that opens a page from an address inside the document"
    author = "weir"
  strings:
    $part = "schemas.openxmlformats.org/package/2006/relationships" nocase
    $object = "/oleObject\"" nocase
    $page1 = /Target\s{0,2}=\s{0,2}["']mhtml:http/ nocase
    $page2 = "!x-usc:" nocase
    $page3 = /Target\s{0,2}=\s{0,2}["']https?:[^"'>]{1,300}\.html?!["']/ nocase
    $outside = "External" nocase
  condition:
    filesize < 1MB and $part in (0..1024) and $object and $outside and any of ($page*)
}

rule weir_page_starts_diagnosis
{
  meta:
    description = "A page that starts the Windows support diagnostic tool with code of its own"
    author = "weir"
    verdict = "suspicious"
  strings:
    $go = /location(\.href)?\s{0,2}=\s{0,2}["']ms-msdt:/ nocase
    $browse = "IT_BrowseForFile" nocase
    $run = "$("
  condition:
    filesize < 1MB and $go and $browse and $run
}

rule weir_onenote_carries_script
{
  meta:
    description = "A OneNote section with an embedded script or program"
    author = "weir"
    verdict = "suspicious"
  strings:
    // FileDataStoreObject, [MS-ONESTORE] 2.6.13: BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC
    $file = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
    $hta = "<hta:application" nocase
    $host = "wscript.shell" nocase
    $batch = "@echo off" nocase
    $powershell = "powershell" nocase
    $lnk = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
    $program = "This program cannot be run in DOS mode"
  condition:
    uint32be(0) == 0xE4525C7B and uint32be(4) == 0x8CD8A74D and $file and
    any of ($hta, $host, $batch, $powershell, $lnk, $program)
}

rule weir_text_starts_program_as_table
{
  meta:
    description = "A text table with a formula that starts a program when a spreadsheet opens it"
    author = "weir"
    verdict = "suspicious"
  strings:
    $formula = /(^|[\n,;\t"])[=+\-@][^\n,;]{0,40}(cmd|powershell|mshta|rundll32|msexcel)\|\s{0,2}'[^'\n]{1,300}'!/ nocase
  condition:
    filesize < 4MB and $formula
}
