// Pages that deceive: files smuggled as text, and forms that collect passwords for somebody else.

rule weir_html_smuggles_container
{
  meta:
    description = "A page that holds an archive or disk image as text and saves it by itself"
    author = "weir"
    verdict = "suspicious"
  strings:
    $decode = "atob(" nocase
    $blob = "new Blob" nocase
    $save1 = "msSaveOrOpenBlob" nocase
    $save2 = /\.download\s{0,2}=/ nocase
    $save3 = /setAttribute\(["']download/ nocase
    $click = ".click()" nocase
    $rar = /["'`]UmFyIRoH[A-Za-z0-9+\/]{200}/
    $seven = /["'`]N3q8ryc[A-Za-z0-9+\/]{200}/
    $zip = /["'`]UEsDB[A-Za-z0-9+\/]{200}/
    $cab = /["'`]TVNDR[gA][A-Za-z0-9+\/]{200}/
    // "CD001" of ISO 9660 at offset 32769, in the alignment that it has there
    $iso = "AUNEMDAxAQ"
  condition:
    $decode and $blob and any of ($save*) and ($click or $save1) and
    any of ($rar, $seven, $zip, $cab, $iso)
}

rule weir_html_smuggles_enciphered
{
  meta:
    description = "A page that deciphers a long text byte by byte and saves the result by itself"
    author = "weir"
    verdict = "suspicious"
  strings:
    $tag = "<script" nocase
    $xor = /charCodeAt\(\s{0,2}\w{1,20}\s{0,2}(%\s{0,2}[\w.]{1,30}\s{0,2})?\)\s{0,2}\^/ nocase
    $array = "Uint8Array(" nocase
    $blob = "new Blob" nocase
    $save1 = "msSaveOrOpenBlob" nocase
    $save2 = /\.download\s{0,2}=/ nocase
    $click = ".click()" nocase
  condition:
    filesize > 8KB and filesize < 20MB and $tag and $xor and $array and $blob and any of ($save*) and
    ($click or $save1)
}

rule weir_svg_leads_away
{
  meta:
    description = "An SVG picture whose hidden script decodes an address and goes there"
    author = "weir"
    verdict = "suspicious"
  strings:
    $svg = "<svg" nocase
    $html = "<html" nocase
    $script = "<script" nocase
    $decode1 = "atob(" nocase
    $decode2 = "fromCharCode" nocase
    $go1 = /(window|document|top|self)\s{0,2}\.\s{0,2}location(\.href)?\s{0,2}=[^=]/ nocase
    $go2 = /location\.(replace|assign)\(/ nocase
  condition:
    filesize < 1MB and $svg in (0..1024) and not $html in (0..1024) and $script and
    any of ($decode*) and any of ($go*)
}

rule weir_phish_login_page
{
  meta:
    description = "A page that looks like a well-known sign-in and sends the password to a script of its own"
    author = "weir"
    verdict = "suspicious"
  strings:
    $password = /type\s{0,2}=\s{0,2}["']?password/ nocase
    $own = /action\s{0,2}=\s{0,2}["']?[^"'>\s]{0,160}\b(next|post|login|log|send|process|submit|action|verify|check|result|finish|go)[0-9]?\.php/ nocase
    $looks1 = "aadcdn.msauth.net" nocase
    $looks2 = "aadcdn.msftauth.net" nocase
    $looks3 = "logincdn.msauth.net" nocase
    $looks4 = /<title>[^<]{0,40}(Sign in to your (Microsoft )?account|Outlook Web App|Office 365|Microsoft 365|OneDrive|SharePoint|DocuSign|Adobe ID|WeTransfer|Dropbox)/ nocase
    $looks5 = /<title>[^<]{0,40}(PayPal|Netflix|Amazon Sign.?In|Apple ID|DHL|FedEx)[^<]{0,20}(log|sign|secure|track|verif)/ nocase
  condition:
    filesize < 1MB and $password and $own and any of ($looks*)
}

rule weir_phish_by_telegram
{
  meta:
    description = "A page with a password field that sends what is typed to a Telegram bot"
    author = "weir"
    verdict = "suspicious"
  strings:
    $password = /type\s{0,2}=\s{0,2}["']?password/ nocase
    $bot = /api\.telegram\.org\/bot/ nocase
    $send = "sendMessage" nocase
    $bot64 = "YXBpLnRlbGVncmFtLm9yZy9ib3"
  condition:
    filesize < 2MB and $password and (($bot and $send) or $bot64)
}

rule weir_phish_kit_mailer
{
  meta:
    description = "The server side of a phishing kit: mails or posts passwords from a form, with the visitor's address"
    author = "weir"
    verdict = "suspicious"
  strings:
    $open = "<?php" nocase
    $password = /\$_(POST|REQUEST)\[\s{0,2}["'](pass|passwd|password|pwd|epass|pswd|pass1|formpass|login_password)["']\s{0,2}\]/ nocase
    $address = "REMOTE_ADDR"
    $browser = "HTTP_USER_AGENT"
    $mail = /\bmail\s{0,2}\(\s{0,2}\$/ nocase
    $bot = "api.telegram.org/bot" nocase
    $boast1 = /(ReZulT|LOGINS?|RESULTS?|FULLZ|Victim|Hacked|Logz)/
    $boast2 = /[-=|+#*]{4,40}\s{0,2}\[?\s{0,2}(Login|Account|Info|Result|User|Email|Victim)/ nocase
    $boast3 = "geoplugin.net" nocase
  condition:
    filesize < 64KB and $open in (0..256) and $password and $address and ($mail or $bot) and
    ($browser or $boast3) and any of ($boast*)
}

rule weir_browser_miner
{
  meta:
    description = "A page that starts a coin miner in the browser"
    author = "weir"
    verdict = "suspicious"
  strings:
    $new = /new\s{1,4}(CoinHive|Client|CryptoLoot|CRLT|deepMiner|Coinimp)\.(Anonymous|User|Token)\(/ nocase
    $start = ".start(" nocase
  condition:
    filesize < 4MB and $new and $start
}
