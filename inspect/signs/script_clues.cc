// The words of scripts that do what honest scripts do not. Weights: docs/signs.md.
#include "inspect/signs/clues.h"

namespace weir {
namespace {

// What runs on Windows, and what hands command lines to it.
constexpr std::uint16_t kWin = kPowershell | kBatch | kVbs | kHta | kHostJs | kMacro | kProse;
constexpr std::uint16_t kHost = kVbs | kHta | kHostJs;  // Windows Script Host
constexpr std::uint16_t kUnix = kShell | kPython | kPerl | kPhp | kHostJs | kProse;
constexpr std::uint16_t kAny = 0xffff;

// clang-format off
constexpr Clue kClues[] = {
  // Download and run, Unix.
  {"shell-pipe-to-shell", 10, kUnix, 160, {"\bcurl ~\bwget ", "|sh\b~|bash\b~|sudo sh\b~|sudo bash\b~|/bin/sh\b~|/bin/bash\b~|python3\b~|sudo -e bash"}, true},
  {"shell-decode-run", 35, kUnix, 60, {"base64 -d~base64 --decode~base64 -di~base64 -i -d", "|sh\b~|bash\b~|/bin/sh\b~|/bin/bash\b~|sudo bash\b~|python3\b~|perl\b"}},
  {"shell-decode-run", 20, kUnix, 160, {"\beval $(~\beval \"$(~\beval `", "base64 -d~base64 --decode~xxd -r"}, true},
  {"shell-drop-run", 50, kUnix, 250, {"wget http://1~wget http://2~wget http://3~wget http://4~wget http://5~wget http://6~wget http://7~wget http://8~wget http://9~-o http://~tftp -g~tftp -r", "chmod 777~chmod +x~chmod 0777~chmod 755", " ./~;./~&./~sh /tmp/~/tmp/", "rm -rf~rm -f"}},
  {"shell-drop-run", 25, kUnix, 250, {"\bcurl ~\bwget ", "/tmp/.~/dev/shm/~/var/tmp/.", "chmod 777~chmod +x~chmod 0777~chmod 755", "nohup ~&/tmp~;/tmp~;/dev/shm~&/dev/shm~;./"}},
  {"py-shell-download", 25, kPython, 160, {"os.system(~subprocess.~os.popen(", "curl ~wget ~powershell", "|sh\b~|bash\b~-enc~;chmod +x"}},
  {"py-exec-decoded", 40, kPython, 60, {"\bexec(~\beval(", "b64decode(~marshal.loads(~zlib.decompress(~bytes.fromhex(~.decode('rot13')"}, true},
  {"py-download-exec", 40, kPython, 60, {"\bexec(~\beval(", "urlopen(~requests.get("}, true},
  {"py-shellcode", 45, kPython, 1500, {"virtualalloc~mmap.mmap(", "createthread~cfunctype(", "ctypes", "bytearray~b64decode~b\"\\x~b'\\x"}},
  {"perl-eval-packed", 35, kPerl, 24, {"\beval", "unpack u=>~unpack(u=>~unpack(\"u~unpack \"u~decode_base64~pack(\"h*~pack \"h*"}, true},

  // Reverse shells.
  {"reverse-shell", 60, kUnix, 120, {"/dev/tcp/~/dev/udp/", "0>&1~0<&1~bash -i\b~sh -i\b~sh<&"}},
  {"reverse-shell", 55, kUnix, 60, {"\bnc ~\bncat ~\bnetcat ~nc.traditional ~nc.exe ", "-e /bin/sh~-e /bin/bash~-e sh\b~-e bash\b~-c /bin/sh~-c /bin/bash~-e cmd"}},
  {"reverse-shell", 55, kUnix, 160, {"\bmkfifo ~\bmknod ", "\bnc ~\bncat ~openssl s_client~\btelnet ", "sh -i\b~|/bin/sh\b~|sh\b~|bash\b~bash -i\b"}},
  {"reverse-shell", 60, kPython | kShell | kProse, 600, {"socket.socket(", "os.dup2(~pty.spawn(~stdin=s~stdin=sock", ".connect(", "/bin/sh~/bin/bash~\"sh\"~'sh'~cmd.exe"}},
  {"reverse-shell", 60, kPerl | kShell | kProse, 600, {"socket(", "connect(", "open(stdin,\">&", "exec"}},
  {"reverse-shell", 60, kPhp | kShell | kProse, 1500, {"fsockopen(", "proc_open(~shell_exec(~exec(\"/bin/~exec(\"sh ~popen(\"/bin", "/bin/sh~/bin/bash~cmd.exe~sh <&~sh -i~sh<&"}},
  {"reverse-shell", 60, kWin, 1500, {"net.sockets.tcpclient", ".getstream(", "iex\b~invoke-expression~cmd.exe~powershell", ".write("}},
  {"reverse-shell", 55, kHostJs, 800, {"child_process", ".connect(~net.socket(", "spawn(\"/bin/~spawn('/bin/~spawn(\"cmd~spawn('cmd~exec(\"/bin/~exec('/bin/", ".pipe("}},

  // Staying, hiding and money, Unix.
  {"shell-persistence", 20, kUnix, 200, {"|crontab -~>>/etc/crontab~>/etc/cron.~>>/etc/cron.~/var/spool/cron/", "curl ~wget ~/dev/shm/~/tmp/.~base64 -d"}},
  {"shell-preload", 35, kUnix, 0, {">/etc/ld.so.preload~>>/etc/ld.so.preload"}},
  {"shell-covers-traces", 15, kUnix, 0, {"unset histfile~histfile=/dev/null~history -c;~history -c&"}},
  {"shell-kills-rivals", 45, kUnix, 200, {"pkill ~killall ~kill -9~xargs kill", "xmrig~kinsing~kdevtmpfsi~minerd~cryptonight~kthreaddk"}},
  {"coin-miner", 35, kAny, 0, {"stratum+tcp://~stratum+ssl://~stratum+tls://", "xmrig~minerd~cpuminer~--donate-level~cryptonight~randomx~coinhive"}},
  {"browser-miner", 40, kJs | kHtml, 0, {"coinhive.anonymous(~coinhive.user(~cryptoloot.anonymous(~deepminer.anonymous(~client.anonymous("}},

  // PowerShell.
  {"ps-download-run", 50, kWin, 300, {"\biex\b~invoke-expression~.invokecommand.invoke~[scriptblock]::create", "downloadstring(~downloaddata(~invoke-webrequest~\biwr\b~invoke-restmethod~\birm\b~.openread("}},
  {"ps-download-start", 25, kWin, 400, {"downloadfile(~invoke-webrequest~start-bitstransfer~\biwr\b", "start-process~invoke-item~\bsaps\b~shellexecute~.start(", "$env:temp~$env:appdata~%temp%~%appdata%~\\public~$env:public~gettemppath~gettempfilename"}},
  {"ps-hidden-window", 15, kWin, 200, {"powershell~pwsh", "-w hidden~-windowstyle hidden~-windowstyle h~-win hidden~-wi hidden~-w h ~-w 1 "}},
  {"ps-bypass", 5, kWin, 200, {"powershell~pwsh", "-ep bypass~-executionpolicy bypass~-exec bypass~-ex bypass~-ep unrestricted~-exec unrestricted"}},
  {"ps-load-bytes", 40, kWin, 400, {"reflection.assembly]::load(", "frombase64string~downloaddata~gzipstream"}},
  {"ps-shellcode", 50, kWin, 0, {"virtualalloc", "createthread~getdelegateforfunctionpointer~queueuserapc~enumsystemlocales", "interopservices~dllimport"}},
  {"ps-packed-stream", 25, kWin, 600, {"frombase64string(", "gzipstream~deflatestream", "readtoend(~iex\b~invoke-expression"}},
  {"amsi-bypass", 55, kWin, 0, {"amsiinitfailed~amsiscanbuffer~amsiutils~amsicontext~amsiscanstring", "setvalue(~virtualprotect~getprocaddress~getfield(~marshal]::copy"}},

  // Living off what Windows has.
  {"certutil-download", 40, kWin, 120, {"\bcertutil", "-urlcache~/urlcache~-verifyctl", "http~ftp:~ -f "}, true},
  {"certutil-decode", 25, kWin, 120, {"\bcertutil", "-decode~/decode"}, true},
  {"bitsadmin-download", 35, kWin, 160, {"\bbitsadmin", "/transfer~/addfile", "http"}, true},
  {"mshta-remote", 50, kWin, 60, {"\bmshta", "http://~https://~vbscript:~javascript:"}, true},
  {"scriptlet-remote", 55, kWin, 120, {"\bregsvr32", "/i:http~-i:http~scrobj.dll"}, true},
  {"scriptlet-remote", 55, kWin, 120, {"\brundll32", "javascript:~mshtml,runhtmlapplication"}, true},
  {"wmi-process", 15, kWin, 200, {"win32_process", ".create~process call create~[wmiclass]~invoke-wmimethod~invoke-cimmethod"}},
  {"run-key", 15, kWin, 250, {"currentversion\\run~currentversion\\\\run", "reg add~regwrite~set-itemproperty~new-itemproperty~setvalue~reg.exe add"}},
  {"scheduled-task", 10, kWin, 120, {"\bschtasks", "/create~-create"}},
  {"scheduled-task", 10, kWin, 0, {"register-scheduledtask"}},
  {"startup-folder", 15, kWin, 0, {"start menu\\programs\\startup~specialfolders(\"startup~getfolderpath('startup~start menu\\\\programs\\\\startup"}},
  {"disables-defender", 50, kWin, 300, {"set-mppreference", "-disablerealtimemonitoring~-disablebehaviormonitoring~-disablescriptscanning~-disableioavprotection~-disableblockatfirstseen"}},
  {"disables-defender", 35, kWin, 300, {"add-mppreference~set-mppreference", "-exclusionpath~-exclusionextension~-exclusionprocess"}},
  {"disables-defender", 45, kWin, 120, {"\bsc stop~\bsc config~\bnet stop~\bsc delete~stop-service", "windefend~wdnissvc~mpssvc"}},
  {"disables-defender", 40, kWin, 250, {"disableantispyware~disablerealtimemonitoring", "reg add~new-itemproperty~set-itemproperty~regwrite"}},
  {"deletes-backups", 50, kWin, 120, {"vssadmin~wmic shadowcopy~win32_shadowcopy", "delete shadows~shadowcopy delete~.delete(~resize shadowstorage"}, true},
  {"deletes-backups", 45, kWin, 120, {"bcdedit", "recoveryenabled no~ignoreallfailures"}, true},
  {"deletes-backups", 40, kWin, 80, {"wbadmin", "delete catalog~delete systemstatebackup"}, true},

  // Windows Script Host.
  {"wsh-shell", 10, kHost, 0, {"wscript.shell~shell.application", "createobject(~activexobject(~getobject(~createobject "}},
  {"wsh-download-run", 50, kHost, 0, {"xmlhttp~winhttp.winhttprequest~urldownloadtofile", "adodb.stream~savetofile", "wscript.shell~shell.application~win32_process~shellexecute", ".run~.exec~shellexecute~.create"}},
  {"wsh-run-shell", 20, kHost, 600, {"wscript.shell~shell.application~.run(~.run ", "powershell~cmd /c~cmd.exe /c~mshta~%comspec%~rundll32~regsvr32~bitsadmin~certutil"}},
  {"wsh-decodes-file", 30, kHost | kMacro, 0, {"bin.base64~bin.hex", "adodb.stream~savetofile~.nodetypedvalue", "wscript.shell~.run~shell("}},
  {"vbs-runs-built-text", 20, kVbs | kHta, 40, {"\bexecute(~\bexecuteglobal(~\beval(~\bexecute ~\bexecuteglobal ", "strreverse(~\bchr(~\bchrw(~\breplace(~\bjoin("}, true},
  {"scriptlet", 35, kHost | kProse, 0, {"<scriptlet", "wscript.shell~activexobject"}},
  {"xsl-script", 35, kAny, 0, {"<ms:script~<msxsl:script", "activexobject~wscript.shell~process.start"}},
  {"hta-application", 30, kHta | kHtml | kVbs, 0, {"<hta:application"}},
  {"hta-runs", 30, kHta | kHtml | kVbs, 0, {"<hta:application", "wscript.shell~shell.application~powershell~win32_process"}},
  {"reversed-words", 30, kWin, 0, {"llehsrewop~//:ptth~//:sptth~tcejboetaerc~llehs.tpircsw~tsohtpircsw"}},

  // Pages, and PHP on servers.
  {"js-eval-decoded", 20, kJs | kHtml | kHta, 30, {"\beval(~\bnew function(~document.write(", "\bunescape(~\batob(~string.fromcharcode("}, true},
  {"html-clickfix", 55, kHtml | kJs, 0, {"clipboard.writetext(~execcommand('copy~execcommand(\"copy", "powershell~mshta~cmd /c~msiexec", "windows + r~win + r~windows key~win+r~windows+r", "verif~robot~captcha~human"}},
  {"web-shell", 60, kPhp | kHtml | kProse, 18, {"\beval(~\bassert(~\bsystem(~\bpassthru(~\bshell_exec(~\bexec(~\bpopen(~\bproc_open(", "$_post[~$_get[~$_request[~$_cookie["}, true},
  {"web-shell", 60, kPhp | kHtml | kProse, 40, {"\beval(~\bassert(", "base64_decode(~gzinflate(~str_rot13(", "$_post[~$_get[~$_request[~$_cookie["}, true},
  {"web-shell", 60, kHtml | kJs | kProse, 60, {"runtime.getruntime().exec(", "request.getparameter("}, true},
  {"web-shell", 60, kHtml | kJs | kProse, 24, {"\beval(~\bexecute(", "request.item[~request(\"~request[\"~request.form("}, true},
  {"php-eval-decoded", 45, kPhp, 40, {"\beval(~\bassert(", "base64_decode(~gzinflate(~gzuncompress(~str_rot13(~convert_uudecode("}, true},

  // Formulas that start a program when a table is opened.
  {"csv-dde", 100, kProse, 0, {"=cmd|'~+cmd|'~-cmd|'~@cmd|'~=powershell|'~=mshta|'~=rundll32|'"}},

  // A program as text: base64 and numbers of MZ and what compilers put after it.
  {"carries-program", 40, kAny, 0, {"tvqqaamaaaaeaaaa~tvpqaaiaaaaeaa8a~tvroaaaaaaaaaaaa~4d5a90000300000004000000~77,90,144,0,3,0,0,0,4,0~0x4d,0x5a,0x90,0x00,0x03"}},
};
// clang-format on

constexpr auto kIndex = index_clues<count_phrases(kClues)>(kClues);

}  // namespace

ClueTable script_clues() { return {kClues, kIndex.phrases, kIndex.first}; }

}  // namespace weir
