// Command lines that start a hidden interpreter on code from elsewhere: behaviour, not products.
// A command line alone is no proof (documentation quotes them), so these make a file suspicious.

rule weir_powershell_encoded_launcher
{
  meta:
    description = "A command line that gives PowerShell a long encoded command which itself runs or fetches something"
    author = "weir"
    verdict = "suspicious"
  strings:
    // -e, -enc, -EncodedCommand, then base64 of UTF-16: "$", "IEX", "iex", "(New-Object", "powershell", "Invoke-"
    $narrow = /powershell(\.exe)?["']?\s[^\r\n]{0,160}[-\/]e(c|n|nc|ncodedcommand)?\s{1,8}["']?(JAB[A-Za-z0-9+\/]A|SQBFAFgA|aQBlAHgA|KABOAGUAdw|KABuAGUAdw|SQBuAHYAbw|aQBuAHYAbw|cABvAHcAZQ|UwBlAHQALQ|cwBlAHQALQ)[A-Za-z0-9+\/]{60}/ nocase ascii wide
  condition:
    filesize < 4MB and $narrow
}

rule weir_powershell_hidden_download
{
  meta:
    description = "PowerShell in a hidden window that runs what it downloads"
    author = "weir"
    verdict = "suspicious"
  strings:
    $shell = "powershell" nocase ascii wide
    $hidden = /-w(in|indowstyle)?\s{1,4}["']?(hidden|1\s)/ nocase ascii wide
    $fetch1 = ".downloadstring(" nocase ascii wide
    $fetch2 = ".downloaddata(" nocase ascii wide
    $run1 = "iex" nocase fullword ascii wide
    $run2 = "invoke-expression" nocase ascii wide
    $run3 = "assembly]::load" nocase ascii wide
  condition:
    filesize < 256KB and $shell and any of ($fetch*) and any of ($run*) and
    for any i in (1..#hidden): (
      $shell in (@hidden[i] - 200 .. @hidden[i]))
}

rule weir_scriptlet_command
{
  meta:
    description = "mshta, rundll32 or regsvr32 running script given on their command line or fetched by it"
    author = "weir"
    verdict = "suspicious"
  strings:
    $mshta = /mshta(\.exe)?["']?\s{1,4}["']?(vbscript|javascript):[^\r\n]{0,80}(createobject|getobject|activexobject|execute)/ nocase ascii wide
    $rundll32 = /rundll32(\.exe)?\s{1,4}javascript:["'\\]{1,6}\.\.[\\\/]{1,4}mshtml,\s?runhtmlapplication/ nocase ascii wide
    $regsvr32 = /regsvr32(\.exe)?\s[^\r\n]{0,40}\/i:["']?https?:[^\r\n]{1,200}scrobj/ nocase ascii wide
  condition:
    filesize < 2MB and any of them
}

rule weir_shortcut_unpacks_itself
{
  meta:
    description = "A Windows shortcut whose command line takes a program out of the shortcut or fetches one with tools of Windows"
    author = "weir"
    verdict = "suspicious"
  strings:
    $shell1 = "cmd" nocase ascii wide
    $shell2 = "powershell" nocase ascii wide
    $shell3 = "conhost" nocase ascii wide
    $find = "findstr" nocase ascii wide
    $decode = /certutil[^\r\n]{0,60}-(decode|urlcache)/ nocase ascii wide
    $bits = "bitsadmin" nocase ascii wide
    $curl = /curl[^\r\n]{0,80}-o\s/ nocase ascii wide
    $seek = "readallbytes" nocase ascii wide
    $self = ".lnk" nocase ascii wide
    $then1 = "start " nocase ascii wide
    $then2 = "rundll32" nocase ascii wide
    $then3 = "regsvr32" nocase ascii wide
    $then4 = "wscript" nocase ascii wide
    $then5 = "mshta" nocase ascii wide
    $then6 = "&&" ascii wide
  condition:
    uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and any of ($shell*) and
    ((($find or $seek) and $self) or (($decode or $bits or $curl) and any of ($then*)))
}

rule weir_shortcut_hides_arguments
{
  meta:
    description = "A Windows shortcut whose arguments are pushed out of sight by white space"
    author = "weir"
    verdict = "suspicious"
  strings:
    $spaces = { 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00
                20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 20 00 }
    $breaks = { 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 0A 00 0D 00 }
  condition:
    uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and any of them
}

rule weir_clickfix_page
{
  meta:
    description = "A page that copies a command and asks people to paste it into the Run box to prove that they are human"
    author = "weir"
    verdict = "suspicious"
  strings:
    $copy1 = "clipboard.writeText" nocase
    $copy2 = /execCommand\(["']copy/ nocase
    $keys1 = /win(dows)?(\s?key)?(<\/[a-z]{1,6}>)?\s?\+\s?(<[a-z]{1,6}>)?R\b/ nocase
    $keys2 = "Run dialog" nocase
    $paste = /ctrl(<\/[a-z]{1,6}>)?\s?\+\s?(<[a-z]{1,6}>)?v\b/ nocase
    $human1 = "verif" nocase
    $human2 = "captcha" nocase
    $human3 = "not a robot" nocase
    $command1 = "powershell" nocase
    $command2 = "mshta" nocase fullword
    $command3 = "msiexec" nocase fullword
    $command4 = "cmd /c" nocase
  condition:
    filesize < 1MB and any of ($copy*) and any of ($keys*) and $paste and any of ($human*) and
    any of ($command*)
}

rule weir_defence_evasion_script
{
  meta:
    description = "A script that switches off what watches scripts (AMSI, Defender) and fetches or decodes more"
    author = "weir"
    verdict = "suspicious"
  strings:
    $off1 = "amsiInitFailed" nocase ascii wide
    $off2 = "AmsiScanBuffer" nocase ascii wide
    $off3 = /Set-MpPreference\s{1,4}-Disable(RealtimeMonitoring|BehaviorMonitoring|ScriptScanning)/ nocase ascii wide
    $more1 = ".DownloadString(" nocase ascii wide
    $more2 = "FromBase64String(" nocase ascii wide
    $more3 = "Invoke-WebRequest" nocase ascii wide
    $run1 = "Invoke-Expression" nocase ascii wide
    $run2 = "iex" nocase fullword ascii wide
    $run3 = "Assembly]::Load" nocase ascii wide
    $run4 = "Start-Process" nocase ascii wide
    $page = "<html" nocase
  condition:
    filesize < 512KB and uint16(0) != 0x5A4D and not $page and any of ($off*) and
    any of ($more*) and any of ($run*)
}
