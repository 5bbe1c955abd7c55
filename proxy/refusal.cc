#include "proxy/refusal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "core/escape.h"
#include "core/json_writer.h"
#include "proxy/refusal_texts.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 18> kWords = {
    "malicious",   "uninspectable", "policy",
    "address",     "certificate",   "client-certificate",
    "not-tls",     "port",          "misdirected",
    "bad-request", "bad-response",  "authentication",
    "dns",         "unreachable",   "timeout",
    "busy",        "loop",          "internal"};

enum class Form : std::uint8_t { html, json, text };

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

Form form_for(std::string_view accept) {
  const auto list = weighted_list(accept);
  const int html = std::max(weight_of(list, "text/html"), weight_of(list, "application/xhtml"));
  const int json =
      std::max(weight_of(list, "application/json"), weight_of(list, "application/problem+json"));
  if (html == 0 && json == 0) return Form::text;
  return json > html ? Form::json : Form::html;
}

Language language_for(std::string_view accept_language) {
  const auto list = weighted_list(accept_language);
  return weight_of(list, "ja") > weight_of(list, "en") ? Language::japanese : Language::english;
}

// A field value of ours: printable ASCII only, bounded.
std::string field_value(std::string_view text) {
  std::string value;
  for (const char c : text.substr(0, 200)) value += c >= ' ' && c <= '~' ? c : '?';
  return value;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 300;
  std::string out = escape_for_log(text, kMost);
  return out;
}

std::string reason_word(const Refusal& refusal) {
  if (!refusal.reason_word.empty()) return refusal.reason_word;
  if (refusal.reason != Reason::none) return std::string(reason_name(refusal.reason));
  return std::string(refusal_word(refusal.kind));
}

std::string why_text(const Refusal& refusal, Language language) {
  std::string why(refusal_text(refusal.kind, language).why);
  const std::string_view reason = reason_text(refusal.reason, language);
  if (reason.empty()) return why;
  return language == Language::english ? why + " The reason: " + std::string(reason) + "."
                                       : why + "理由: " + std::string(reason) + "。";
}

constexpr std::string_view kStyle =
    "*{box-sizing:border-box}body{margin:0;background:#f4f6f8;color:#1d2733;font:17px/1.6 "
    "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK JP',sans-serif}main{max-width:"
    "44rem;margin:8vh auto;padding:2.2rem;background:#fff;border-top:6px solid #b3261e;"
    "border-radius:6px;box-shadow:0 2px 14px rgba(20,30,40,.12)}main.error{border-color:#8a6d00}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}dl{display:grid;grid-template-columns:"
    "max-content 1fr;gap:.35rem 1.2rem;margin:1.6rem 0;font-size:.95rem}dt{color:#5a6876}dd{margin:"
    "0;overflow-wrap:anywhere}.id{font-family:ui-monospace,monospace;user-select:all}footer{margin-"
    "top:1.6rem;padding-top:1rem;border-top:1px solid #e3e8ed;color:#5a6876;font-size:.95rem}"
    "@media(max-width:34rem){main{margin:0;min-height:100vh;border-radius:0}dl{display:block}dd{"
    "margin-bottom:.6rem}}";

void row(std::string& out, std::string_view label, std::string_view value,
         std::string_view css = {}) {
  if (value.empty()) return;
  out += "<dt>" + std::string(label) + "</dt><dd";
  if (!css.empty()) out += " class=\"" + std::string(css) + "\"";
  out += ">" + escape_html(value) + "</dd>";
}

std::string html_body(const Refusal& refusal, Language language, const NoticeSettings& notice) {
  const RefusalText& text = refusal_text(refusal.kind, language);
  const PageLabels& labels = page_labels(language);
  std::string out = "<!doctype html>\n<html lang=\"";
  out += language == Language::english ? "en" : "ja";
  out +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"robots\" content=\"noindex\"><title>";
  out +=
      std::string(text.title) + "</title><style>" + std::string(kStyle) + "</style></head><body>";
  out += refusal.action == "block" ? "<main>" : "<main class=\"error\">";
  out += "<h1>" + std::string(text.title) + "</h1><p>" + why_text(refusal, language) + "</p>";
  if (!refusal.rule_words.empty()) out += "<p>" + escape_html(refusal.rule_words) + "</p>";
  out += "<p>" + std::string(text.next) + "</p><dl>";
  row(out, labels.address, shortened(refusal.url));
  row(out, labels.threat, shortened(refusal.threat));
  row(out, labels.detail, shortened(refusal.detail));
  row(out, labels.rule, shortened(refusal.rule));
  row(out, labels.event, refusal.event_id, "id");
  out += "</dl><footer>" + std::string(labels.contact) + " " + escape_html(notice.contact) + " (" +
         escape_html(notice.organisation) + "). " + std::string(labels.contact_hint) +
         "</footer></main></body></html>\n";
  return out;
}

std::string json_body(const Refusal& refusal) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("action", refusal.action);
  json.member("status", refusal.status);
  json.member("title", refusal_text(refusal.kind, Language::english).title);
  json.member("explanation", why_text(refusal, Language::english));
  json.member("kind", refusal_word(refusal.kind));
  json.member("verdict", verdict_name(refusal.verdict));
  json.member("reason", reason_word(refusal));
  json.member("rule", refusal.rule);
  json.member("threat", shortened(refusal.threat));
  json.member("detail", shortened(refusal.detail));
  json.member("url", shortened(refusal.url));
  json.member("event", refusal.event_id);
  json.end_object();
  return out + "\n";
}

std::string text_body(const Refusal& refusal, const NoticeSettings& notice) {
  const RefusalText& text = refusal_text(refusal.kind, Language::english);
  std::string out =
      "weir: " + std::string(text.title) + "\n\n" + why_text(refusal, Language::english) + "\n";
  if (!refusal.rule_words.empty()) out += escape_for_log(refusal.rule_words) + "\n";
  out += std::string(text.next) + "\n\n";
  const auto line = [&out](std::string_view label, const std::string& value) {
    if (!value.empty()) out += std::string(label) + ": " + value + "\n";
  };
  line("address", shortened(refusal.url));
  line("threat", shortened(refusal.threat));
  line("reason", reason_word(refusal));
  line("detail", shortened(refusal.detail));
  line("rule", shortened(refusal.rule));
  line("event", refusal.event_id);
  line("questions", notice.contact);
  return out;
}

struct Mapping {
  Errc code;
  RefusalKind kind;
  int status;
};

constexpr std::array<Mapping, 15> kErrors = {{
    {Errc::dns_failure, RefusalKind::dns, 502},
    {Errc::refused, RefusalKind::unreachable, 502},
    {Errc::unreachable, RefusalKind::unreachable, 502},
    {Errc::tls_handshake, RefusalKind::unreachable, 502},
    {Errc::closed, RefusalKind::bad_response, 502},
    {Errc::truncated, RefusalKind::bad_response, 502},
    {Errc::malformed, RefusalKind::bad_response, 502},
    {Errc::unsupported, RefusalKind::bad_response, 502},
    {Errc::too_large, RefusalKind::bad_response, 502},
    {Errc::timeout, RefusalKind::timeout, 504},
    {Errc::address_denied, RefusalKind::address, 403},
    {Errc::tls_certificate, RefusalKind::certificate, 502},
    {Errc::client_certificate_wanted, RefusalKind::client_certificate, 502},
    {Errc::busy, RefusalKind::busy, 503},
    {Errc::no_space, RefusalKind::busy, 503},
}};

}  // namespace

std::string_view refusal_word(RefusalKind kind) { return kWords[static_cast<std::size_t>(kind)]; }

Page render_refusal(const Refusal& refusal, std::string_view accept,
                    std::string_view accept_language, const NoticeSettings& notice) {
  const Form form = form_for(accept);
  const Language language = language_for(accept_language);
  Page page;
  ResponseHead& head = page.head;
  head.status = refusal.status;
  switch (form) {
    case Form::html:
      page.body = html_body(refusal, language, notice);
      head.fields.add("content-type", "text/html; charset=utf-8");
      head.fields.add("content-security-policy",
                      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
      break;
    case Form::json:
      page.body = json_body(refusal);
      head.fields.add("content-type", "application/json");
      break;
    case Form::text:
      page.body = text_body(refusal, notice);
      head.fields.add("content-type", "text/plain; charset=utf-8");
      break;
  }
  head.fields.add("cache-control", "no-store");
  head.fields.add("x-content-type-options", "nosniff");
  head.fields.add("vary", "Accept, Accept-Language");
  head.fields.add("x-weir-action", field_value(refusal.action));
  head.fields.add("x-weir-verdict", std::string(verdict_name(refusal.verdict)));
  head.fields.add("x-weir-reason", field_value(reason_word(refusal)));
  head.fields.add("x-weir-rule", field_value(refusal.rule));
  head.fields.add("x-weir-event", field_value(refusal.event_id));
  if (refusal.retry_after_seconds > 0) {
    head.fields.add("retry-after", std::to_string(refusal.retry_after_seconds));
  }
  if (refusal.kind == RefusalKind::authentication) {
    std::string realm = field_value(refusal.authenticate_realm);
    std::erase_if(realm, [](char c) { return c == '"' || c == '\\'; });
    head.fields.add("proxy-authenticate", "Basic realm=\"" + realm + "\", charset=\"UTF-8\"");
  }
  head.framing = {Framing::Kind::length, page.body.size()};
  return page;
}

Refusal refusal_for(const Error& error) {
  Refusal refusal{.kind = RefusalKind::internal, .status = 500, .action = "error"};
  refusal.detail = error.what;
  for (const Mapping& mapping : kErrors) {
    if (mapping.code != error.code) continue;
    refusal.kind = mapping.kind;
    refusal.status = mapping.status;
  }
  if (error.fault == Fault::client &&
      (error.code == Errc::malformed || error.code == Errc::unsupported ||
       error.code == Errc::invalid || error.code == Errc::too_large)) {
    refusal.kind = RefusalKind::bad_request;
    refusal.status = error.code == Errc::too_large ? 431 : 400;
  }
  if (error.code == Errc::address_denied) refusal.action = "block";
  if (error.code == Errc::tls_certificate) {
    refusal.action = "block";
    refusal.reason_word = error.what.substr(0, error.what.find(':'));
  }
  if (refusal.status == 503) refusal.retry_after_seconds = 5;
  return refusal;
}

}  // namespace weir
