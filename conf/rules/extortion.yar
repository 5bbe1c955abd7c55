// What is left behind by, and comes with, extortion and coin mining.

rule weir_ransom_note
{
  meta:
    description = "A short text that says that files are encrypted and asks for money"
    author = "weir"
    verdict = "suspicious"
  strings:
    $lost1 = /(all )?(of )?your (important )?(files|documents|data|network|systems?|servers?|company network)[^.!\n]{0,60}(have been|has been|are|were|is|was) (now )?(encrypted|locked|stolen|hacked|breached|penetrated)/ nocase ascii wide
    $lost2 = "what happened to my files" nocase ascii wide
    $back1 = "decrypt" nocase ascii wide
    $back2 = "recover your files" nocase ascii wide
    $pay1 = "bitcoin" nocase ascii wide
    $pay2 = "btc" nocase fullword ascii wide
    $pay3 = "monero" nocase ascii wide
    $pay4 = ".onion" nocase ascii wide
    $pay5 = "tor browser" nocase ascii wide
    $rule1 = /do ?n.t (rename|modify|try to decrypt|use third|shut ?down|delete|contact (the )?(police|recovery))/ nocase ascii wide
    $rule2 = /do not (rename|modify|try to|use third|shut ?down|delete|contact (the )?(police|recovery))/ nocase ascii wide
    $rule3 = /(personal|unique|client|victim|decryption|your)( chat)? (id|key)\s{0,3}[:=]/ nocase ascii wide
    $rule4 = /(send|attach) (us )?[^.\n]{0,30}(test|sample|1|2|3|one|two|three)[^.\n]{0,20} files?/ nocase ascii wide
    $rule5 = /(price|payment|ransom)[^.\n]{0,40}(doubled?|double|hours|days)/ nocase ascii wide
  condition:
    filesize < 24KB and any of ($lost*) and any of ($back*) and any of ($pay*) and 2 of ($rule*)
}

rule weir_program_destroys_backups
{
  meta:
    description = "A Windows program that deletes shadow copies and holds a ransom note"
    author = "weir"
    verdict = "suspicious"
  strings:
    $shadow1 = /vssadmin(\.exe)?["']? delete shadows/ nocase ascii wide
    $shadow2 = "shadowcopy delete" nocase ascii wide
    $shadow3 = "Win32_ShadowCopy" nocase ascii wide
    $boot = "recoveryenabled no" nocase ascii wide
    $catalog = "delete catalog -quiet" nocase ascii wide
    $note1 = "files have been encrypted" nocase ascii wide
    $note2 = "files are encrypted" nocase ascii wide
    $note3 = ".onion" nocase ascii wide
    $note4 = "decrypt your files" nocase ascii wide
    $note5 = "bitcoin" nocase ascii wide
  condition:
    uint16(0) == 0x5A4D and filesize < 16MB and any of ($shadow*) and
    (any of ($note*) or ($boot and $catalog))
}

rule weir_miner_configuration
{
  meta:
    description = "The configuration of a coin miner"
    author = "weir"
    verdict = "suspicious"
  strings:
    $pools = /"pools"\s{0,4}:/
    $url = /"url"\s{0,4}:\s{0,4}"[^"]{3,100}:[0-9]{2,5}"/
    $donate = /"donate-level"\s{0,4}:/
    $algorithm = /"algo"\s{0,4}:\s{0,4}("(rx|cn|argon2|kawpow|gr|randomx|cryptonight)[^"]{0,30}"|null)/
    $user = /"user"\s{0,4}:/
  condition:
    filesize < 64KB and $pools and $url and $user and ($donate or $algorithm)
}

rule weir_miner_program
{
  meta:
    description = "A program that mines coins"
    author = "weir"
    verdict = "suspicious"
  strings:
    $pool1 = "stratum+tcp://" ascii wide
    $pool2 = "stratum+ssl://" ascii wide
    $algorithm1 = "cryptonight" nocase ascii wide
    $algorithm2 = "randomx" nocase ascii wide
    $algorithm3 = "kawpow" nocase ascii wide
    $algorithm4 = "ethash" nocase ascii wide
    $option1 = "donate-level" ascii wide
    $option2 = "\"hashrate" ascii
    $option3 = "mining.subscribe" ascii
    $option4 = "nicehash" nocase ascii wide
  condition:
    (uint16(0) == 0x5A4D or uint32(0) == 0x464C457F) and filesize < 64MB and any of ($pool*) and
    any of ($algorithm*) and any of ($option*)
}
