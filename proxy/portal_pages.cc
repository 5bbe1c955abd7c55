#include "proxy/portal_pages.h"

#include <array>

#include "core/base64.h"
#include "core/digest.h"
#include "core/escape.h"
#include "proxy/page_parts.h"

namespace weir {
namespace {

using Phase = KeptState::Phase;

struct Words {
  std::string_view title, text;
};

struct Both {
  Words english, japanese;
  const Words& in(Language language) const {
    return language == Language::english ? english : japanese;
  }
};

// In the order of KeptState::Phase.
constexpr std::array<Both, 6> kPhases = {{
    {{"This file is locked with a password",
      "The gateway must look inside before the file reaches your computer. Enter the password that "
      "came with the file: it is used to open the file here, once, and is neither stored nor "
      "logged."},
     {"このファイルはパスワードで保護されています",
      "お使いの端末に届く前に、ゲートウェイが中身を検査する必要があります。ファイルに添えられたパス"
      "ワードを"
      "入力してください。パスワードはここでファイルを開くために一度だけ使われ、保存も記録もされませ"
      "ん。"}},
    {{"This password does not open it",
      "The file could not be opened with this password. Check capital letters and spaces."},
     {"パスワードが違います",
      "このパスワードではファイルを開けませんでした。大文字・小文字や空白をご確認ください。"}},
    {{"There is another lock inside",
      "The password opened the file, but a file inside it is locked too. Enter both passwords."},
     {"中にもう一つ保護されたファイルがあります",
      "ファイルは開きましたが、中のファイルも保護されています。両方のパスワードを入力してください"
      "。"}},
    {{"The check did not come to an end",
      "The file could not be checked in the time that there is for it. You can try once more."},
     {"検査が完了しませんでした",
      "決められた時間内に検査が終わりませんでした。もう一度お試しください。"}},
    {{"The file was opened and checked",
      "Nothing harmful was found in it. The download starts by itself."},
     {"ファイルを開いて検査しました",
      "有害なものは見つかりませんでした。ダウンロードは自動的に始まります。"}},
    {{"The file was opened and stays blocked",
      "The password was right. What is inside may not pass the gateway; nothing of it was "
      "delivered."},
     {"ファイルは開きましたが、ブロックされました",
      "パスワードは正しいものでしたが、中身はゲートウェイを通過できません。内容は一切配信されていま"
      "せん。"}},
}};

constexpr Both kSpent = {
    {"The file stays blocked",
     "There are no tries left. Ask the sender for the right password, then download the file "
     "again."},
    {"ファイルはブロックされたままです",
     "これ以上試すことはできません。送信者に正しいパスワードを確認し、もう一度ダウンロードしてくだ"
     "さい。"}};

struct NoticeRow {
  int status;
  Both words;
};

// In the order of PortalNotice.
constexpr std::array<NoticeRow, 8> kNotices = {{
    {200,
     {{"This is the gateway's own site",
       "Locked files are opened here. There is nothing else to see."},
      {"ゲートウェイの専用サイトです", "保護されたファイルはここで開きます。"}}},
    {404,
     {{"This file is not here any more",
       "It waits for its password for a short time only, and only for the computer that asked for "
       "it. Download it again."},
      {"ファイルはもうここにありません",
       "ファイルは短い時間だけ、ダウンロードした端末のために保管されます。もう一度ダウンロードして"
       "ください。"}}},
    {409,
     {{"This file is being opened or fetched just now",
       "Wait a moment, then load this page again."},
      {"このファイルは処理中です", "しばらくしてから、このページを再読み込みしてください。"}}},
    {403,
     {{"This form is not valid any more",
       "It was used before, or did not come from this site. Go back to the page of the file and "
       "load it again."},
      {"このフォームは無効です",
       "すでに使用されたか、このサイトのものではありません。ファイルのページを再読み込みしてくださ"
       "い。"}}},
    {429,
     {{"Too many tries in a short time", "Wait a minute, then try again."},
      {"短時間に試行が多すぎます", "一分ほど待ってから、もう一度お試しください。"}}},
    {400,
     {{"This is not the form of this site", "Go back and load the page of the file again."},
      {"フォームの形式が正しくありません", "ファイルのページを再読み込みしてください。"}}},
    {405,
     {{"This is not how the site is used", "Load the page of the file in a browser."},
      {"この方法では利用できません", "ファイルのページをブラウザで開いてください。"}}},
    {404,
     {{"This warning is over",
       "It waits for an answer for a short time only, and only from the computer that was warned. "
       "Open the address again."},
      {"この警告は終了しました",
       "警告への回答は、警告を受けた端末から短い時間だけ受け付けます。アドレスをもう一度開いてくだ"
       "さい。"}}},
}};

struct FormLabels {
  std::string_view file, size, lock, where, threat, reason, rule, event, password, inner_password,
      open, left, save;
};
constexpr FormLabels kEnglishForm{
    "File",           "Size",         "Lock",         "Inside",   "Threat",
    "Reason",         "Rule",         "Event number", "Password", "Password of the file inside",
    "Open and check", "Tries left: ", "Save the file"};
constexpr FormLabels kJapaneseForm{
    "ファイル",       "サイズ",     "保護の方式",        "中のファイル", "脅威",
    "理由",           "規則",       "イベント番号",      "パスワード",   "中のファイルのパスワード",
    "開いて検査する", "残り回数: ", "ファイルを保存する"};

bool may_try_again(const UnlockPage& page) {
  const Phase phase = page.view.state.phase;
  return page.tries_left > 0 && phase != Phase::opened && phase != Phase::refused;
}

std::string input(std::string_view label, std::string_view name) {
  return "<label>" + std::string(label) + "<br><input type=\"password\" name=\"" +
         std::string(name) +
         "\" maxlength=\"128\" autocomplete=\"off\" spellcheck=\"false\"></label>";
}

std::string form(const UnlockPage& page, const FormLabels& labels) {
  const KeptState& state = page.view.state;
  std::string out = "<form method=\"post\" action=\"/unlock/" + page.id +
                    "\" accept-charset=\"utf-8\"><input type=\"hidden\" name=\"form\" value=\"" +
                    state.form_token + "\">";
  out += input(labels.password, "password");
  if (state.phase == Phase::more_locks) out += input(labels.inner_password, "password");
  out += "<p><button>" + std::string(labels.open) + "</button></p><p>" + std::string(labels.left) +
         std::to_string(page.tries_left) + "</p></form>";
  return out;
}

std::string_view class_of(const UnlockPage& page) {
  if (page.view.state.phase == Phase::opened) return "good";
  return may_try_again(page) ? "asks" : "";
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"bytes", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  while (bytes >= 10'240 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + " " + std::string(kUnits[unit]);
}

Page redirect_to(std::string where) {
  Page page;
  page.head.status = 303;
  page.head.fields.add("location", std::move(where));
  page.head.fields.add("cache-control", "no-store");
  page.head.fields.add("referrer-policy", "no-referrer");
  page.head.framing = {Framing::Kind::length, 0};
  return page;
}

void finish_portal_page(Page& page, int status, std::string_view leads_to,
                        std::string_view script) {
  ResponseHead& head = page.head;
  head.status = status;
  std::string scripts;
  if (!script.empty()) {
    scripts =
        "; script-src 'sha256-" + base64_encode(sha256(as_bytes(script))) + "'; connect-src 'self'";
  }
  head.fields.add("content-type", "text/html; charset=utf-8");
  head.fields.add("content-security-policy",
                  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' " +
                      std::string(leads_to) + "; frame-ancestors 'none'; base-uri 'none'" +
                      scripts);
  head.fields.add("cache-control", "no-store");
  head.fields.add("referrer-policy", "same-origin");
  head.fields.add("x-content-type-options", "nosniff");
  head.fields.add("x-frame-options", "DENY");
  head.fields.add("cross-origin-opener-policy", "same-origin");
  head.fields.add("cross-origin-resource-policy", "same-origin");
  head.fields.add("vary", "Accept-Language");
  head.framing = {Framing::Kind::length, page.body.size()};
}

Page render_unlock(const UnlockPage& page, std::string_view accept_language,
                   const NoticeSettings& notice) {
  const Language language = language_for(accept_language);
  const FormLabels& labels = language == Language::english ? kEnglishForm : kJapaneseForm;
  const KeptState& state = page.view.state;
  const bool open = state.phase == Phase::opened;
  const bool spent = !open && state.phase != Phase::refused && page.tries_left == 0;
  const Both& said = spent ? kSpent : kPhases[static_cast<std::size_t>(state.phase)];
  const std::string file = "/unlock/" + page.id + "/file";
  Page out;
  out.body = page_begin(
      language, said.in(language).title, class_of(page),
      open ? "<meta http-equiv=\"refresh\" content=\"1;url=" + file + "\">" : std::string());
  out.body += "<p>" + std::string(said.in(language).text) + "</p>";
  if (may_try_again(page)) out.body += form(page, labels);
  if (open) {
    out.body +=
        "<p><a class=\"button\" href=\"" + file + "\">" + std::string(labels.save) + "</a></p>";
  }
  if (!state.rule_words.empty()) out.body += "<p>" + escape_html(state.rule_words) + "</p>";
  out.body += "<dl>";
  page_row(out.body, labels.file, shortened_name(page.view.name));
  page_row(out.body, labels.size, size_text(page.view.size));
  page_row(out.body, labels.lock, shortened(page.view.format));
  page_row(out.body, labels.where, shortened_name(state.where));
  page_row(out.body, labels.threat, shortened(state.threat));
  page_row(out.body, labels.reason, reason_text(state.reason, language));
  page_row(out.body, labels.rule, shortened(state.rule));
  page_row(out.body, labels.event, page.view.event_id, "id");
  out.body += "</dl>" + page_end(language, notice);
  finish_portal_page(out, 200);
  return out;
}

Page render_notice(PortalNotice what, std::string_view accept_language,
                   const NoticeSettings& notice) {
  const Language language = language_for(accept_language);
  const NoticeRow& row = kNotices[static_cast<std::size_t>(what)];
  const Words& words = row.words.in(language);
  Page out;
  out.body = page_begin(language, words.title, row.status == 200 ? "asks" : "error") + "<p>" +
             std::string(words.text) + "</p>" + page_end(language, notice);
  finish_portal_page(out, row.status);
  if (what == PortalNotice::too_fast) out.head.fields.add("retry-after", "60");
  if (what == PortalNotice::bad_method) out.head.fields.add("allow", "GET, POST");
  return out;
}

}  // namespace weir
