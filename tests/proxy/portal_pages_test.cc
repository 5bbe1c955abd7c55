#include "proxy/portal_pages.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Phase = KeptState::Phase;

UnlockPage page_in(Phase phase, unsigned left) {
  UnlockPage page;
  page.id = "0123";
  page.view.name = "<b>請求書\x1b[2J.zip";
  page.view.event_id = "01EVENT";
  page.view.format = "zip-aes256";
  page.view.size = 20'000;
  page.view.state.phase = phase;
  page.view.state.form_token = "TOKEN";
  page.tries_left = left;
  return page;
}

std::string body_of(Phase phase, unsigned left, std::string_view language = "en") {
  return render_unlock(page_in(phase, left), language, {}).body;
}

bool has(const std::string& body, std::string_view part) {
  return body.find(part) != std::string::npos;
}

TEST(PortalPages, AskWhileTriesAreLeft) {
  struct Row {
    Phase phase;
    unsigned left;
    bool form, file;
    std::string_view says;
  };
  const Row rows[] = {
      {Phase::asked, 3, true, false, "is locked with a password"},
      {Phase::wrong, 2, true, false, "does not open it"},
      {Phase::wrong, 0, false, false, "no tries left"},
      {Phase::more_locks, 1, true, false, "Enter both passwords"},
      {Phase::failed, 1, true, false, "did not come to an end"},
      {Phase::failed, 0, false, false, "no tries left"},
      {Phase::opened, 0, false, true, "starts by itself"},
      {Phase::refused, 2, false, false, "stays blocked"},
  };
  for (const Row& row : rows) {
    const std::string body = body_of(row.phase, row.left);
    EXPECT_EQ(has(body, "value=\"TOKEN\""), row.form) << row.says;
    EXPECT_EQ(has(body, "/unlock/0123/file"), row.file) << row.says;
    EXPECT_TRUE(has(body, row.says)) << body;
    EXPECT_TRUE(has(body, "01EVENT"));
  }
}

TEST(PortalPages, ShowHostileNamesHarmlessly) {
  const std::string body = body_of(Phase::asked, 3);
  EXPECT_TRUE(has(body, "&lt;b&gt;請求書"));
  EXPECT_FALSE(has(body, "<b>"));
  EXPECT_FALSE(has(body, "\x1b"));
  EXPECT_TRUE(has(body, "19 KiB"));
}

TEST(PortalPages, SpeakJapanese) {
  EXPECT_TRUE(has(body_of(Phase::asked, 3, "ja,en;q=0.5"), "パスワードで保護されています"));
  EXPECT_TRUE(has(render_notice(PortalNotice::unknown, "ja", {}).body, "もうここにありません"));
}

TEST(PortalPages, CannotBeFramedOrKept) {
  for (const auto& page : {render_unlock(page_in(Phase::asked, 3), "en", {}),
                           render_notice(PortalNotice::stale, "en", {})}) {
    EXPECT_EQ(page.head.fields.get("x-frame-options"), "DENY");
    EXPECT_EQ(page.head.fields.get("cache-control"), "no-store");
    EXPECT_TRUE(has(std::string(page.head.fields.get("content-security-policy")),
                    "frame-ancestors 'none'"));
  }
}

TEST(PortalPages, NoticesHaveTheirStatus) {
  const std::pair<PortalNotice, int> rows[] = {
      {PortalNotice::home, 200},      {PortalNotice::unknown, 404},  {PortalNotice::busy, 409},
      {PortalNotice::stale, 403},     {PortalNotice::too_fast, 429}, {PortalNotice::bad_form, 400},
      {PortalNotice::bad_method, 405}};
  for (const auto& [what, status] : rows) {
    EXPECT_EQ(render_notice(what, "en", {}).head.status, status);
  }
  EXPECT_EQ(render_notice(PortalNotice::too_fast, "en", {}).head.fields.get("retry-after"), "60");
}

}  // namespace
}  // namespace weir
