#include "inspect/formats/mime_message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inspect/formats/mime_header.h"
#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;
using Names = std::vector<std::string>;

std::string mail(const std::string& name) { return from_corpus("mail/" + name); }

Names names(const Opened& members) {
  Names all;
  for (const auto& [name, content] : members) all.push_back(name);
  return all;
}

std::string content(const Opened& members, const std::string& name) {
  for (const auto& [member, bytes] : members) {
    if (member == name) return bytes;
  }
  return "(missing)";
}

TEST(Mime, OpensMailsOfPython) {
  const std::vector<std::pair<std::string, Names>> table{
      {"plain.eml", {"body.txt"}},
      {"attached.eml", {"body.txt", "Rechnung März 2024.zip", "text.txt"}},
      {"nested.eml", {"body.txt", "body.html", "x.bin"}},
      {"forwarded.eml", {"body.txt", "message.eml"}},
      {"pgp-mime.eml", {"version.txt", "encrypted.asc"}},
      {"smime.eml", {"smime.p7m"}},
      {"page.mhtml", {"index.html", "a.js"}},
      {"two.mbox", {"message-1.eml", "message-2.eml"}},
  };
  for (const auto& [file, want] : table) {
    EXPECT_EQ(names(opened(open_mime, mail(file))), want) << file;
  }
}

TEST(Mime, DecodesTheParts) {
  const Opened members = opened(open_mime, mail("attached.eml"));
  EXPECT_EQ(content(members, "body.txt"), "see attachment\r\n");
  EXPECT_EQ(content(members, "Rechnung März 2024.zip"), mail("packed.zip"));
  EXPECT_EQ(content(members, "text.txt"), "zeile = ümlaut\r\n");
  const Opened around = opened(open_mime, mail("forwarded.eml"));
  EXPECT_EQ(names(opened(open_mime, content(around, "message.eml"))), names(members));
  const Opened box = opened(open_mime, mail("two.mbox"));
  EXPECT_EQ(content(opened(open_mime, content(box, "message-2.eml")), "Rechnung März 2024.zip"),
            mail("packed.zip"));
  EXPECT_TRUE(content(opened(open_mime, mail("smime.eml")), "smime.p7m").starts_with("0\x80"));
}

TEST(Mime, ReadsBoundariesAsMailProgramsDo) {
  const std::string head = "From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/mixed;";
  const auto part = [](const std::string& text) { return "Content-Type: a/b\n\n" + text; };
  struct Row {
    const char* what;
    std::string message;
    Opened want;
  };
  const Opened two{{"part-2", "one"}, {"part-3", "two"}};
  const std::vector<Row> table{
      {"plain", head + " boundary=x\n\n--x\n" + part("one\n--x\n") + part("two\n--x--\n"), two},
      {"quoted, blanks behind",
       head + " boundary=\"x y\" \n\n--x y \n" + part("one\n--x y\t\n") + part("two\n--x y--"),
       two},
      {"never closed", head + "boundary=x\n\n--x\n" + part("one\n--x\n") + part("two"), two},
      {"not declared", head + "\n\n--x\n" + part("one\n--x\n") + part("two\n--x--\n"), two},
      {"declared twice",
       head + " boundary=y; boundary=x\n\n--x\n" + part("one\n--x\n") + part("two\n--x--\n"), two},
      {"goes on after its end",
       head + " boundary=x\n\n--x\n" + part("one\n--x--\n") + "--x\n" + part("two\n--x--\n"), two},
      {"folded, in pieces",
       head + "\n  boundary*0=x;\n boundary*1=yz\n\n--xyz\n" + part("one\n--xyz\n") + part("two"),
       two},
      {"a longer word is no boundary",
       head + " boundary=x\n\n--x\n" + part("one\n--xx\n--x--"),
       {{"part-2", "one\n--xx"}}},
      {"with CRLF",
       head + " boundary=x\r\n\r\n--x\r\n" + part("one\r\n--x\r\n") + part("two\r\n--x--\r\n"),
       two},
      {"inner ends with the outer",
       head + " boundary=x\n\n--x\nContent-Type: multipart/a; boundary=y\n\n--y\n" +
           part("one\n--x\n") + part("two\n--x--"),
       {{"part-3", "one"}, {"part-4", "two"}}},
  };
  for (const Row& row : table) EXPECT_EQ(opened(open_mime, row.message), row.want) << row.what;
}

TEST(Mime, GivesWhatStandsAroundTheParts) {
  const std::string much(200, 'w');
  const std::string message = "From: a\nContent-Type: multipart/mixed; boundary=x\n\n" + much +
                              "\n--x\n\nbody\n--x--\n" + much + "\n";
  EXPECT_EQ(opened(open_mime, message),
            (Opened{{"preamble.txt", much}, {"body.txt", "body"}, {"epilogue.txt", much + "\n"}}));
}

TEST(Mime, TriesBothWhenAHeaderSaysTwoThings) {
  const std::string message =
      "From: a\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n"
      "Content-Transfer-Encoding: base64\n\naGVsbG8=\n";
  EXPECT_EQ(opened(open_mime, message),
            (Opened{{"body.txt", "aGVsbG8=\n"}, {"body.txt", "hello"}}));
}

TEST(Mime, LeavesWhatIsNoMailAlone) {
  for (const std::string text :
       {"", "hello", "key: value\nother: value\n", "Package: x\nVersion: 1\n", "a b: c\nFrom: d\n",
        "{\"From\": 1}", "<html>", "%PDF-1.4\n", "From the beginning\nof the text\n"}) {
    EXPECT_TRUE(opened(open_mime, text).empty()) << text;
  }
}

TEST(Mime, BoundsDepthAndSaysSo) {
  std::string message = "From: a\nSubject: b\n";
  for (int i = 0; i < 60; ++i) {
    const std::string word = "b" + std::to_string(i) + "z";
    message += "Content-Type: multipart/mixed; boundary=" + word + "\n\n--" + word + "\n";
  }
  EXPECT_EQ(opened(open_mime, message + "\nend"), (Opened{{"!", "too-deep"}}));
  EXPECT_EQ(opened(open_mime, "From: a\nContent-Type: message/partial; number=1; total=3\n\nxyz"),
            (Opened{{"part-1", "xyz"}, {"!", "multi-volume"}}));
}

TEST(Mime, ReadsParametersAndWords) {
  struct Row {
    std::string field, want;
  };
  const std::vector<Row> table{
      {"a; filename=x.zip", "x.zip"},
      {"a; filename=\"x;y\\\".zip\"", "x;y\".zip"},
      {"a; (comment) FileName = x.zip (other)", "x.zip (other)"},
      {"a; filename*=utf-8''a%20b.zip", "a b.zip"},
      {"a; filename*=iso-8859-1'de'%FC.zip", "ü.zip"},
      {"a; filename*1=\".exe\"; filename*0=\"a.txt\"", "a.txt.exe"},
      {"a; filename*0*=utf-8''%41; filename*1*=%42; filename*2=C", "ABC"},
      {"a; filename=\"=?UTF-8?B?YS56aXA=?=\"", "a.zip"},
      {"a; filename=\"=?utf-8?q?a_b?= =?utf-8?Q?=2Ezip?=\"", "a b.zip"},
      {"a; filename=\"=?utf-8?q?broken\"", "=?utf-8?q?broken"},
      {"a; filename", ""},
      {"a", ""},
  };
  for (const Row& row : table) {
    EXPECT_EQ(read_mime_value(row.field).first("filename"), row.want) << row.field;
  }
}

}  // namespace
}  // namespace weir
