#include "proxy/http/h1_body_writer.h"

#include "proxy/http/h1_encoder.h"

namespace weir {
namespace {

constexpr std::size_t kCopied = 12 * 1024;  // a chunk up to this size goes out in one piece

}  // namespace

Co<Result<void>> H1BodyWriter::send(ByteView piece) {
  if (piece.empty()) co_return Result<void>{};
  const bool counted = framing_.kind == Framing::Kind::length;
  if (finished_ || framing_.kind == Framing::Kind::none || (counted && piece.size() > left_)) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: more body than was promised");
  }
  if (counted) left_ -= piece.size();
  sent_ += piece.size();
  if (framing_.kind == Framing::Kind::chunked) co_return co_await send_chunk(piece);
  co_return co_await link_.write(piece, limit_);
}

// The CR LF after a large chunk leaves with whatever comes next: the data does not wait for it.
Co<Result<void>> H1BodyWriter::send_chunk(ByteView piece) {
  append_chunk_start(piece.size(), link_.pending());
  if (piece.size() <= kCopied) {
    link_.pending().append(as_text(piece)).append("\r\n");
    co_return co_await link_.write({}, limit_);
  }
  auto sent = co_await link_.write(piece, limit_);
  link_.pending().append("\r\n");
  co_return sent;
}

Co<Result<void>> H1BodyWriter::finish(const Fields& trailers) {
  if (finished_) co_return Result<void>{};
  if (framing_.kind == Framing::Kind::length && left_ > 0) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: less body than was promised");
  }
  if (framing_.kind == Framing::Kind::chunked) append_last_chunk(trailers, link_.pending());
  if (!link_.pending().empty()) {
    if (auto sent = co_await link_.write({}, limit_); !sent) co_return sent;
  }
  finished_ = true;
  co_return Result<void>{};
}

}  // namespace weir
