#include "inspect/decode_stage.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/http_message.h"

namespace weir {
namespace {

template <class T>
T* required(T* made) {
  if (made == nullptr) std::abort();  // out of memory
  return made;
}

uInt zlib_size(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
}

class Inflate {
 public:
  explicit Inflate(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) std::abort();
  }
  ~Inflate() { inflateEnd(&stream_); }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  int run(ByteView& in, MutableBytes& out) {
    const uInt given = zlib_size(in.size());
    const uInt room = zlib_size(out.size());
    stream_.next_in = const_cast<Bytef*>(in.data());  // zlib does not write there
    stream_.avail_in = given;
    stream_.next_out = out.data();
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    in = in.subspan(given - stream_.avail_in);
    out = out.subspan(room - stream_.avail_out);
    return code;
  }
  void reset(int window_bits) {
    if (inflateReset2(&stream_, window_bits) != Z_OK) std::abort();
  }

 private:
  z_stream stream_{};
};

class Gzip final : public DecodeStage {
 public:
  Reason run(ByteView& in, MutableBytes& out) override {
    for (;;) {
      if (at_end_) {
        if (in.empty()) return Reason::none;
        if (in.front() != 0x1F) return Reason::corrupt;  // neither the first nor another member
        inflate_.reset(kGzip);
        at_end_ = false;
      }
      const std::size_t before = in.size() + out.size();
      const int code = inflate_.run(in, out);
      at_end_ = code == Z_STREAM_END;
      if (at_end_) continue;
      if (code != Z_OK && code != Z_BUF_ERROR) return Reason::corrupt;
      if (in.empty() || out.empty() || in.size() + out.size() == before) return Reason::none;
    }
  }
  bool complete() const override { return at_end_; }

 private:
  static constexpr int kGzip = MAX_WBITS + 16;
  Inflate inflate_{kGzip};
  bool at_end_ = true;
};

// The first two bytes tell whether there is a zlib header; all clients try that reading first.
class Deflate final : public DecodeStage {
 public:
  Reason run(ByteView& in, MutableBytes& out) override {
    while (seen_ < head_.size()) {
      if (in.empty()) return Reason::none;
      head_[seen_++] = in.front();
      in = in.subspan(1);
      if (seen_ == head_.size()) inflate_.reset(has_zlib_header() ? MAX_WBITS : -MAX_WBITS);
    }
    while (given_ < head_.size() && !at_end_) {
      ByteView rest = ByteView(head_).subspan(given_);
      const std::size_t before = rest.size() + out.size();
      if (const Reason bad = advance(rest, out); bad != Reason::none) return bad;
      const bool moved = rest.size() + out.size() != before;
      given_ = head_.size() - rest.size();
      if (!moved) return Reason::none;
    }
    if (at_end_) return in.empty() && given_ == head_.size() ? Reason::none : Reason::corrupt;
    return advance(in, out);
  }
  bool complete() const override { return seen_ == 0 || at_end_; }

 private:
  bool has_zlib_header() const {
    return (head_[0] & 0x0F) == Z_DEFLATED && head_[0] >> 4 <= 7 &&
           (head_[0] << 8 | head_[1]) % 31 == 0;
  }
  Reason advance(ByteView& in, MutableBytes& out) {
    const int code = inflate_.run(in, out);
    at_end_ = code == Z_STREAM_END;
    if (at_end_) return in.empty() ? Reason::none : Reason::corrupt;
    return code == Z_OK || code == Z_BUF_ERROR ? Reason::none : Reason::corrupt;
  }

  Inflate inflate_{MAX_WBITS};
  std::array<std::uint8_t, 2> head_{};
  std::size_t seen_ = 0;   // of head_, from the wire
  std::size_t given_ = 0;  // of head_, to zlib
  bool at_end_ = false;
};

class Brotli final : public DecodeStage {
 public:
  Reason run(ByteView& in, MutableBytes& out) override {
    if (at_end_) return in.empty() ? Reason::none : Reason::corrupt;
    started_ = started_ || !in.empty();
    if (!started_) return Reason::none;
    std::size_t given = in.size();
    std::size_t room = out.size();
    const std::uint8_t* next_in = in.data();
    std::uint8_t* next_out = out.data();
    const auto code =
        BrotliDecoderDecompressStream(state_.get(), &given, &next_in, &room, &next_out, nullptr);
    in = in.last(given);
    out = out.last(room);
    if (code == BROTLI_DECODER_RESULT_ERROR) return Reason::corrupt;
    at_end_ = code == BROTLI_DECODER_RESULT_SUCCESS;
    return at_end_ && !in.empty() ? Reason::corrupt : Reason::none;
  }
  bool complete() const override { return !started_ || at_end_; }

 private:
  struct Free {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliDecoderState, Free> state_{
      required(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr))};
  bool started_ = false;
  bool at_end_ = false;
};

class Zstd final : public DecodeStage {
 public:
  Zstd() {
    constexpr int kWindowLog = 23;  // RFC 9659
    if (ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog)) !=
        0) {
      std::abort();
    }
  }
  Reason run(ByteView& in, MutableBytes& out) override {
    while (!out.empty() && (!in.empty() || more_)) {
      ZSTD_inBuffer source{in.data(), in.size(), 0};
      ZSTD_outBuffer target{out.data(), out.size(), 0};
      const std::size_t code = ZSTD_decompressStream(context_.get(), &target, &source);
      in = in.subspan(source.pos);
      out = out.subspan(target.pos);
      if (ZSTD_isError(code) != 0) return reason_of(code);
      at_end_ = code == 0;
      more_ = out.empty() && !at_end_;  // it may hold output back only when there was no room
      if (source.pos == 0 && target.pos == 0) break;
    }
    return Reason::none;
  }
  bool complete() const override { return at_end_; }

 private:
  static Reason reason_of(std::size_t code) {
    return ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge ? Reason::unsupported
                                                                               : Reason::corrupt;
  }
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{required(ZSTD_createDCtx())};
  bool at_end_ = true;
  bool more_ = false;
};

template <class Stage>
std::unique_ptr<DecodeStage> made() {
  return std::make_unique<Stage>();
}

struct Coding {
  std::string_view name;
  std::string_view canonical;
  std::unique_ptr<DecodeStage> (*make)();
};

constexpr std::array<Coding, 5> kCodings = {{
    {"gzip", "gzip", made<Gzip>},
    {"x-gzip", "gzip", made<Gzip>},
    {"deflate", "deflate", made<Deflate>},
    {"br", "br", made<Brotli>},
    {"zstd", "zstd", made<Zstd>},
}};

}  // namespace

std::string_view canonical_coding(std::string_view coding) {
  for (const Coding& known : kCodings) {
    if (equals_ignore_case(known.name, coding)) return known.canonical;
  }
  return {};
}

std::unique_ptr<DecodeStage> make_stage(std::string_view canonical) {
  const auto* found = std::ranges::find(kCodings, canonical, &Coding::name);
  return found == kCodings.end() ? nullptr : found->make();
}

}  // namespace weir
