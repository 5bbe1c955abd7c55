#include "proxy/refusal.h"

#include <algorithm>
#include <array>

#include "core/escape.h"
#include "core/json_writer.h"
#include "proxy/page_parts.h"
#include "proxy/refusal_texts.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 20> kWords = {
    "malicious",   "uninspectable", "policy",
    "address",     "certificate",   "client-certificate",
    "not-tls",     "port",          "misdirected",
    "bad-request", "bad-response",  "authentication",
    "dns",         "unreachable",   "timeout",
    "busy",        "loop",          "warning",
    "held",        "internal"};

// A field value of ours: printable ASCII only, bounded.
std::string field_value(std::string_view text) {
  std::string value;
  for (const char c : text.substr(0, 200)) value += c >= ' ' && c <= '~' ? c : '?';
  return value;
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

std::string button(const std::string& url, std::string_view label) {
  return "<p><a class=\"button\" href=\"" + escape_html(url) + "\">" + std::string(label) +
         "</a></p>";
}

std::string html_body(const Refusal& refusal, Language language, const NoticeSettings& notice) {
  const RefusalText& text = refusal_text(refusal.kind, language);
  const PageLabels& labels = page_labels(language);
  std::string out = page_begin(language, text.title, refusal.action == "error" ? "error" : "");
  out += "<p>" + why_text(refusal, language) + "</p>";
  if (!refusal.rule_words.empty()) out += "<p>" + escape_html(refusal.rule_words) + "</p>";
  const bool locked = !refusal.unlock_url.empty();
  out += "<p>" + std::string(locked ? labels.unlock_hint : text.next) + "</p>";
  if (locked) out += button(refusal.unlock_url, labels.unlock);
  if (!refusal.coach_url.empty()) out += button(refusal.coach_url, labels.coach);
  out += "<dl>";
  page_row(out, labels.address, shortened(refusal.url));
  const bool unseen = refusal.verdict == Verdict::uninspectable;
  page_row(out, unseen ? labels.format : labels.threat, shortened(refusal.threat));
  page_row(out, labels.detail, shortened(refusal.detail));
  page_row(out, labels.rule, shortened(refusal.rule));
  page_row(out, labels.event, refusal.event_id, "id");
  return out + "</dl>" + page_end(language, notice);
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
  if (!refusal.unlock_url.empty()) json.member("unlock", refusal.unlock_url);
  if (!refusal.coach_url.empty()) json.member("coach", refusal.coach_url);
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
  line("unlock", refusal.unlock_url);
  line("go on", refusal.coach_url);
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
  const PageForm form = page_form_for(accept);
  const Language language = language_for(accept_language);
  Page page;
  ResponseHead& head = page.head;
  head.status = refusal.status;
  switch (form) {
    case PageForm::html:
      page.body = html_body(refusal, language, notice);
      head.fields.add("content-type", "text/html; charset=utf-8");
      head.fields.add("content-security-policy",
                      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
      break;
    case PageForm::json:
      page.body = json_body(refusal);
      head.fields.add("content-type", "application/json");
      break;
    case PageForm::text:
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

Refusal not_taking_requests() {
  return {.kind = RefusalKind::busy,
          .status = 503,
          .action = "error",
          .detail = "the gateway is not taking new requests",
          .retry_after_seconds = 5};
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
