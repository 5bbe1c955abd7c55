#include "inspect/formats/embedded.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "inspect/formats/chm.h"
#include "inspect/formats/lnk.h"
#include "inspect/formats/openpgp.h"
#include "inspect/formats/sealed_android.h"
#include "inspect/formats/swf.h"
#include "tests/inspect/formats/sealed_samples.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

std::string png() { return "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"s + std::string(200, '\5'); }
std::string gif() { return "GIF89a\x10\0\x10\0\0\0\0"s + std::string(200, '\5') + ";"; }
std::string zip() { return pack({{"a.txt", plain_text()}, {"b", "b"}}); }

struct Case {
  const char* name;
  std::string input;
  Opened want;
};

TEST(Embedded, FindsArchivesBehindOtherFiles) {
  const std::string seven = packed_by("7zz a -bso0 -t7z", "a.7z", {{"a", plain_text()}});
  const std::string gz = pack({{"a", plain_text()}}, {.format = archive_write_set_format_ustar,
                                                      .filter = archive_write_add_filter_gzip});
  const std::string xz = pack({{"a", plain_text()}}, {.format = archive_write_set_format_ustar,
                                                      .filter = archive_write_add_filter_xz});
  const std::string zst = pack({{"a", plain_text()}}, {.format = archive_write_set_format_ustar,
                                                       .filter = archive_write_add_filter_zstd});
  const std::string shell = "#!/bin/sh\ntail -n +3 $0 | tar x\nexit\n";
  const std::string tail(300, 't');
  const std::vector<Case> table{
      {"zip in the middle of a picture",
       png() + zip() + tail + tail,
       {{"embedded-at-0xd8.zip", zip()}}},
      {"zip at the end is the walk's", png() + zip(), {}},
      {"7z", png() + seven + tail, {{"embedded-at-0xd8.7z", seven}}},
      {"two",
       gif() + seven + zip() + tail,
       {{"embedded-at-0xd6.7z", seven},
        {"embedded-at-0x" +
             [&] {
               char hex[20];
               snprintf(hex, sizeof hex, "%zx", gif().size() + seven.size());
               return std::string(hex);
             }() +
             ".zip",
         zip()}}},
      {"self-extracting script", shell + gz, {{"embedded-at-0x25.gz", gz}}},
      {"self-extracting script, xz", shell + xz, {{"embedded-at-0x25.xz", xz}}},
      {"self-extracting script, zstd", shell + zst, {{"embedded-at-0x25.zst", zst}}},
      {"in a tar", pack({{"inner.7z", seven}}, {.format = archive_write_set_format_ustar}), {}},
      {"in a zip, stored", pack({{"inner.zip", zip()}}, {.stored = true}), {}},
      {"a header without a directory", png() + zip().substr(0, 200) + tail, {}},
      {"magics in a text",
       "7z\xBC\xAF\x27\x1C Rar!\x1A\x07 MSCF PK\3\4 BZh91AY \x1F\x8B\x08 MZ " + tail,
       {}},
      {"nothing", "", {}},
  };
  for (const Case& c : table) EXPECT_EQ(opened(open_embedded, c.input), c.want) << c.name;
}

TEST(Embedded, TakesAllStartsOfMany) {
  std::string file = png();
  const std::string one = zip();
  for (int i = 0; i < 40; ++i) file += one + "gap";
  EXPECT_EQ(opened(open_embedded, file + std::string(100, 'x')).size(), 16U);
}

// A program in a picture, not one in another program's data.
TEST(Embedded, FindsProgramsAndDocuments) {
  std::string pe(600, '\0');
  pe.replace(0, 2, "MZ");
  pe[60] = 64;
  pe.replace(64, 8, "PE\0\0\x4C\x01\x02\0"s);
  pe[64 + 20] = '\xE0';
  pe.replace(64 + 24, 2, "\x0B\x01");
  EXPECT_EQ(opened(open_embedded, png() + pe), (Opened{{"embedded-at-0xd8.exe", pe}}));
  EXPECT_EQ(opened(open_embedded, pe + pe), Opened{});
  const std::string pdf =
      "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n" + std::string(300, ' ') + "\nstartxref\n0\n%%EOF\n";
  EXPECT_EQ(opened(open_embedded, png() + pdf), (Opened{{"embedded-at-0xd8.pdf", pdf}}));
  EXPECT_EQ(opened(open_embedded, "see below:\n" + pdf + std::string(200, 'x')), Opened{});
}

TEST(Polyglot, TellsFilesThatAreTwo) {
  const std::string pdf = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n";
  const std::vector<std::tuple<const char*, std::string, const char*>> table{
      {"picture and zip", png() + zip(), "sign polyglot 30"},
      {"pdf and zip", pdf + zip(), "sign polyglot 30"},
      {"gif and script", "GIF89a/*\1\2" + std::string(100, 'x') + "*/=1;alert(1)//",
       "sign polyglot 30"},
      {"gif and assignment", "GIF89a=1;alert('a long enough script to be sure of it, and more');//",
       "sign polyglot 30"},
      {"picture and pdf", gif() + pdf, "sign polyglot 30"},
      {"picture", gif(), ""},
      {"pdf", pdf, ""},
      {"zip", zip(), ""},
      {"a zip application", "#!/usr/bin/env python3\n" + zip(), ""},
      {"a zip inside", png() + zip() + "x", ""},
  };
  for (const auto& [name, bytes, want] : table)
    EXPECT_EQ(said(examine_polyglot, bytes), want) << name;
}

std::string deflated(const std::string& text) {
  std::string out(compressBound(text.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
           text.size());
  out.resize(size);
  return out;
}

TEST(Swf, OpensItsBody) {
  const std::string body = plain_text(100'000);
  const std::string head = "\x0A" + "\xA8\x86\x01\0"s;
  const std::string packed = "CWS" + head + deflated(body);
  EXPECT_EQ(opened(open_swf, packed), (Opened{{"body.swf", "FWS" + head + body}}));
  EXPECT_EQ(opened(open_swf, packed.substr(0, packed.size() - 9)).back(),
            (std::pair("!"s, "truncated"s)));
  EXPECT_EQ(opened(open_swf, "FWS" + head + body), Opened{});
  EXPECT_EQ(opened(open_swf, "CWS is a group of friends"), Opened{});
  EXPECT_EQ(opened(open_swf, "ZWS" + head + "\1\2\3\4" + "ppppp" + "data"),
            (Opened{{"body.lzma", "ppppp\xA0\x86\x01\0\0\0\0\0data"s}}));
}

TEST(AndroidBackup, OpensWhatHasNoPassword) {
  const std::string tar = plain_text();
  EXPECT_EQ(opened(open_android_backup, "ANDROID BACKUP\n5\n1\nnone\n" + deflated(tar)),
            (Opened{{"backup.tar", tar}}));
  EXPECT_EQ(opened(open_android_backup, "ANDROID BACKUP\n5\n0\nnone\n" + tar),
            (Opened{{"backup.tar", tar}}));
  EXPECT_EQ(opened(open_android_backup, "ANDROID BACKUP\n5\n1\nAES-256\n" + tar), Opened{});
}

TEST(Chm, OpensItsPages) {
  const Opened found = opened(open_chm, from_corpus("disk/help.chm"));
  std::string page;
  for (int i = 1; i <= 60; ++i) page += "<p>line " + std::to_string(i) + " of the page</p>\n";
  EXPECT_NE(std::ranges::find(found, std::pair("sub/page.html"s, page)), found.end());
  EXPECT_GE(found.size(), 2U);
  // One of Microsoft's compiler, in which 7zz lists as many files; all but two of them compressed.
  const Opened other = opened(open_chm, bytes_of_file("/usr/share/clamav-testfiles/clam.chm"));
  EXPECT_EQ(other.size(), 15U);
  const auto program = std::ranges::find(other, "clam.exe.txt", &Opened::value_type::first);
  ASSERT_NE(program, other.end());
  EXPECT_EQ(program->second.size(), 544U);
  EXPECT_EQ(opened(open_chm, "ITSF" + std::string(300, '\0')), (Opened{{"!", "corrupt"}}));
  EXPECT_EQ(opened(open_chm, plain_text()), Opened{});
}

// The content of messages that are signed only, down through their compression.
TEST(OpenPgp, OpensWhatIsReadable) {
  std::string plain;
  for (int i = 1; i <= 40; ++i)
    plain += "line " + std::to_string(i) + " of nothing in particular\n";
  const Opened content{{"content", plain}};
  for (const char* file : {"pgp-literal.gpg", "pgp-signed-stored.gpg"}) {
    EXPECT_EQ(opened(open_openpgp, from_corpus("sealed/"s + file)), content) << file;
  }
  for (const char* file : {"pgp-signed.gpg", "pgp-signed.asc"}) {
    const Opened outer = opened(open_openpgp, from_corpus("sealed/"s + file));
    ASSERT_EQ(outer.size(), 1U) << file;
    EXPECT_EQ(outer[0].first, "message.pgp");
    EXPECT_EQ(opened(open_openpgp, outer[0].second), content) << file;
  }
  for (const char* file : {"pgp-rsa.gpg", "pgp-two.asc", "pgp-public.gpg", "pgp-public.asc",
                           "pgp-detached.sig", "pgp-clearsigned.asc", "certificate.der"}) {
    EXPECT_EQ(opened(open_openpgp, from_corpus("sealed/"s + file)), Opened{}) << file;
  }
}

std::string wide(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::string{c, '\0'};
  return out;
}

std::string counted(const std::string& text) {
  return std::string{static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)} +
         wide(text);
}

// As [MS-SHLLINK] section 3 has it: an item list, a relative path, arguments in Unicode.
std::string shortcut(const std::string& target, const std::string& arguments,
                     const std::string& after = {}) {
  std::string header = "\x4C\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46"s + "\xA9\0\0\0"s;
  header.resize(76);
  std::string item = "\x32\0"s + std::string(10, '\0') + "OTHER.EXE" + "\0\0\0"s;
  item = std::string{static_cast<char>(item.size() + 2), '\0'} + item;
  const std::string list = item + "\0\0"s;
  std::string bytes = header + std::string{static_cast<char>(list.size()), '\0'} + list;
  bytes += counted(target) + counted(arguments);
  const std::string variable = target + std::string(260 - target.size(), '\0') + wide(target) +
                               std::string(520 - 2 * target.size(), '\0');
  bytes += "\x14\x03\0\0\x01\0\0\xA0"s + variable;
  return bytes + std::string(4, '\0') + after;
}

TEST(Lnk, TellsCommands) {
  const std::string shell = "%SystemRoot%\\System32\\cmd.exe";
  const std::vector<std::tuple<const char*, std::string, const char*>> table{
      {"a command", shortcut(shell, "/c calc.exe"), "sign lnk-command 60"},
      {"within the arguments", shortcut("C:\\a.exe", "/run PowerShell -enc AAAA"),
       "sign lnk-command 60"},
      {"padded", shortcut(shell, std::string(300, ' ') + "/c x"),
       "sign lnk-command 60, sign lnk-padded-arguments 60"},
      {"appended", shortcut("C:\\notes.txt", "", std::string(99, 'x')),
       "sign lnk-appended-data 40"},
      {"a shell alone", shortcut(shell, ""), ""},
      {"a document", shortcut("C:\\notes.txt", ""), ""},
      {"a program with arguments", shortcut("C:\\Program Files\\editor.exe", "--new-window"), ""},
      {"no shortcut", plain_text(), ""},
  };
  for (const auto& [name, bytes, want] : table) EXPECT_EQ(said(examine_lnk, bytes), want) << name;
}

TEST(Lnk, OpensCommandLineAndTail) {
  const std::string tail(99, 'x');
  const std::string bytes = shortcut("C:\\a.exe", "--b", tail);
  char name[40];
  snprintf(name, sizeof name, "appended-at-0x%zx.bin", bytes.size() - tail.size());
  EXPECT_EQ(opened(open_lnk, bytes),
            (Opened{{"command-line.txt", "C:\\a.exe --b\n"}, {name, tail}}));
  for (std::size_t cut = 0; cut < bytes.size(); cut += 7) opened(open_lnk, bytes.substr(0, cut));
}

}  // namespace
}  // namespace weir
