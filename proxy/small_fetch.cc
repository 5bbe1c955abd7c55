#include "proxy/small_fetch.h"

#include "core/url.h"
#include "proxy/http/h1_origin_connection.h"
#include "proxy/net/dialer.h"
#include "proxy/services.h"

namespace weir {
namespace {

RequestHead request_for(const Url& url, const std::string& post_body, std::string content_type) {
  RequestHead head;
  head.method = post_body.empty() ? "GET" : "POST";
  head.scheme = url.scheme;
  head.authority = url.authority();
  head.path = url.path_and_query;
  head.keep_alive = false;
  if (!post_body.empty()) {
    head.framing = {Framing::Kind::length, post_body.size()};
    head.fields.add("content-type", std::move(content_type));
  }
  return head;
}

Co<Result<std::string>> read_bounded(OriginStream& stream, std::size_t max_bytes, Duration limit) {
  std::string body;
  for (;;) {
    auto piece = co_await stream.read_body(limit);
    if (!piece) co_return pass(std::move(piece));
    if (!*piece) co_return body;
    if (body.size() + (*piece)->size() > max_bytes) {
      co_return fail(Errc::too_large, Fault::origin,
                     "more than " + std::to_string(max_bytes) + " bytes");
    }
    body += as_text(**piece);
  }
}

}  // namespace

Co<Result<std::string>> fetch_small(LoopServices& svc, std::string url, std::string post_body,
                                    std::string content_type, std::size_t max_bytes,
                                    Duration limit) {
  const auto target = parse_url(url);
  if (!target || target->scheme != "http") {
    co_return fail(Errc::invalid, Fault::origin, "not an http URL");
  }
  auto guard = [policy = svc.policy](const IpAddress& address) {
    return policy->network().may_dial(address);
  };
  auto dialed = co_await svc.dialer.dial(target->host, target->port, guard, limit);
  if (!dialed) co_return pass(std::move(dialed));
  H1OriginConnection connection(svc.loop, std::move(dialed->stream), {}, svc.shared.settings.limits,
                                svc.shared.settings.timeouts);
  auto stream = connection.start();
  auto sent = co_await stream->send_head(request_for(*target, post_body, std::move(content_type)));
  if (sent && !post_body.empty()) {
    sent = co_await stream->send_body(as_bytes(post_body));
    if (sent) sent = co_await stream->send_end({});
  }
  if (!sent) co_return pass(std::move(sent));
  auto head = co_await stream->read_head(limit);
  if (!head) co_return pass(std::move(head));
  if (head->status != 200) {
    co_return fail(Errc::not_found, Fault::origin, "status " + std::to_string(head->status));
  }
  co_return co_await read_bounded(*stream, max_bytes, limit);
}

}  // namespace weir
