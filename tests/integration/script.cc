#include "tests/integration/script.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <chrono>
#include <optional>

#include "core/bytes.h"
#include "proxy/net/asio_token.h"

namespace weir::test {
namespace {

constexpr Duration kForever = std::chrono::hours(1);  // the clock is manual and does not move

// Reads once; false at the end.
Co<bool> listen(ByteStream& end, Heard& heard) {
  std::array<std::uint8_t, 4096> buffer{};
  const auto got = co_await end.read_some(buffer, kForever);
  if (!got) {
    heard.reset = got.error().code != Errc::cancelled;
  } else if (*got == 0) {
    heard.ended = true;
  } else {
    heard.bytes += as_text(ByteView(buffer).first(*got));
    co_return true;
  }
  co_return false;
}

Co<bool> hear(ByteStream& end, Heard& heard, const std::string& text, std::size_t& from) {
  for (;;) {
    if (const auto at = heard.bytes.find(text, from); at != std::string::npos) {
      from = at + text.size();
      co_return true;
    }
    if (!co_await listen(end, heard)) co_return false;
  }
}

Co<bool> perform(const Script::Step& step, ByteStream& end, Heard& heard, std::size_t& from) {
  switch (step.kind) {
    case Script::Kind::hears: co_return co_await hear(end, heard, step.text, from);
    case Script::Kind::says:
      co_return (co_await end.write_all(as_bytes(step.text), kForever)).has_value();
    case Script::Kind::when:
      while (!step.condition()) co_await let_others_run();
      co_return true;
    case Script::Kind::closes: end.close(false); co_return true;
    case Script::Kind::resets: end.close(true); co_return true;
  }
  co_return false;
}

// The next line without its CRLF; nullopt when it is not whole.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

// Lines up to the empty one.
bool read_fields(std::string_view& rest, Fields& into) {
  while (const auto line = next_line(rest)) {
    if (line->empty()) return true;
    const auto colon = line->find(':');
    into.add(to_lower(line->substr(0, colon)), std::string(trim(line->substr(colon + 1))));
  }
  return false;
}

bool read_chunks(std::string_view& rest, Reply& reply) {
  while (const auto line = next_line(rest)) {
    std::size_t size = 0;
    std::from_chars(line->data(), line->data() + line->size(), size, 16);
    if (size == 0) return read_fields(rest, reply.trailers);
    reply.body += rest.substr(0, size);
    if (rest.size() < size + 2) return false;
    rest.remove_prefix(size + 2);
  }
  return false;
}

bool read_body(std::string_view rest, const Heard& heard, Reply& reply) {
  if (reply.fields.get("transfer-encoding") == "chunked") return read_chunks(rest, reply);
  if (!reply.fields.has("content-length")) {
    reply.body = rest;
    return heard.ended;
  }
  const std::size_t length = std::stoul(reply.field("content-length"));
  reply.body = rest.substr(0, length);
  return reply.body.size() == length;
}

}  // namespace

Co<void> let_others_run() {
  auto executor = co_await boost::asio::this_coro::executor;
  for (int i = 0; i < 64; ++i) co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

Co<void> play(std::unique_ptr<ByteStream> end, Script script, std::shared_ptr<Heard> heard) {
  std::size_t from = 0;
  for (const Script::Step& step : script.steps()) {
    if (!co_await perform(step, *end, *heard, from)) break;
  }
  while (end->is_open() && co_await listen(*end, *heard)) {
  }
}

Reply read_reply(const Heard& heard, bool to_head) {
  Reply reply;
  reply.raw = heard.bytes;
  reply.reset = heard.reset;
  std::string_view rest = reply.raw;
  for (;;) {
    const auto line = next_line(rest);
    if (!line || line->size() < 12) return reply;
    reply.status = std::stoi(std::string(line->substr(9, 3)));
    reply.fields = {};
    if (!read_fields(rest, reply.fields)) return reply;
    if (reply.status >= 200 || reply.status == 101) break;
    reply.informational.push_back(reply.status);
  }
  if (to_head || response_has_no_body("GET", reply.status)) {
    reply.body = rest;
    reply.complete = true;
  } else {
    reply.complete = read_body(rest, heard, reply);
  }
  return reply;
}

}  // namespace weir::test
