// Raw client bytes into the server role: no crash, no leak, and what reaches the application is
// always safe to write as HTTP/1. The first byte says in what pieces the rest arrives.
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

// Answers everything with a short body and trailers.
class Answering final : public H2Session::Events {
 public:
  explicit Answering(const LimitSettings& limits) : session(H2Role::server, limits, clock, *this) {}

  void on_request(std::shared_ptr<H2Stream> stream) override {
    const RequestHead& head = stream->request;
    require(!head.method.empty() && !head.authority.empty());
    require(is_safe(head.method) && is_safe(head.authority) && is_safe(head.path));
    require(head.path.find(' ') == std::string::npos);
    for (const auto& [name, value] : head.fields) {
      require(is_safe(name) && is_safe(value) && !name.empty());
      require(name != "transfer-encoding" && name != "connection" && name != "content-length");
    }
    ResponseHead answer;
    answer.status = 200;
    answer.framing.kind = Framing::Kind::chunked;
    require(session.respond(*stream, answer, false).has_value());
    stream->outbox.append(as_bytes("answer"));
    stream->own_trailers.add("x-sum", "1");
    stream->send_ended = true;
    session.resume(*stream);
    streams.push_back(std::move(stream));
  }
  void on_peer_changed() override {}

  // Takes half of what came and drops every third stream.
  void consume() {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      H2Stream& stream = *streams[i];
      if (stream.detached) continue;
      session.consumed(stream, stream.inbox.take().size());
      if (i % 3 == 2) session.detach(stream);
    }
  }

  ManualClock clock;
  H2Session session;
  std::vector<std::shared_ptr<H2Stream>> streams;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  weir::LimitSettings limits;
  limits.header_bytes = 8192;
  limits.h2_window_bytes = 32768;
  weir::Answering peer(limits);
  std::vector<std::uint8_t> out(20 * 1024);
  const std::size_t step = data[0] == 0 ? size : data[0];
  weir::ByteView rest(data + 1, size - 1);
  // Most inputs should get past the preface.
  const bool preface = (size & 1) == 0;
  if (preface) (void)peer.session.feed(weir::as_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    const auto fed = peer.session.feed(piece);
    peer.consume();
    for (int i = 0; i < 64 && peer.session.pull(out) > 0; ++i) {
    }
    if (!fed) break;
  }
  return 0;
}
