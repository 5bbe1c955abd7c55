// Content codings (RFC 9110 8.4) undone piece by piece: gzip (RFC 1952, several members), deflate
// (RFC 1950, and the bare RFC 1951 that some servers send), br (RFC 7932), zstd (RFC 8878, windows
// up to the 8 MiB of RFC 9659), up to four stacked. Sans-io: bytes in, bytes out, never more out
// than asked for. Memory: 16 KiB a stage plus the window of the coding. One owner, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/finding.h"

namespace weir {

class DecodeStage;

class Decoder {
 public:
  static constexpr std::size_t kMostStages = 4;
  static constexpr std::uint64_t kRatioFrom = 16 * 1024 * 1024;  // bombs begin here

  Decoder();  // identity, until stages are pushed
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  bool identity() const { return layers_.empty(); }
  // Takes from the front of `in`, fills the front of `out`, says how much. Call again while `in`
  // has bytes or `out` was filled to the brim. After a problem nothing more comes.
  std::size_t step(ByteView& in, MutableBytes out);
  // The last input has been given and all output taken: what is unfinished now is truncated.
  void finish();
  // Reason::none while all is well; else corrupt, truncated, ratio or unsupported.
  Reason problem() const { return problem_; }
  std::string_view culprit() const { return culprit_; }  // "gzip", ...

 private:
  friend std::expected<Decoder, Finding> make_decoder(std::string_view, std::uint64_t);
  struct Layer;
  std::size_t pull(std::size_t index, ByteView& in, MutableBytes out);
  bool refill(std::size_t index, ByteView& in);
  void fail(Reason reason, std::string_view coding);

  std::vector<Layer> layers_;  // the first takes the wire's bytes
  std::uint64_t ratio_ = 0;
  std::uint64_t taken_ = 0;
  Reason problem_ = Reason::none;
  std::string_view culprit_;
};

// From the value of Content-Encoding, all fields joined. Fails with an uninspectable finding:
// unknown-coding names the coding, too-deep is more than four.
std::expected<Decoder, Finding> make_decoder(std::string_view content_encoding,
                                             std::uint64_t decoded_ratio);

// What to send to the origin for the client's Accept-Encoding ("" = it sent none): what both
// understand, in the client's order with its weights; "identity" when that is nothing.
std::string accept_encoding_value(std::string_view accept_encoding);

}  // namespace weir
