#include "proxy/refusal.h"

#include <gtest/gtest.h>

#include "proxy/refusal_texts.h"

namespace weir {
namespace {

constexpr std::string_view kBrowser = "text/html,application/xhtml+xml,*/*;q=0.8";

Refusal sample() {
  Refusal refusal{.kind = RefusalKind::malicious, .status = 403};
  refusal.verdict = Verdict::malicious;
  refusal.rule = "block-malware";
  refusal.threat = "Eicar-Test-Signature";
  refusal.url = "https://evil.test/eicar.com";
  refusal.event_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  return refusal;
}

TEST(Refusal, FormFollowsAccept) {
  const struct {
    const char* accept;
    const char* type;
  } cases[] = {
      {"", "text/plain; charset=utf-8"},
      {"*/*", "text/plain; charset=utf-8"},
      {"text/html", "text/html; charset=utf-8"},
      {"text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"},
      {"application/json", "application/json"},
      {"application/json;q=0.5, text/html;q=0.4", "application/json"},
      {"application/json;q=0.3, text/html;q=0.4", "text/html; charset=utf-8"},
      {"image/avif,image/webp,*/*", "text/plain; charset=utf-8"},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(render_refusal(sample(), row.accept, "", {}).head.fields.get("content-type"),
              row.type)
        << row.accept;
  }
}

TEST(Refusal, LanguageFollowsAcceptLanguage) {
  const struct {
    const char* languages;
    const char* want;
  } cases[] = {
      {"", "<html lang=\"en\">"},
      {"ja", "<html lang=\"ja\">"},
      {"ja-JP,ja;q=0.9,en;q=0.8", "<html lang=\"ja\">"},
      {"en-US,en;q=0.9,ja;q=0.8", "<html lang=\"en\">"},
      {"fr, de;q=0.5", "<html lang=\"en\">"},
  };
  for (const auto& row : cases) {
    const Page page = render_refusal(sample(), kBrowser, row.languages, {});
    EXPECT_NE(page.body.find(row.want), std::string::npos) << row.languages;
    EXPECT_NE(page.body.find("01ARZ3NDEKTSV4RRFFQ69G5FAV"), std::string::npos);
    EXPECT_NE(page.body.find("Eicar-Test-Signature"), std::string::npos);
  }
}

TEST(Refusal, FieldsTellPrograms) {
  Refusal refusal = sample();
  refusal.kind = RefusalKind::uninspectable;
  refusal.verdict = Verdict::uninspectable;
  refusal.reason = Reason::encrypted;
  const Page page = render_refusal(refusal, "", "", {});
  const Fields& fields = page.head.fields;
  EXPECT_EQ(fields.get("x-weir-action"), "block");
  EXPECT_EQ(fields.get("x-weir-verdict"), "uninspectable");
  EXPECT_EQ(fields.get("x-weir-reason"), "encrypted");
  EXPECT_EQ(fields.get("x-weir-rule"), "block-malware");
  EXPECT_EQ(fields.get("x-weir-event"), refusal.event_id);
  EXPECT_EQ(fields.get("cache-control"), "no-store");
  EXPECT_EQ(page.head.framing, (Framing{Framing::Kind::length, page.body.size()}));
  EXPECT_NE(page.body.find("protected by a password"), std::string::npos);
}

TEST(Refusal, HostileTextCannotBreakOut) {
  Refusal refusal = sample();
  const std::string hostile = "\"><script>alert(1)</script>\r\nX-Evil: 1\n\x1b[31m'&";
  refusal.url = hostile;
  refusal.rule = hostile;
  refusal.threat = hostile;
  refusal.detail = hostile;
  refusal.rule_words = hostile;
  const Page html = render_refusal(refusal, kBrowser, "", {});
  EXPECT_EQ(html.body.find("<script"), std::string::npos);
  for (const Field& field : html.head.fields) {
    EXPECT_EQ(field.value.find_first_of("\r\n\x1b"), std::string::npos) << field.name;
  }
  const Page text = render_refusal(refusal, "", "", {});
  EXPECT_EQ(text.body.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.body.find("\r\nX-Evil"), std::string::npos);
  const Page json = render_refusal(refusal, "application/json", "", {});
  EXPECT_EQ(json.body.find('\x1b'), std::string::npos);
}

TEST(Refusal, EveryKindHasWordsInBothLanguages) {
  for (int i = 0; i <= static_cast<int>(RefusalKind::internal); ++i) {
    const auto kind = static_cast<RefusalKind>(i);
    EXPECT_FALSE(refusal_word(kind).empty());
    for (const Language language : {Language::english, Language::japanese}) {
      EXPECT_FALSE(refusal_text(kind, language).title.empty());
      EXPECT_FALSE(refusal_text(kind, language).why.empty());
      EXPECT_FALSE(refusal_text(kind, language).next.empty());
    }
  }
  for (int i = 1; i <= static_cast<int>(Reason::engine_down); ++i) {
    EXPECT_FALSE(reason_text(static_cast<Reason>(i), Language::english).empty()) << i;
    EXPECT_FALSE(reason_text(static_cast<Reason>(i), Language::japanese).empty()) << i;
  }
}

TEST(Refusal, ErrorsBecomeStatuses) {
  const struct {
    Errc code;
    Fault fault;
    int status;
  } cases[] = {
      {Errc::dns_failure, Fault::origin, 502}, {Errc::refused, Fault::origin, 502},
      {Errc::timeout, Fault::origin, 504},     {Errc::address_denied, Fault::local, 403},
      {Errc::malformed, Fault::origin, 502},   {Errc::malformed, Fault::client, 400},
      {Errc::too_large, Fault::client, 431},   {Errc::busy, Fault::local, 503},
      {Errc::no_space, Fault::local, 503},     {Errc::internal, Fault::local, 500},
      {Errc::truncated, Fault::origin, 502},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(refusal_for(Error{row.code, row.fault, false, "x"}).status, row.status)
        << errc_name(row.code);
  }
  const Refusal expired =
      refusal_for(Error{Errc::tls_certificate, Fault::origin, false, "expired: since 2020"});
  EXPECT_EQ(expired.reason_word, "expired");
  EXPECT_EQ(expired.action, "block");
}

TEST(Refusal, AuthenticationAsks) {
  Refusal refusal{.kind = RefusalKind::authentication, .status = 407};
  refusal.authenticate_realm = "we\"ir";
  EXPECT_EQ(render_refusal(refusal, "", "", {}).head.fields.get("proxy-authenticate"),
            "Basic realm=\"weir\", charset=\"UTF-8\"");
}

}  // namespace
}  // namespace weir
