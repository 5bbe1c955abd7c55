// Counts what a peer makes us do, frame by frame, before the engine sees the bytes: floods of
// control frames, rapid resets (CVE-2023-44487), resets provoked in us (CVE-2025-8671) and endless
// header blocks (CVE-2024-27316). Sans-io; one per connection; a failed count ends the connection.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "conf/settings.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"

namespace weir {

enum class H2Role : std::uint8_t { server, client };  // server: towards our client

// At most `limit` events in any period that starts with one.
class H2Rate {
 public:
  H2Rate(const Clock& clock, std::uint32_t limit, Duration period)
      : clock_(clock), limit_(limit), period_(period) {}
  bool over();  // counts one; true if that is too many

 private:
  const Clock& clock_;
  std::uint32_t limit_;
  Duration period_;
  SteadyTime start_{};
  std::uint32_t count_ = 0;
};

class H2Meter {
 public:
  static constexpr std::uint32_t kMaxContinuations = 8;

  H2Meter(H2Role role, const LimitSettings& limits, const Clock& clock);

  // Looks at the frame headers in `bytes`, which may start and end anywhere. The error names the
  // limit that was passed.
  Result<void> scan(ByteView bytes);

  Result<void> count_reset();    // a stream ended by the peer, or by us through its fault
  Result<void> count_control();  // one that only the engine can see, as DATA that is all padding
  // A DATA frame of ours went out: the peer may answer it with window updates for free.
  void earn() { credit_ = credit_ < kMaxCredit ? credit_ + 2 : credit_; }

  // True while the preface or a header block is incomplete: someone may be holding us up.
  bool head_pending() const { return preface_left_ > 0 || head_pending_; }

 private:
  static constexpr std::uint32_t kMaxCredit = 4096;
  Result<void> begin_frame();
  Result<void> begin_block(std::uint32_t length);
  Result<void> flood(const char* what) const;

  H2Role role_;
  std::uint64_t max_block_;
  H2Rate resets_;
  H2Rate controls_;
  std::uint32_t credit_ = 0;
  std::size_t preface_left_;
  std::array<std::uint8_t, 9> header_{};
  std::size_t header_have_ = 0;
  std::uint32_t payload_left_ = 0;
  bool head_pending_ = false;
  bool block_ends_ = false;  // the frame in progress carries END_HEADERS
  std::uint64_t block_bytes_ = 0;
  std::uint32_t continuations_ = 0;
};

}  // namespace weir
