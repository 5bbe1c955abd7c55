#include "proxy/wait_page.h"

#include "core/escape.h"
#include "proxy/page_parts.h"
#include "proxy/portal_pages.h"

namespace weir {
namespace {

using Phase = KeptState::Phase;
using std::chrono::duration_cast;
using std::chrono::seconds;

// One stream for as long as it takes; when it ends for good the page is loaded again, and says why.
constexpr std::string_view kScript =
    "(()=>{const s=new EventSource(location.pathname+'/events');"
    "const t=document.getElementById('t');"
    "s.onmessage=m=>{t.textContent=m.data};"
    "s.addEventListener('done',()=>{s.close();location.reload()});"
    "s.onerror=()=>{if(s.readyState===2)setTimeout(()=>location.reload(),5000)};"
    "})()";

struct Words {
  std::string_view title, text;
};
struct Texts {
  Words waiting, opened, refused, unanswered;
  std::string_view keep, save, file, size, from, threat, reason, rule, event;
};

constexpr Texts kEnglish{
    {"This file is being checked",
     "Nobody here has had this file before. It runs in a sandbox, where it can harm nobody, before "
     "it may reach your computer. The download starts by itself when that is done."},
    {"The file was checked", "Nothing harmful was seen. The download starts by itself."},
    {"The file stays blocked",
     "It was run in a sandbox, and what it did there is not harmless. Nothing of it was "
     "delivered."},
    {"The file could not be checked",
     "The sandbox did not come to an end in the time that there is for it. Nothing of the file was "
     "delivered. Download it again in a few minutes."},
    "You can close this page and come back to it.",
    "Save the file",
    "File",
    "Size",
    "From",
    "Threat",
    "Reason",
    "Rule",
    "Event number"};
constexpr Texts kJapanese{
    {"このファイルを検査しています",
     "このファイルはまだ誰も受け取ったことがありません。お使いの端末に届く前に、安全なサンドボック"
     "ス"
     "で実行して確認します。完了すると、ダウンロードは自動的に始まります。"},
    {"ファイルを検査しました",
     "有害な動作は見られませんでした。ダウンロードは自動的に始まります。"},
    {"ファイルはブロックされました",
     "サンドボックスで実行したところ、有害な動作が見られました。内容は一切配信されていません。"},
    {"ファイルを検査できませんでした",
     "制限時間内にサンドボックスの結果が出ませんでした。内容は一切配信されていません。数分後にもう"
     "一度ダウンロードしてください。"},
    "このページは閉じても、後で開き直すことができます。",
    "ファイルを保存する",
    "ファイル",
    "サイズ",
    "取得元",
    "脅威",
    "理由",
    "規則",
    "イベント番号"};

const Words& words_of(const KeptState& state, const Texts& texts) {
  switch (state.phase) {
    case Phase::waiting: return texts.waiting;
    case Phase::opened: return texts.opened;
    default: return state.verdict == Verdict::uninspectable ? texts.unanswered : texts.refused;
  }
}

std::string head_of(Phase phase, const std::string& file) {
  if (phase == Phase::opened) {
    return "<meta http-equiv=\"refresh\" content=\"1;url=" + file + "\">";
  }
  if (phase != Phase::waiting) return {};
  return "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>";
}

}  // namespace

std::string wait_text(Duration elapsed, Duration usual, std::string_view accept_language) {
  const auto so_far = std::to_string(duration_cast<seconds>(elapsed).count());
  const auto often = std::to_string(duration_cast<seconds>(usual).count() + 1);
  const bool known = usual > Duration::zero();
  if (language_for(accept_language) == Language::english) {
    const std::string text = "Checked for " + so_far + " s so far";
    return known ? text + "; files like this usually take about " + often + " s." : text + ".";
  }
  const std::string text = "経過時間: " + so_far + "秒";
  return known ? text + "（このようなファイルは通常約" + often + "秒）" : text;
}

Page render_wait(const WaitPage& page, std::string_view accept_language,
                 const NoticeSettings& notice) {
  const Language language = language_for(accept_language);
  const Texts& texts = language == Language::english ? kEnglish : kJapanese;
  const KeptState& state = page.view.state;
  const Words& words = words_of(state, texts);
  const std::string file = "/wait/" + page.id + "/file";
  const bool waiting = state.phase == Phase::waiting;
  const std::string_view style = waiting ? "asks" : state.phase == Phase::opened ? "good" : "";
  Page out;
  out.body = page_begin(language, words.title, style, head_of(state.phase, file));
  out.body += "<p>" + std::string(words.text) + "</p>";
  if (waiting) {
    const Duration usual = page.view.under_way ? page.view.under_way->usual() : Duration{};
    out.body += "<p class=\"goes\" id=\"t\" role=\"status\">" +
                wait_text(page.elapsed, usual, accept_language) + "</p><p>" +
                std::string(texts.keep) + "</p>";
  }
  if (state.phase == Phase::opened) {
    out.body +=
        "<p><a class=\"button\" href=\"" + file + "\">" + std::string(texts.save) + "</a></p>";
  }
  if (!state.rule_words.empty()) out.body += "<p>" + escape_html(state.rule_words) + "</p>";
  out.body += "<dl>";
  page_row(out.body, texts.file, shortened_name(page.view.name));
  page_row(out.body, texts.size, size_text(page.view.size));
  page_row(out.body, texts.from, shortened(page.view.from));
  page_row(out.body, texts.threat, shortened(state.threat));
  page_row(out.body, texts.reason, reason_text(state.reason, language));
  page_row(out.body, texts.rule, shortened(state.rule));
  page_row(out.body, texts.event, page.view.event_id, "id");
  out.body += "</dl>";
  if (waiting) out.body += "<script>" + std::string(kScript) + "</script>";
  out.body += page_end(language, notice);
  finish_portal_page(out, 200, {}, waiting ? kScript : std::string_view{});
  return out;
}

}  // namespace weir
