#include "sandbox_client/detonate/fake_home.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

constexpr std::string_view kKey =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACBub3QgYSByZWFsIGtleSwgb25seSBhIGRlY295IGZpbGUgAAAAAAAAAAAA\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

constexpr std::array kFiles{
    FakeFile{"~/.bashrc", "# ~/.bashrc\nPS1='\\u@\\h:\\w\\$ '\nalias ll='ls -l'\n"},
    FakeFile{"~/.profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n"},
    FakeFile{"~/.bash_history", "ls\ncd Documents\nssh build.corp.example\ngit pull\n", 0600},
    FakeFile{"~/.ssh/id_ed25519", kKey, 0600},
    FakeFile{"~/.ssh/id_ed25519.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vdA alex@desk\n"},
    FakeFile{"~/.ssh/known_hosts", "build.corp.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG\n"},
    FakeFile{"~/.ssh/authorized_keys", "", 0600},
    FakeFile{"~/.aws/credentials",
             "[default]\naws_access_key_id = AKIADECOYDECOYDECOY0\n"
             "aws_secret_access_key = decoydecoydecoydecoydecoydecoydecoydeco\n",
             0600},
    FakeFile{"~/.netrc", "machine git.corp.example login alex password hunter2\n", 0600},
    FakeFile{"~/.gitconfig", "[user]\n\tname = Alex\n\temail = alex@corp.example\n"},
    FakeFile{"~/.git-credentials", "https://alex:hunter2@git.corp.example\n", 0600},
    FakeFile{"~/.config/google-chrome/Default/Login Data", "SQLite format 3", 0600},
    FakeFile{"~/.config/google-chrome/Default/Cookies", "SQLite format 3", 0600},
    FakeFile{"~/.config/google-chrome/Local State", "{\"os_crypt\":{}}", 0600},
    FakeFile{"~/.mozilla/firefox/profiles.ini",
             "[Profile0]\nName=default\nIsRelative=1\nPath=ab12cd34.default\nDefault=1\n"},
    FakeFile{"~/.mozilla/firefox/ab12cd34.default/logins.json", "{\"logins\":[]}", 0600},
    FakeFile{"~/.mozilla/firefox/ab12cd34.default/key4.db", "SQLite format 3", 0600},
    FakeFile{"~/.config/autostart/readme", "programs that start with the desktop\n"},
    FakeFile{"~/.config/systemd/user/readme", "units of the user\n"},
    FakeFile{"~/Downloads/invoice-2291.pdf", "%PDF-1.4\n"},
    FakeFile{"/etc/passwd",
             "root:x:0:0:root:/root:/bin/bash\n"
             "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
             "alex:x:1000:1000:Alex,,,:/home/alex:/bin/bash\n"
             "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    FakeFile{"/etc/group", "root:x:0:\nsudo:x:27:alex\nalex:x:1000:\nnogroup:x:65534:\n"},
    FakeFile{"/etc/shadow", "root:*:19700:0:99999:7:::\n", 0000},
    FakeFile{"/etc/hostname", "alex-desktop\n"},
    FakeFile{"/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 alex-desktop\n"},
    FakeFile{"/etc/resolv.conf", "nameserver 10.0.2.3\n"},
    FakeFile{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    FakeFile{"/etc/os-release",
             "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
             "VERSION_ID=\"12\"\nID=debian\n"},
    FakeFile{"/etc/debian_version", "12.11\n"},
    FakeFile{"/etc/machine-id", "5f2b0c9a7e3d4f6c8b1a2d3e4f5a6b7c\n"},
    FakeFile{"/etc/profile", "PATH=/usr/local/bin:/usr/bin:/bin\n"},
    FakeFile{"/etc/crontab", "17 * * * * root run-parts /etc/cron.hourly\n"},
    FakeFile{"/etc/cron.d/readme", "# jobs of packages\n"},
    FakeFile{"/etc/systemd/system/readme", "# units of the administrator\n"},
    FakeFile{"/etc/services", "http 80/tcp\nhttps 443/tcp\nssh 22/tcp\ndomain 53/udp\n"},
    FakeFile{"/etc/protocols", "tcp 6 TCP\nudp 17 UDP\n"},
    FakeFile{"/var/spool/cron/crontabs/readme", "# jobs of users\n"},
};

// Beginnings of paths that hold secrets.
constexpr std::array<std::string_view, 14> kBait{
    "~/.ssh/id_",
    "~/.aws/",
    "~/.netrc",
    "~/.git-credentials",
    "~/.gnupg/private-keys",
    "~/.mozilla/",
    "~/.config/google-chrome/",
    "~/.config/chromium/",
    "~/.kube/",
    "~/.docker/",
    "~/.password-store/",
    "~/.bash_history",
    "/etc/shadow",
    "/etc/gshadow",
};

struct Owner {
  std::string_view program;
  std::string_view path;  // a beginning
};

constexpr std::array kOwners{
    Owner{"/usr/bin/wget", "~/.netrc"},
    Owner{"/usr/bin/curl", "~/.netrc"},
    Owner{"/usr/bin/git", "~/.git-credentials"},
    Owner{"/usr/lib/git-core/", "~/.git-credentials"},
    Owner{"/usr/lib/git-core/", "~/.netrc"},
    Owner{"/usr/bin/ssh", "~/.ssh/id_"},  // and ssh-add, ssh-keygen
    Owner{"/usr/bin/gpg", "~/.gnupg/"},
};

}  // namespace

std::span<const FakeFile> fake_files() { return kFiles; }

std::string fake_document_path(int number) {
  constexpr std::array<std::string_view, 5> kKinds{"~/Documents/report-", "~/Documents/letter-",
                                                   "~/Documents/budget-", "~/Pictures/photo-",
                                                   "~/Documents/notes-"};
  constexpr std::array<std::string_view, 5> kEnds{".odt", ".docx", ".xlsx", ".jpg", ".txt"};
  const auto kind = static_cast<std::size_t>(number) % kKinds.size();
  return expand_home(kKinds.at(kind)) + std::to_string(2000 + number) + std::string(kEnds.at(kind));
}

std::string fake_document_text(int number) {
  std::string text = "Notes for quarter " + std::to_string(number) + ".\n";
  for (int line = 0; line < 20; ++line) {
    text += "Line " + std::to_string(line) + ": figures as agreed, see the table below.\n";
  }
  return text;
}

std::string expand_home(std::string_view path) {
  if (!path.starts_with("~/")) return std::string(path);
  return std::string(kFakeHome) + std::string(path.substr(1));
}

bool is_sensitive(std::string_view path) {
  constexpr std::array<std::string_view, 4> kStores{"~/.cache/", "~/.npm/", "~/.cargo/",
                                                    "~/.venv/"};
  for (const std::string_view one : kStores) {
    if (path.starts_with(expand_home(one))) return false;
  }
  return path.starts_with("/etc/") || path.starts_with("/var/spool/") ||
         path.starts_with(expand_home("~/."));
}

bool is_bait(std::string_view path) {
  for (const std::string_view one : kBait) {
    if (path.starts_with(expand_home(one)) && !path.ends_with(".pub")) return true;
  }
  return false;
}

bool reads_its_own(std::string_view program, std::string_view path) {
  return std::ranges::any_of(kOwners, [&](const Owner& one) {
    return program.starts_with(one.program) && path.starts_with(expand_home(one.path));
  });
}

}  // namespace weir
