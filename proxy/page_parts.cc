#include "proxy/page_parts.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/escape.h"
#include "core/http_message.h"

namespace weir {
namespace {

struct Weighted {
  std::string_view value;
  int weight;  // thousandths, RFC 9110 12.4.2
};

std::vector<Weighted> weighted_list(std::string_view field) {
  std::vector<Weighted> list;
  while (!field.empty() && list.size() < 32) {
    const auto comma = field.find(',');
    const std::string_view item = field.substr(0, comma);
    field = comma == std::string_view::npos ? "" : field.substr(comma + 1);
    const auto semicolon = item.find(';');
    int weight = 1000;
    if (const auto q =
            item.find("q=", semicolon == std::string_view::npos ? item.size() : semicolon);
        q != std::string_view::npos) {
      double value = 1;
      std::from_chars(item.data() + q + 2, item.data() + item.size(), value);
      weight = static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000);
    }
    list.push_back({trim(item.substr(0, semicolon)), weight});
  }
  return list;
}

int weight_of(const std::vector<Weighted>& list, std::string_view prefix) {
  int best = 0;
  for (const Weighted& item : list) {
    if (equals_ignore_case(item.value.substr(0, prefix.size()), prefix)) {
      best = std::max(best, item.weight);
    }
  }
  return best;
}

constexpr std::string_view kStyle =
    "*{box-sizing:border-box}body{margin:0;background:#f4f6f8;color:#1d2733;font:17px/1.6 "
    "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK JP',sans-serif}main{max-width:"
    "44rem;margin:8vh auto;padding:2.2rem;background:#fff;border-top:6px solid #b3261e;"
    "border-radius:6px;box-shadow:0 2px 14px rgba(20,30,40,.12)}main.error{border-color:#8a6d00}"
    "main.asks{border-color:#0b57a4}main.good{border-color:#1e7d3a}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}dl{display:grid;grid-template-columns:"
    "max-content 1fr;gap:.35rem 1.2rem;margin:1.6rem 0;font-size:.95rem}dt{color:#5a6876}dd{margin:"
    "0;overflow-wrap:anywhere}.id{font-family:ui-monospace,monospace;user-select:all}footer{margin-"
    "top:1.6rem;padding-top:1rem;border-top:1px solid #e3e8ed;color:#5a6876;font-size:.95rem}"
    ".button,button{display:inline-block;padding:.55rem "
    "1.3rem;border:0;border-radius:4px;background:#0b57a4;"
    "color:#fff;font:inherit;text-decoration:none;cursor:pointer}input{font:inherit;padding:.45rem "
    ".6rem;border:1px solid #8894a0;border-radius:4px;width:min(100%,22rem);margin:.2rem 0 .8rem}"
    "label{display:block}.said{padding:.6rem .9rem;background:#fdecea;border-left:4px solid "
    "#b3261e}.goes{padding:.6rem .9rem;background:#e8f1fb;border-left:4px solid #0b57a4}"
    "@media(max-width:34rem){main{margin:0;min-height:100vh;border-radius:0}dl{display:block}dd{"
    "margin-bottom:.6rem}}";

}  // namespace

PageForm page_form_for(std::string_view accept) {
  const auto list = weighted_list(accept);
  const int html = std::max(weight_of(list, "text/html"), weight_of(list, "application/xhtml"));
  const int json =
      std::max(weight_of(list, "application/json"), weight_of(list, "application/problem+json"));
  if (html == 0 && json == 0) return PageForm::text;
  return json > html ? PageForm::json : PageForm::html;
}

Language language_for(std::string_view accept_language) {
  const auto list = weighted_list(accept_language);
  return weight_of(list, "ja") > weight_of(list, "en") ? Language::japanese : Language::english;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 300;
  std::string out = escape_for_log(text, kMost);
  return out;
}

std::string shortened_name(std::string_view name) { return escape_for_terminal(name, 300); }

std::string page_begin(Language language, std::string_view title, std::string_view css_class,
                       std::string_view more_head) {
  std::string out = "<!doctype html>\n<html lang=\"";
  out += language == Language::english ? "en" : "ja";
  out +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"robots\" content=\"noindex\"><title>";
  out += std::string(title) + "</title><style>" + std::string(kStyle) + "</style>";
  out += std::string(more_head) + "</head><body><main";
  if (!css_class.empty()) out += " class=\"" + std::string(css_class) + "\"";
  return out + "><h1>" + std::string(title) + "</h1>";
}

void page_row(std::string& out, std::string_view label, std::string_view value,
              std::string_view css) {
  if (value.empty()) return;
  out += "<dt>" + std::string(label) + "</dt><dd";
  if (!css.empty()) out += " class=\"" + std::string(css) + "\"";
  out += ">" + escape_html(value) + "</dd>";
}

std::string page_end(Language language, const NoticeSettings& notice) {
  const PageLabels& labels = page_labels(language);
  return "<footer>" + std::string(labels.contact) + " " + escape_html(notice.contact) + " (" +
         escape_html(notice.organisation) + "). " + std::string(labels.contact_hint) +
         "</footer></main></body></html>\n";
}

}  // namespace weir
