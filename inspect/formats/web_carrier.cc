#include "inspect/formats/web_carrier.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/http_message.h"
#include "inspect/formats/text_bodies.h"

namespace weir {
namespace {

constexpr std::size_t kMostText = 16U << 20;

// The page's text in lower case: of a very large one its beginning and its end.
class Page {
 public:
  explicit Page(std::string_view text) : text_(to_lower(text.substr(0, kMostText))) {
    if (text.size() > kMostText)
      text_ += to_lower(text.substr(std::max(kMostText, text.size() - kMostText)));
  }
  bool has(std::string_view word) const { return text_.find(word) != text_.npos; }
  template <std::size_t count>
  bool has_any(const std::string_view (&words)[count]) const {
    return std::ranges::any_of(words, [&](std::string_view word) { return has(word); });
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

constexpr std::string_view kMakesFile[] = {"new blob(",  "new blob (", "new window.blob(",
                                           "[\"blob\"]", "['blob']",   "new file("};
constexpr std::string_view kSaves[] = {"mssaveoropenblob",
                                       "mssaveblob",
                                       ".download=",
                                       ".download =",
                                       "setattribute(\"download\"",
                                       "setattribute('download'",
                                       "[\"download\"]",
                                       "['download']",
                                       "saveas("};
constexpr std::string_view kDecodes[] = {"atob(", "frombase64", "charcodeat(", "uint8array",
                                         "fromcharcode"};
constexpr std::string_view kClicks[] = {".click()", "[\"click\"]()", "['click']()",
                                        "dispatchevent(", "mssaveoropenblob"};
constexpr std::string_view kGoes[] = {
    "window.location=",  "window.location =", "location.href=",     "location.href =",
    "location.replace(", "location.assign(",  "document.location=", "document.location ="};
constexpr std::string_view kStartsPrograms[] = {
    "ms-msdt:", "search-ms:", "ms-search:", "ms-officecmd:", "ms-appinstaller:"};

// How bad it is to find such a file in a page that saves it.
std::uint8_t weight_of(FileType type) {
  switch (type) {
    case FileType::pe:
    case FileType::lnk:
    case FileType::hta:
    case FileType::iso:
    case FileType::vhd:
    case FileType::vhdx:
    case FileType::vbscript:
    case FileType::chm: return 60;
    case FileType::zip:
    case FileType::rar:
    case FileType::seven_zip:
    case FileType::cab:
    case FileType::ole:
    case FileType::ooxml:
    case FileType::onenote:
    case FileType::jar: return 45;
    default: return 0;
  }
}

void judge_smuggling(const Page& page, std::string_view text, bool is_html, Remarks& remarks) {
  const bool saves = page.has_any(kSaves);
  if (!saves && !page.has("<a download") && !page.has(" download=")) return;
  const TextBodies bodies = find_text_bodies(text);
  std::uint8_t worst = 0;
  std::string_view what;
  for (const TextBody& body : bodies.bodies) {
    if (weight_of(body.type) <= worst) continue;
    worst = weight_of(body.type);
    what = file_type_name(body.type);
  }
  if (worst > 0) return remarks.sign("html-smuggling", worst, what);
  // What is enciphered shows no type.
  const bool decodes = page.has_any(kDecodes), makes = page.has_any(kMakesFile);
  if (!is_html || !saves || !decodes || !makes || bodies.opaque < 8192) return;
  const bool by_itself = page.has_any(kClicks);
  remarks.sign("html-smuggling-opaque", by_itself ? 35 : 20,
               std::to_string(bodies.opaque) + " bytes of no known kind");
}

// Where a script goes: to an address of another site, or wherever it computes.
bool goes_away(const Page& page) {
  const std::string_view text = page.text();
  for (const std::string_view word : kGoes) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      const std::string_view target = text.substr(at + word.size(), 8);
      if (target.find("\"http") != target.npos || target.find("'http") != target.npos) return true;
    }
  }
  return false;
}

void judge_image(const Page& page, Remarks& remarks) {
  const bool script = page.has("<script") || page.has("href=\"javascript:");
  if (script) remarks.sign("svg-script", 15);
  if (page.has("onload=") || page.has("onerror=") || page.has("onbegin=")) {
    remarks.sign("svg-handler", 10);
  }
  if (page.has("<foreignobject")) {
    // Films in slides are shown in frames.
    const bool asks = page.has("<form") || page.has("http-equiv");
    if (asks || page.has("<iframe") || page.has("<embed")) {
      remarks.sign("svg-foreign-page", asks ? 30 : 5);
    }
  }
  if (!script && !page.has("onload=")) return;
  if (page.has_any(kGoes)) remarks.sign("svg-redirects", goes_away(page) ? 40 : 20);
  if (page.has("atob(") || page.has("eval(") || page.has("unescape(") ||
      page.has("document.write(")) {
    remarks.sign("svg-decodes", 20);
  }
}

void judge_links(const Page& page, Remarks& remarks) {
  for (const std::string_view scheme : kStartsPrograms) {
    for (const char quote : {'"', '\''}) {
      if (page.has(quote + std::string(scheme))) {
        return remarks.sign("html-starts-program", 30, scheme);
      }
    }
  }
}

// "<meta http-equiv=refresh content='0; url=data:…'>"
void judge_refresh(const Page& page, Remarks& remarks) {
  const std::string& text = page.text();
  for (auto at = text.find("http-equiv"); at != text.npos; at = text.find("http-equiv", at + 1)) {
    const std::string_view tag = std::string_view(text).substr(at, 200);
    const std::string_view whole = tag.substr(0, tag.find('>'));
    if (whole.find("refresh") == whole.npos) continue;
    if (whole.find("url=data:") != whole.npos || whole.find("url=javascript:") != whole.npos) {
      return remarks.sign("html-refresh-to-data", 40);
    }
  }
}

}  // namespace

void examine_web_carrier(const Subject& file, Remarks& remarks) {
  const bool svg = file.type == FileType::svg, html = file.type == FileType::html;
  if (!svg && !html && file.type != FileType::javascript && file.type != FileType::hta) return;
  const Page page(as_text(file.bytes));
  if (svg) judge_image(page, remarks);
  judge_smuggling(page, as_text(file.bytes), html || svg, remarks);
  if (svg || html) judge_links(page, remarks);
  if (html) judge_refresh(page, remarks);
}

}  // namespace weir
