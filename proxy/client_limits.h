// Counts client connections in total and by address, so that one client cannot take them all. Any
// thread; a lease gives its place back when destroyed.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "conf/settings.h"
#include "core/net_addr.h"

namespace weir {

class ClientLimits {
 public:
  class Lease {
   public:
    Lease(ClientLimits& owner, const IpAddress& client) : owner_(&owner), client_(client) {}
    Lease(Lease&& other) noexcept : owner_(other.owner_), client_(other.client_) {
      other.owner_ = nullptr;
    }
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (owner_ != nullptr) owner_->give_back(client_);
    }

   private:
    ClientLimits* owner_;
    IpAddress client_;
  };

  explicit ClientLimits(const LimitSettings& limits) : limits_(limits) {}
  std::optional<Lease> take(const IpAddress& client);  // nullopt: a limit is reached
  std::uint32_t total() const;

 private:
  void give_back(const IpAddress& client);
  struct Hash {
    std::size_t operator()(const IpAddress& address) const;
  };
  const LimitSettings& limits_;
  mutable std::mutex mutex_;
  std::uint32_t total_ = 0;
  std::unordered_map<IpAddress, std::uint32_t, Hash> by_client_;
};

}  // namespace weir
