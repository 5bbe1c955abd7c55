#include "proxy/websocket.h"

#include <array>

#include "core/base64.h"
#include "core/digest.h"

namespace weir {

std::string request_upgrade(const RequestHead& request, RequestHead& onward, Random& random) {
  if (request.protocol != "websocket" || request.version != HttpVersion::h2) return {};
  std::array<std::uint8_t, 16> nonce{};
  random.fill(nonce);
  std::string key = base64_encode(nonce);
  onward.method = "GET";
  onward.framing = {};
  onward.fields.set("sec-websocket-key", key);
  return key;
}

Result<ResponseHead> upgraded_response(const RequestHead& request, ResponseHead head,
                                       const std::string& key) {
  if (key.empty()) return head;
  if (head.status != 101 || head.fields.get("sec-websocket-accept") != websocket_accept(key)) {
    return fail(Errc::malformed, Fault::origin,
                "websocket: the origin's answer does not prove the protocol");
  }
  if (request.version == HttpVersion::h2) {
    head.status = 200;
    head.reason.clear();
    head.upgrade.clear();
    head.fields.remove("sec-websocket-accept");
    head.framing = {Framing::Kind::until_close, 0};
  }
  return head;
}

std::string websocket_accept(const std::string& key) {
  const std::string salted = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return base64_encode(sha1(as_bytes(salted)));
}

}  // namespace weir
