// Raw origin bytes into the client role, with three requests on their way: no crash, and heads that
// are safe to write as HTTP/1. The first byte says in what pieces the rest arrives.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "proxy/http/h2_session.h"

namespace weir {
namespace {

void require(bool held) {
  if (!held) std::abort();
}

bool is_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

struct Quiet final : H2Session::Events {
  void on_request(std::shared_ptr<H2Stream>) override { std::abort(); }
  void on_peer_changed() override {}
};

std::vector<std::shared_ptr<H2Stream>> ask(H2Session& session) {
  std::vector<std::shared_ptr<H2Stream>> streams;
  for (const char* method : {"GET", "HEAD", "POST"}) {
    RequestHead head;
    head.method = method;
    head.scheme = "https";
    head.authority = "a.test";
    head.path = "/";
    if (head.method == "POST") head.framing.kind = Framing::Kind::chunked;
    auto stream = std::make_shared<H2Stream>();
    require(session.request(stream, head).has_value());
    streams.push_back(std::move(stream));
  }
  streams.back()->outbox.append(as_bytes("a body"));
  session.resume(*streams.back());
  return streams;
}

void check(H2Session& session, H2Stream& stream) {
  for (const ResponseHead& head : stream.heads) {
    require(head.status >= 100 && head.status < 600 && head.status != 101);
    for (const auto& [name, value] : head.fields) {
      require(is_safe(name) && is_safe(value) && !name.empty());
      require(name != "transfer-encoding" && name != "connection" && name != "content-length");
    }
  }
  require(!(stream.ended && !stream.final_head));
  session.consumed(stream, stream.inbox.take().size());
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const weir::ManualClock clock;
  weir::LimitSettings limits;
  limits.header_bytes = 8192;
  limits.h2_window_bytes = 32768;
  weir::Quiet events;
  weir::H2Session session(weir::H2Role::client, limits, clock, events);
  const auto streams = weir::ask(session);
  std::vector<std::uint8_t> out(20 * 1024);
  while (session.pull(out) > 0) {
  }
  const std::size_t step = data[0] == 0 ? size : data[0];
  weir::ByteView rest(data + 1, size - 1);
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    const auto fed = session.feed(piece);
    for (const auto& stream : streams) weir::check(session, *stream);
    for (int i = 0; i < 64 && session.pull(out) > 0; ++i) {
    }
    if (!fed) break;
  }
  return 0;
}
