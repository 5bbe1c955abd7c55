// The keys of session tickets, ours as a server: one that seals, two older ones that still open.
// Shared by all loops; any thread. A ticket under an unknown key is a full handshake, nothing
// worse.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "core/clock.h"
#include "core/result.h"

struct ssl_ctx_st;

namespace weir {

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};
  std::array<unsigned char, 32> mac{};
};

struct TicketRing {
  static constexpr std::size_t kKeys = 3;
  std::array<std::shared_ptr<const TicketKey>, kKeys> keys;  // newest first; may hold nulls
};

class TicketKeys {
 public:
  TicketKeys(Duration rotation, SteadyTime now, std::shared_ptr<const TicketKey> first);
  static Result<std::unique_ptr<TicketKeys>> make(Duration rotation, SteadyTime now);

  void rotate_if_due(SteadyTime now);  // once for each period that has passed
  TicketRing ring() const;
  // Must outlive the context. Uses its app data.
  void install(ssl_ctx_st* context);

 private:
  const Duration rotation_;
  mutable std::mutex mutex_;  // held for the copy of three pointers
  TicketRing ring_;
  SteadyTime rotated_{};
};

}  // namespace weir
