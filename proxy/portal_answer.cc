#include "proxy/portal_answer.h"

#include <cctype>
#include <utility>

#include "proxy/delivery.h"

namespace weir {
namespace {

// RFC 6266, RFC 8187: for every browser of today; the plain form for the rest.
std::string attachment(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string plain, coded;
  for (const char c : name.substr(0, 255)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool safe = std::isalnum(byte) != 0 || c == '.' || c == '-' || c == '_';
    plain += safe || c == ' ' ? c : '_';
    if (safe) {
      coded += c;
    } else {
      coded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  if (plain.empty()) plain = coded = "download";
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + coded;
}

}  // namespace

Co<Result<void>> PortalAnswer::see_other(std::string where) {
  co_return co_await send(redirect_to(std::move(where)));
}

Co<Result<void>> PortalAnswer::send_kept(const KeptFile& file) {
  record_.delivery = "hold";
  ResponseHead head;
  head.status = 200;
  const std::string_view type = file.response.fields.get("content-type");
  head.fields.add("content-type", std::string(type.empty() ? "application/octet-stream" : type));
  const std::string coding = file.response.fields.joined("content-encoding");
  if (!coding.empty()) head.fields.add("content-encoding", coding);
  head.fields.add("content-disposition", attachment(file.name));
  head.fields.add("cache-control", "no-store");
  head.fields.add("x-content-type-options", "nosniff");
  head.fields.add("content-security-policy", "sandbox; default-src 'none'");
  DeliveryGate gate(Delivery::hold, std::move(head), client_, file.intake->raw(), svc_.loop,
                    std::nullopt);
  auto sent = co_await gate.release({});
  record_.status = gate.status();
  co_return sent;
}

Co<Result<void>> PortalAnswer::notice(PortalNotice what) {
  const std::string_view language = client_.request().fields.get("accept-language");
  co_return co_await send(render_notice(what, language, svc_.shared.settings.notice));
}

Co<Result<void>> PortalAnswer::send(Page page) {
  record_.status = page.head.status;
  if (auto sent = co_await client_.send_head(page.head); !sent) co_return sent;
  if (client_.request().method != "HEAD" && !page.body.empty()) {
    if (auto sent = co_await client_.send_body(as_bytes(page.body)); !sent) co_return sent;
  }
  co_return co_await client_.send_end({});
}

}  // namespace weir
