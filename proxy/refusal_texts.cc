#include "proxy/refusal_texts.h"

#include <array>

namespace weir {
namespace {

struct Pair {
  RefusalKind kind;
  RefusalText english, japanese;
};

// In the order of RefusalKind; checked below.
constexpr std::array<Pair, 20> kTexts = {{
    {RefusalKind::malicious,
     {"This download is harmful",
      "The file was checked before it reached your computer and was recognised as harmful. "
      "Nothing of it was delivered.",
      "Do not try to get it another way. If it came by mail, report that mail."},
     {"このダウンロードは有害です",
      "ファイルがお使いの端末に届く前に検査され、有害と判定されました。内容は一切配信されていません"
      "。",
      "別の方法で入手しようとしないでください。メールで届いた場合は、そのメールを報告してください"
      "。"}},
    {RefusalKind::uninspectable,
     {"This download could not be checked",
      "The gateway could not look inside this file, so nobody can say that it is safe.",
      "Ask the sender for a copy that can be checked, or ask for help with the event number "
      "below."},
     {"このダウンロードは検査できませんでした",
      "ファイルの中身を確認できなかったため、安全とは言えません。",
      "検査できる形で送り直してもらうか、下のイベント番号を添えてお問い合わせください。"}},
    {RefusalKind::policy,
     {"This address is not allowed", "The rules of this network do not allow this address.",
      "If you need it for your work, ask for help with the event number below."},
     {"このアドレスは許可されていません",
      "このネットワークの規則により、このアドレスへのアクセスは許可されていません。",
      "業務に必要な場合は、下のイベント番号を添えてお問い合わせください。"}},
    {RefusalKind::address,
     {"This address leads inside",
      "The name leads to a private or local address, which is not reached through this gateway.",
      "Reach internal sites directly, without the proxy."},
     {"内部のアドレスです",
      "この名前は社内またはローカルのアドレスを指しており、このゲートウェイからは接続できません。",
      "社内サイトにはプロキシを使わず直接接続してください。"}},
    {RefusalKind::certificate,
     {"This site cannot prove who it is",
      "The site's certificate is not valid, so somebody else could be answering in its place.",
      "Try again later. Do not enter passwords on this site. If it must work, ask for help."},
     {"サイトの身元を確認できません",
      "サイトの証明書が正しくないため、なりすましの可能性があります。",
      "時間をおいて再度お試しください。このサイトでパスワードを入力しないでください。"}},
    {RefusalKind::client_certificate,
     {"This site asks for a certificate of yours",
      "The site wants a client certificate, which cannot be used while the connection is "
      "inspected.",
      "An administrator can let this site pass uninspected (the bypass list)."},
     {"クライアント証明書が必要なサイトです",
      "通信を検査している間は、クライアント証明書を使用できません。",
      "管理者がこのサイトを検査対象から外す(バイパス)ことで利用できます。"}},
    {RefusalKind::not_tls,
     {"This is not an encrypted web connection",
      "The program opened a tunnel and spoke something other than TLS.",
      "Only encrypted web traffic may pass here."},
     {"暗号化されたウェブ通信ではありません", "トンネル内で TLS 以外の通信が行われました。",
      "ここでは暗号化されたウェブ通信のみ許可されています。"}},
    {RefusalKind::port,
     {"This port is not allowed", "The rules of this network do not allow this port.",
      "If you need it for your work, ask for help with the event number below."},
     {"このポートは許可されていません",
      "このネットワークの規則により、このポートへの接続は許可されていません。",
      "業務に必要な場合は、下のイベント番号を添えてお問い合わせください。"}},
    {RefusalKind::misdirected,
     {"The names do not agree",
      "The request names another host than the connection was opened for.",
      "Load the page again. If it happens again, ask for help."},
     {"ホスト名が一致しません", "要求されたホストが、接続先のホストと異なります。",
      "ページを再読み込みしてください。繰り返す場合はお問い合わせください。"}},
    {RefusalKind::bad_request,
     {"The request is not well formed",
      "Your program sent a request that breaks the rules of HTTP.",
      "If a browser did this, load the page again."},
     {"要求の形式が正しくありません", "HTTP の規則に反する要求が送信されました。",
      "ブラウザーの場合は、ページを再読み込みしてください。"}},
    {RefusalKind::bad_response,
     {"The site's answer is not well formed",
      "The site sent an answer that breaks the rules of HTTP or broke off, so it was not passed "
      "on.",
      "Try again later."},
     {"サイトの応答が正しくありません",
      "HTTP の規則に反するか、途中で切れた応答だったため、転送されませんでした。",
      "時間をおいて再度お試しください。"}},
    {RefusalKind::authentication,
     {"Please sign in", "This network asks who you are before you can browse.",
      "Enter your user name and password when your browser asks for them."},
     {"サインインが必要です", "このネットワークの利用には認証が必要です。",
      "ブラウザーの画面でユーザー名とパスワードを入力してください。"}},
    {RefusalKind::dns,
     {"This name cannot be found", "There is no such site, or its name server does not answer.",
      "Check the spelling of the address."},
     {"サイトが見つかりません", "サイトが存在しないか、ネームサーバーが応答しません。",
      "アドレスの綴りを確認してください。"}},
    {RefusalKind::unreachable,
     {"The site cannot be reached", "The site refuses the connection or is not there.",
      "Try again later."},
     {"サイトに接続できません", "サイトが接続を拒否したか、停止しています。",
      "時間をおいて再度お試しください。"}},
    {RefusalKind::timeout,
     {"The site does not answer", "The site took too long to answer.", "Try again later."},
     {"サイトが応答しません", "サイトの応答に時間がかかりすぎました。",
      "時間をおいて再度お試しください。"}},
    {RefusalKind::busy,
     {"The gateway is busy", "There is more to do at the moment than the gateway can take.",
      "Try again in a moment."},
     {"ゲートウェイが混み合っています", "現在、処理能力を超える要求があります。",
      "しばらくしてから再度お試しください。"}},
    {RefusalKind::loop,
     {"The request came back", "The request already passed through this gateway.",
      "An administrator must look at the proxy settings."},
     {"要求が循環しています", "この要求はすでにこのゲートウェイを通過しています。",
      "管理者がプロキシ設定を確認する必要があります。"}},
    {RefusalKind::warning,
     {"Careful: this may be harmful",
      "The rules of this network advise against this address or file.",
      "If you did not expect it, close this page. If you need it, you can read why and decide."},
     {"ご注意ください",
      "このネットワークの規則は、このアドレスまたはファイルの利用を推奨していません。",
      "心当たりがない場合は、このページを閉じてください。必要な場合は、理由を確認のうえ判断できま"
      "す。"}},
    {RefusalKind::held,
     {"This file is still being checked",
      "Nobody here knows this file yet. It runs in a sandbox before it may pass, and the sandbox "
      "has "
      "not answered in the time that there is for it.",
      "Download it again in a few minutes: the check goes on meanwhile."},
     {"このファイルはまだ検査中です",
      "このファイルはまだ誰も確認していないため、通過する前にサンドボックスで実行されます。制限時間"
      "内"
      "に結果が出ませんでした。",
      "検査は続いています。数分後にもう一度ダウンロードしてください。"}},
    {RefusalKind::internal,
     {"Something went wrong here", "The gateway could not handle this request.",
      "Try again. If it happens again, ask for help with the event number below."},
     {"内部エラーが発生しました", "ゲートウェイがこの要求を処理できませんでした。",
      "再度お試しください。繰り返す場合は、下のイベント番号を添えてお問い合わせください。"}},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order());

struct ReasonPair {
  Reason reason;
  std::string_view english, japanese;
};

constexpr std::array<ReasonPair, 17> kReasons = {{
    {Reason::encrypted, "it is protected by a password", "パスワードで保護されています"},
    {Reason::partly_encrypted, "a part of it is protected by a password",
     "一部がパスワードで保護されています"},
    {Reason::multi_volume, "it is one part of several", "分割されたファイルの一部です"},
    {Reason::too_large, "it is too large", "サイズが大きすぎます"},
    {Reason::too_deep, "archives are nested too deeply in it", "書庫の入れ子が深すぎます"},
    {Reason::too_many, "there are too many files in it", "含まれるファイルが多すぎます"},
    {Reason::ratio, "it unpacks to far more than it should", "展開後のサイズが異常です"},
    {Reason::timeout, "the check took too long", "検査に時間がかかりすぎました"},
    {Reason::crashed, "the check failed on it", "検査が異常終了しました"},
    {Reason::queue_full, "too many files were waiting for a check",
     "検査待ちのファイルが多すぎます"},
    {Reason::partial, "only a part of it was sent", "一部のみが送信されました"},
    {Reason::truncated, "it is cut short", "途中で切れています"},
    {Reason::unknown_coding, "it is packed in an unknown way", "未知の方式で符号化されています"},
    {Reason::corrupt, "it is damaged", "破損しています"},
    {Reason::parsers_disagree, "its structure is contradictory", "構造に矛盾があります"},
    {Reason::unsupported, "its format is not known", "未対応の形式です"},
    {Reason::engine_down, "a scanner was not available", "検査機能が利用できませんでした"},
}};

constexpr PageLabels kEnglish{"Address",
                              "Threat",
                              "Format",
                              "Rule",
                              "Detail",
                              "Event number",
                              "Questions?",
                              "Please give the event number.",
                              "Enter the password",
                              "If you know its password, the gateway can open it, look inside, and "
                              "then let you have it.",
                              "Read and decide"};
constexpr PageLabels kJapanese{
    "アドレス",
    "脅威",
    "形式",
    "規則",
    "詳細",
    "イベント番号",
    "お問い合わせ先",
    "イベント番号をお伝えください。",
    "パスワードを入力する",
    "パスワードをご存じの場合は、ゲートウェイが中身を検査したうえでお渡し"
    "できます。",
    "内容を確認して判断する"};

}  // namespace

const RefusalText& refusal_text(RefusalKind kind, Language language) {
  const Pair& pair = kTexts[static_cast<std::size_t>(kind)];
  return language == Language::english ? pair.english : pair.japanese;
}

std::string_view reason_text(Reason reason, Language language) {
  for (const ReasonPair& pair : kReasons) {
    if (pair.reason == reason) return language == Language::english ? pair.english : pair.japanese;
  }
  return {};
}

const PageLabels& page_labels(Language language) {
  return language == Language::english ? kEnglish : kJapanese;
}

}  // namespace weir
