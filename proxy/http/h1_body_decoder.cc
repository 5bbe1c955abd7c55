#include "proxy/http/h1_body_decoder.h"

#include <algorithm>

#include "core/escape.h"

namespace weir {
namespace {

constexpr unsigned kMostSizeDigits = 16;
constexpr std::uint64_t kMostChunk = INT64_MAX;

}  // namespace

H1BodyDecoder::H1BodyDecoder(Framing framing, Fault peer, const LimitSettings& limits)
    : state_(State::done),
      kind_(framing.kind),
      peer_(peer),
      limits_(limits),
      trailer_end_(H1HeadFinder::Kind::trailers, limits.header_bytes) {
  switch (framing.kind) {
    case Framing::Kind::none: break;
    case Framing::Kind::length:
      left_ = framing.length;
      if (left_ > 0) state_ = State::bytes;
      break;
    case Framing::Kind::chunked: state_ = State::size; break;
    case Framing::Kind::until_close:
      left_ = UINT64_MAX;
      state_ = State::bytes;
      break;
  }
}

std::unexpected<Error> H1BodyDecoder::refuse(std::string_view why) const {
  return fail(Errc::malformed, peer_, std::string(why));
}

Result<H1BodyDecoder::Step> H1BodyDecoder::feed(ByteView input) {
  Step step;
  while (step.consumed < input.size() && state_ != State::done) {
    started_ = true;
    const ByteView rest = input.subspan(step.consumed);
    if (state_ == State::bytes || state_ == State::chunk) {
      step.data = take_data(rest);
      step.consumed += step.data.size();
      return step;
    }
    if (state_ == State::trailers) {
      auto taken = take_trailers(rest);
      if (!taken) return pass(std::move(taken));
      step.consumed += *taken;
      continue;
    }
    if (auto good = take_control(rest.front()); !good) return pass(std::move(good));
    ++step.consumed;
  }
  return step;
}

ByteView H1BodyDecoder::take_data(ByteView input) {
  const ByteView data = input.first(std::min<std::uint64_t>(input.size(), left_));
  if (kind_ == Framing::Kind::until_close) return data;
  left_ -= data.size();
  if (left_ == 0) state_ = state_ == State::chunk ? State::chunk_cr : State::done;
  return data;
}

Result<void> H1BodyDecoder::take_control(std::uint8_t byte) {
  switch (state_) {
    case State::size: return take_size_digit(byte);
    case State::size_lf:
      if (byte != '\n') return refuse("chunk-size: a CR without LF");
      state_ = left_ == 0 ? State::trailers : State::chunk;
      digits_ = 0;
      return {};
    case State::chunk_cr:
      if (byte != '\r') return refuse("chunk-end: a chunk is not as long as it says");
      state_ = State::chunk_lf;
      return {};
    default:
      if (byte != '\n') return refuse("chunk-end: a CR without LF");
      state_ = State::size;
      return {};
  }
}

Result<void> H1BodyDecoder::take_size_digit(std::uint8_t byte) {
  if (byte == ';') return refuse("chunk-extension: not accepted");
  if (byte == '\r' && digits_ > 0) {
    state_ = State::size_lf;
    return {};
  }
  const int digit = hex_digit(static_cast<char>(byte));
  if (digit < 0) return refuse("chunk-size: not a hexadecimal number");
  if (++digits_ > kMostSizeDigits) return refuse("chunk-size: too many digits");
  left_ = left_ << 4 | static_cast<unsigned>(digit);
  if (left_ > kMostChunk) return refuse("chunk-size: too large");
  return {};
}

Result<std::size_t> H1BodyDecoder::take_trailers(ByteView input) {
  const std::size_t before = trailer_text_.size();
  const std::size_t room =
      limits_.header_bytes - std::min<std::size_t>(before, limits_.header_bytes);
  trailer_text_.append(as_text(input.first(std::min(input.size(), room))));
  auto end = trailer_end_.find(trailer_text_);
  if (!end) {
    end.error().fault = peer_;
    return pass(std::move(end));
  }
  if (!*end) return trailer_text_.size() - before;
  auto fields = parse_trailers(std::string_view(trailer_text_).substr(0, **end), peer_, limits_);
  if (!fields) return pass(std::move(fields));
  trailers_ = std::move(*fields);
  state_ = State::done;
  trailer_text_ = {};
  return **end - before;
}

Result<void> H1BodyDecoder::end_of_input() {
  if (kind_ == Framing::Kind::until_close) state_ = State::done;
  if (complete()) return {};
  return fail(Errc::truncated, peer_, "the connection ended in the middle of a body");
}

}  // namespace weir
