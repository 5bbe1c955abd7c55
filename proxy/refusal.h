// The gateway's own answers: block pages and error pages. One place decides how they look for a
// browser (HTML, English or Japanese), a program (JSON) or a terminal (plain text). Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/settings.h"
#include "core/finding.h"
#include "core/http_message.h"
#include "core/result.h"

namespace weir {

// Which text a person sees; each has a title, an explanation and a hint in both languages.
enum class RefusalKind : std::uint8_t {
  malicious,           // a scanner or hash list knows it as bad
  uninspectable,       // could not be inspected; `reason` says why
  policy,              // a rule refuses the address, host or category
  address,             // the host resolves to an address the gateway must not reach
  certificate,         // the origin's certificate does not verify
  client_certificate,  // the origin wants a client certificate
  not_tls,             // CONNECT carried something that is not TLS
  port,                // CONNECT to a port that policy does not allow
  misdirected,         // Host, :authority or SNI disagree with the tunnel
  bad_request,         // the client broke HTTP
  bad_response,        // the origin broke HTTP
  authentication,      // 407
  dns,                 // the name does not resolve
  unreachable,         // refused, no route, TLS failed
  timeout,             // the origin took too long
  busy,                // a limit of the gateway
  loop,                // the request already came through this gateway
  warning,             // a rule warns; the person may go on
  held,                // a sandbox must look at it first, and has not answered
  internal,
};

struct Refusal {
  RefusalKind kind = RefusalKind::internal;
  int status = 500;
  std::string_view action = "block";  // X-Weir-Action: "block", "coach", "unlock" or "error"
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;
  std::string reason_word{};  // X-Weir-Reason; "" = reason_name(reason) or the kind's word
  std::string rule{};
  std::string rule_words{};  // the rule's own `reason:` for people, may be empty
  std::string threat{};      // signature name, may be empty
  std::string detail{};      // for an administrator; hostile text, escaped here
  std::string url{};         // hostile text
  std::string event_id{};
  std::string coach_url{};           // where the person can go on, may be empty
  std::string unlock_url{};          // where the password can be given, may be empty
  int retry_after_seconds = 0;       // > 0: Retry-After
  std::string authenticate_realm{};  // for 407
};

struct Page {
  ResponseHead head;  // framing length, X-Weir-* fields, Cache-Control: no-store
  std::string body;
};

std::string_view refusal_word(RefusalKind kind);  // "malicious", "not-tls", ...

// `accept` and `accept_language` are the request's fields ("" = none; then plain text for
// non-browsers).
Page render_refusal(const Refusal& refusal, std::string_view accept,
                    std::string_view accept_language, const NoticeSettings& notice);

// While the gateway drains, or cannot say what it does.
Refusal not_taking_requests();

// The refusal that an error from dialling, TLS or the codec stands for.
Refusal refusal_for(const Error& error);

}  // namespace weir
