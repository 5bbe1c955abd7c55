#include "proxy/http/h2_meter.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

constexpr std::size_t kPrefaceBytes = 24;

// RFC 9113 section 6.
enum Type : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kPushPromise = 5,
  kPing = 6,
  kWindowUpdate = 8,
  kContinuation = 9,
};
constexpr std::uint8_t kEndStream = 0x1;
constexpr std::uint8_t kEndHeaders = 0x4;

}  // namespace

bool H2Rate::over() {
  const SteadyTime now = clock_.steady();
  if (count_ == 0 || now - start_ >= period_) {
    start_ = now;
    count_ = 0;
  }
  return ++count_ > limit_;
}

H2Meter::H2Meter(H2Role role, const LimitSettings& limits, const Clock& clock)
    : role_(role),
      max_block_(2ULL * limits.header_bytes),
      resets_(clock, limits.h2_resets_per_minute, std::chrono::minutes(1)),
      controls_(clock, limits.h2_control_frames_per_second, std::chrono::seconds(1)),
      preface_left_(role == H2Role::server ? kPrefaceBytes : 0) {}

Result<void> H2Meter::flood(const char* what) const {
  const bool server = role_ == H2Role::server;
  return fail(Errc::too_large, server ? Fault::client : Fault::origin,
              std::string("HTTP/2 flood: ") + what);
}

Result<void> H2Meter::count_reset() {
  // An origin resets what we asked it; that is its right, but not without end.
  if (role_ == H2Role::client) return count_control();
  return resets_.over() ? flood("stream resets (h2_resets_per_minute)") : Result<void>{};
}

Result<void> H2Meter::count_control() {
  return controls_.over() ? flood("control frames (h2_control_frames_per_second)") : Result<void>{};
}

Result<void> H2Meter::begin_block(std::uint32_t length) {
  head_pending_ = true;
  block_ends_ = (header_[4] & kEndHeaders) != 0;
  block_bytes_ += length;
  if (continuations_ > kMaxContinuations) return flood("CONTINUATION frames");
  if (block_bytes_ > max_block_) return flood("a header block (header_bytes)");
  return {};
}

Result<void> H2Meter::begin_frame() {
  const std::uint32_t length =
      (std::uint32_t{header_[0]} << 16) | (std::uint32_t{header_[1]} << 8) | header_[2];
  payload_left_ = length;
  switch (header_[3]) {
    case kData:
      if (length > 0 || (header_[4] & kEndStream) != 0) return {};
      return count_control();
    case kHeaders:
    case kPushPromise:
      block_bytes_ = 0;
      continuations_ = 0;
      return begin_block(length);
    case kContinuation: ++continuations_; return begin_block(length);
    case kRstStream: return count_reset();
    case kPing:
    case kWindowUpdate:
      if (credit_ > 0) {
        --credit_;
        return {};
      }
      return count_control();
    default: return count_control();
  }
}

Result<void> H2Meter::scan(ByteView bytes) {
  const std::size_t preface = std::min(preface_left_, bytes.size());
  preface_left_ -= preface;
  bytes = bytes.subspan(preface);
  while (!bytes.empty()) {
    if (payload_left_ == 0) {
      const std::size_t take = std::min(header_.size() - header_have_, bytes.size());
      std::copy_n(bytes.begin(), take, header_.begin() + static_cast<std::ptrdiff_t>(header_have_));
      header_have_ += take;
      bytes = bytes.subspan(take);
      if (header_have_ < header_.size()) return {};
      header_have_ = 0;
      if (auto counted = begin_frame(); !counted) return counted;
    }
    const std::size_t skip = std::min<std::size_t>(payload_left_, bytes.size());
    payload_left_ -= static_cast<std::uint32_t>(skip);
    bytes = bytes.subspan(skip);
    if (payload_left_ == 0 && head_pending_ && block_ends_) head_pending_ = false;
  }
  return {};
}

}  // namespace weir
