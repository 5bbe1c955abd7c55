#include "proxy/admin/admin_server.h"

#include <array>
#include <exception>

#include "core/escape.h"
#include "proxy/http/h1_client_connection.h"
#include "proxy/net/loop.h"
#include "proxy/net/tcp_stream.h"

namespace weir {
namespace {

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

Answer plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text) + "\n"};
}

// Against DNS rebinding: only a literal address, localhost or the advertised name may be asked for.
bool host_is_ours(std::string_view authority, const std::string& advertised) {
  const auto parts = split_host_port(authority);
  if (!parts) return false;
  return IpAddress::parse(parts->host).has_value() ||
         equals_ignore_case(parts->host, "localhost") ||
         (!advertised.empty() && equals_ignore_case(parts->host, advertised));
}

std::string proxy_for(const AdminSources& sources, const Endpoint& local) {
  const Endpoint& proxy = sources.proxy.front();
  if (!sources.advertised_host.empty()) {
    return sources.advertised_host + ":" + std::to_string(proxy.port);
  }
  const bool any = classify(proxy.address) == AddressClass::unspecified;
  return Endpoint{any ? local.address : proxy.address, proxy.port}.text();
}

std::string index_page(const std::string& proxy) {
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>weir</title>"
         "<style>body{font:17px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:"
         "0 1rem;color:#1d2733}code{background:#eef1f4;padding:.1em .3em}</style></head><body>"
         "<h1>weir</h1><p>The proxy is <code>" +
         escape_html(proxy) +
         "</code>. Browsers take their settings from <a href=\"/proxy.pac\">/proxy.pac</a>.</p>"
         "<h2>Trust the CA</h2><p><a href=\"/ca.pem\">ca.pem</a>, <a href=\"/ca.cer\">ca.cer</a>, "
         "<a href=\"/ca.crl\">ca.crl</a></p><ul>"
         "<li>Debian, Ubuntu: <code>sudo cp ca.pem /usr/local/share/ca-certificates/weir.crt "
         "&amp;&amp; sudo update-ca-certificates</code></li>"
         "<li>Chromium on Linux: <code>certutil -A -d sql:$HOME/.pki/nssdb -n weir -t \"C,,\" -i "
         "ca.pem</code></li>"
         "<li>Firefox: Settings, Privacy &amp; Security, View Certificates, Authorities, "
         "Import</li>"
         "<li>Windows: <code>certutil -addstore Root ca.cer</code></li>"
         "<li>macOS: <code>sudo security add-trusted-cert -d -r trustRoot -k "
         "/Library/Keychains/System.keychain ca.pem</code></li></ul>"
         "<p><a href=\"/healthz\">healthz</a> <a href=\"/readyz\">readyz</a> "
         "<a href=\"/metrics\">metrics</a> <a href=\"/bypass-candidates\">bypass candidates</a></p>"
         "</body></html>\n";
}

std::string_view path_of(const RequestHead& request) {
  return std::string_view(request.path).substr(0, request.path.find('?'));
}

Co<Answer> answer(const RequestHead& request, const AdminSources& sources, Endpoint local) {
  if (!host_is_ours(request.authority, sources.advertised_host)) {
    co_return plain(421, "ask by address, localhost or the advertised name");
  }
  if (request.method != "GET" && request.method != "HEAD")
    co_return plain(405, "GET and HEAD only");
  const std::string_view path = path_of(request);
  if (path == "/") {
    co_return Answer{200, "text/html; charset=utf-8", index_page(proxy_for(sources, local))};
  }
  if (path == "/proxy.pac" || path == "/wpad.dat") {
    co_return Answer{200, "application/x-ns-proxy-autoconfig", pac_text(proxy_for(sources, local))};
  }
  if (path == "/ca.pem") co_return Answer{200, "application/x-pem-file", sources.ca_pem};
  if (path == "/ca.cer") co_return Answer{200, "application/pkix-cert", sources.ca_der};
  if (path == "/ca.crl") {
    auto crl = co_await sources.crl();
    if (!crl) co_return plain(503, "the signer did not make a CRL: " + crl.error().what);
    co_return Answer{200, "application/pkix-crl", std::move(*crl)};
  }
  if (path == "/healthz") co_return plain(200, "alive");
  if (path == "/readyz") {
    bool ready = false;
    std::string json = sources.readiness(ready);
    co_return Answer{ready ? 200 : 503, "application/json", std::move(json)};
  }
  if (path == "/metrics") {
    co_return Answer{200, "text/plain; version=0.0.4; charset=utf-8", sources.metrics()};
  }
  if (path == "/bypass-candidates") {
    co_return Answer{200, "application/json", sources.bypass_candidates() + "\n"};
  }
  co_return plain(404, "no such page; / lists what is here");
}

ResponseHead head_for(const Answer& answer) {
  ResponseHead head;
  head.status = answer.status;
  head.fields.add("content-type", answer.content_type);
  head.fields.add("cache-control", "no-store");
  head.fields.add("x-content-type-options", "nosniff");
  head.fields.add("x-frame-options", "DENY");
  head.fields.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  if (answer.status == 405) head.fields.add("allow", "GET, HEAD");
  head.framing = {Framing::Kind::length, answer.body.size()};
  return head;
}

}  // namespace

AdminServer::AdminServer(Loop& loop, AdminSources sources, const LimitSettings& limits,
                         const TimeoutSettings& timeouts)
    : loop_(loop), sources_(std::move(sources)), limits_(limits), timeouts_(timeouts) {}

void AdminServer::use_ca(std::string pem, std::string der) {
  sources_.ca_pem = std::move(pem);
  sources_.ca_der = std::move(der);
}

Co<void> AdminServer::serve(UniqueFd socket) {
  try {
    auto tcp = make_tcp_stream(loop_, std::move(socket));
    const Endpoint local = tcp->local(), client = tcp->peer();
    H1ClientConnection connection(loop_, std::move(tcp), {}, limits_, timeouts_);
    for (;;) {
      auto stream = co_await connection.next_request();
      if (!stream) {
        if (stream.error().code != Errc::malformed) co_return;
        auto broken = connection.stream_for_error();
        const Answer bad = plain(400, stream.error().what);
        if (co_await broken->send_head(head_for(bad))) {
          (void)co_await broken->send_body(as_bytes(bad.body));
          (void)co_await broken->send_end({});
        }
        co_return;
      }
      if (!co_await serve_one(**stream, local, client)) co_return;
    }
  } catch (const std::exception&) {  // the connection ends; nothing else depends on it
  }
}

Co<bool> AdminServer::serve_one(ClientStream& stream, Endpoint local, Endpoint client) {
  const RequestHead& request = stream.request();
  if (sources_.api && path_of(request).starts_with("/api/") &&
      host_is_ours(request.authority, sources_.advertised_host)) {
    co_return co_await sources_.api(stream, client);
  }
  const Answer found = co_await answer(request, sources_, local);
  if (!co_await stream.send_head(head_for(found))) co_return false;
  if (request.method != "HEAD") {
    if (!co_await stream.send_body(as_bytes(found.body))) co_return false;
  }
  co_return (co_await stream.send_end({})).has_value();
}

std::string pac_text(const std::string& proxy) {
  return "function FindProxyForURL(url, host) {\n"
         "  // Plain names and this machine are not for the gateway; everything else is, always.\n"
         "  if (isPlainHostName(host) || host === \"localhost\" || host === \"127.0.0.1\" ||\n"
         "      host === \"[::1]\") return \"DIRECT\";\n"
         "  return \"PROXY " +
         proxy +
         "\";\n"
         "}\n";
}

}  // namespace weir
