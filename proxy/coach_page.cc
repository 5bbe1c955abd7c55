#include "proxy/coach_page.h"

#include "core/escape.h"
#include "proxy/page_parts.h"
#include "proxy/portal_pages.h"

namespace weir {
namespace {

struct Words {
  std::string_view title, text, why, optional, missing, go_on, back, address, reason, rule, event;
};

constexpr Words kEnglish{
    "Do you want to go on?",
    "This page or file may be harmful. If you did not expect it, or came here from a mail, go "
    "back. Whoever goes on is named in the log, with the reason given here.",
    "Why do you need it?",
    "Why do you need it? (optional)",
    "Please say why you need it.",
    "Go on anyway",
    "Go back",
    "Address",
    "Reason",
    "Rule",
    "Event number"};
constexpr Words kJapanese{
    "続行しますか？",
    "このページまたはファイルは有害な可能性があります。心当たりがない場合や、メールから開いた場合は"
    "戻ってください。続行すると、入力した理由とともに記録されます。",
    "必要な理由",
    "必要な理由（任意）",
    "必要な理由を入力してください。",
    "それでも続行する",
    "戻る",
    "アドレス",
    "理由",
    "規則",
    "イベント番号"};

// Of a canonical URL, whose host holds nothing that could end a directive.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return {};
  return url.substr(0, url.find('/', host + 3));
}

std::string form(const CoachPage& page, const Words& words) {
  using enum CoachRules::Words;
  std::string out = "<form method=\"post\" action=\"/coach/" + page.id +
                    "\" accept-charset=\"utf-8\"><input type=\"hidden\" name=\"form\" value=\"" +
                    page.id + "\">";
  if (page.rules.justification != none) {
    const bool needed = page.rules.justification == required;
    out += "<label>" + std::string(needed ? words.why : words.optional) +
           "<br><input type=\"text\" name=\"why\" maxlength=\"" +
           std::to_string(kLongestJustification) + "\" autocomplete=\"off\"" +
           (needed ? " required" : "") + "></label>";
  }
  out += "<p><button>" + std::string(words.go_on) + "</button></p></form>";
  return out + "<p><a href=\"about:blank\">" + std::string(words.back) + "</a></p>";
}

}  // namespace

Page render_coach(const CoachPage& page, std::string_view accept_language,
                  const NoticeSettings& notice) {
  const Language language = language_for(accept_language);
  const Words& words = language == Language::english ? kEnglish : kJapanese;
  Page out;
  out.body = page_begin(language, words.title, "asks");
  out.body += "<p>" + std::string(words.text) + "</p>";
  if (!page.warning.words.empty()) out.body += "<p>" + escape_html(page.warning.words) + "</p>";
  if (page.words_missing) {
    out.body += "<p role=\"alert\"><b>" + std::string(words.missing) + "</b></p>";
  }
  out.body += form(page, words) + "<dl>";
  page_row(out.body, words.address, shortened(page.warning.url));
  page_row(out.body, words.reason, shortened(page.warning.detail));
  page_row(out.body, words.rule, shortened(page.warning.rule));
  page_row(out.body, words.event, page.warning.event_id, "id");
  out.body += "</dl>" + page_end(language, notice);
  finish_portal_page(out, page.words_missing ? 400 : 200, origin_of(page.warning.url));
  return out;
}

}  // namespace weir
