#include "inspect/formats/text_bodies.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "core/base64.h"
#include "inspect/formats/web_carrier.h"
#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

std::string mail(const std::string& name) { return from_corpus("mail/" + name); }

TEST(TextBodies, DecodesEveryCoding) {
  const std::string packed = mail("packed.zip");
  const std::vector<std::pair<const char*, const char*>> table{
      {"packed.uue", "packed.zip"},           {"packed.xxe", "packed.zip"},
      {"packed.ync", "packed.zip"},           {"packed.b64.txt", "data-1.zip"},
      {"smuggle-literal.html", "data-1.zip"}, {"smuggle-numbers.html", "data-1.zip"},
      {"smuggle-url.html", "data-1.zip"},
  };
  for (const auto& [file, name] : table) {
    EXPECT_EQ(opened(open_text_bodies, mail(file)), (Opened{{name, packed}})) << file;
  }
}

std::string repeated(std::size_t size, char c) { return std::string(size, c); }
std::string program() {
  return "MZ"s + repeated(58, '\0') + "\x40\0\0\0PE\0\0\x4c\1"s + repeated(2000, 'x');
}

std::string as_numbers(const std::string& bytes, const char* format) {
  std::string text;
  for (const char c : bytes) {
    char number[16];
    std::snprintf(number, sizeof number, format, static_cast<unsigned char>(c));
    text += number;
  }
  return text;
}

TEST(TextBodies, FindsProgramsHoweverTheyAreWritten) {
  const std::string base64 = base64_encode(as_bytes(program()));
  struct Row {
    const char* what;
    std::string text;
  };
  const std::vector<Row> table{
      {"after a word", "word\n" + base64 + "\n"},
      {"in a script", "var a = \"" + base64 + "\";"},
      {"joined for VBScript",
       "x = \"" + base64.substr(0, 500) + "\" & _\r\n  \"" + base64.substr(500) + "\""},
      {"continued with a backslash",
       "x = \"" + base64.substr(0, 400) + "\\\n" + base64.substr(400) + "\""},
      {"with written line ends",
       "{\"a\": \"" + base64.substr(0, 76) + "\\r\\n" + base64.substr(76) + "\"}"},
      {"hex", "$a = '" + as_numbers(program(), "%02x") + "'"},
      {"escapes", "a = \"" + as_numbers(program(), "\\x%02X") + "\""},
      {"hex numbers", "[Byte[]] $b = " + as_numbers(program(), "0x%02x, ")},
      {"numbers", "var b = new Uint8Array([" + as_numbers(program(), "%u,") + "0])"},
  };
  for (const Row& row : table) {
    const Opened members = opened(open_text_bodies, row.text);
    ASSERT_EQ(members.size(), 1U) << row.what;
    EXPECT_EQ(members[0].first, "data-1.exe") << row.what;
    EXPECT_TRUE(members[0].second.starts_with(program())) << row.what;
  }
}

TEST(TextBodies, TakesPagesFromUrlsOnly) {
  const std::string page = "<html><script>" + repeated(1500, 'x') + "</script></html>";
  const Opened want{{"data-1.html", page}};
  EXPECT_EQ(opened(open_text_bodies,
                   "<iframe src='data:text/html;base64," + base64_encode(as_bytes(page)) + "'>"),
            want);
  EXPECT_EQ(opened(open_text_bodies, "<iframe src=\"data:text/html," + page + "\">"), want);
}

TEST(TextBodies, LeavesOrdinaryTextAlone) {
  const std::string picture = "\x89PNG\r\n\x1a\n" + repeated(3000, 'x');
  std::string words, numbers = "[";
  for (int i = 0; i < 3000; ++i) {
    words += "word\n";
    numbers += std::to_string(i % 256) + ",";
  }
  for (const std::string& text :
       {"<img src='data:image/png;base64," + base64_encode(as_bytes(picture)) + "'>",
        "a = '" + base64_encode(as_bytes(repeated(3000, 'y'))) + "'", words, numbers + "0]",
        "begin 644 of a story\nthat goes on\n"s, "begin 644\n"s, repeated(5000, 'A'),
        mail("attached.eml")}) {
    EXPECT_TRUE(opened(open_text_bodies, text).empty()) << text.substr(0, 60);
  }
}

TEST(WebCarrier, NamesTheSigns) {
  std::string noise;
  for (unsigned i = 0; i < 20'000; ++i) noise += static_cast<char>(i * i % 251);
  const std::string opaque = base64_encode(as_bytes(noise));
  const std::string library =
      "var b = new Blob([x]); a.href = URL.createObjectURL(b); a.download = n; a.click(); atob(y);";
  struct Row {
    const char* what;
    std::string text, want;
  };
  const std::string svg = "<svg xmlns='http://www.w3.org/2000/svg'>";
  const std::vector<Row> table{
      {"literal", mail("smuggle-literal.html"), "sign html-smuggling 45"},
      {"numbers", mail("smuggle-numbers.html"), "sign html-smuggling 45"},
      {"url", mail("smuggle-url.html"), "sign html-smuggling 45"},
      {"program",
       "<html><script>d='" + base64_encode(as_bytes(program())) + "';" + library + "</script>",
       "sign html-smuggling 60"},
      {"enciphered", "<html><script>d='" + opaque + "';" + library + "</script>",
       "sign html-smuggling-opaque 35"},
      {"a library", "<html><script>" + library + "</script>", ""},
      {"data, not saved", "<html><script>d=atob('" + opaque + "')</script>", ""},
      {"drawing", svg + "<path d='M0 0'/></svg>", ""},
      {"drawing with a script", svg + "<script>init()</script></svg>", "sign svg-script 15"},
      {"flame graph", svg + "<g onload='init(evt)'/><script>a</script></svg>",
       "sign svg-script 15, sign svg-handler 10"},
      {"redirect", svg + "<script>window.location.href = atob('aHR0cA==')</script></svg>",
       "sign svg-script 15, sign svg-redirects 20, sign svg-decodes 20"},
      {"redirect away", svg + "<script>location.href = 'https://x'</script></svg>",
       "sign svg-script 15, sign svg-redirects 40"},
      {"film", svg + "<foreignObject><iframe src='x'/></foreignObject></svg>",
       "sign svg-foreign-page 5"},
      {"form", svg + "<foreignObject><form action='x'/></foreignObject></svg>",
       "sign svg-foreign-page 30"},
      {"refresh", "<html><meta http-equiv=refresh content='0; url=data:text/html,x'>",
       "sign html-refresh-to-data 40"},
      {"search", "<html><a href='search-ms:query=x&crumb=location:\\\\h\\s'>x</a>",
       "sign html-starts-program 30"},
  };
  for (const Row& row : table) EXPECT_EQ(said(examine_web_carrier, row.text), row.want) << row.what;
}

}  // namespace
}  // namespace weir
