#include "proxy/client_limits.h"

#include <functional>
#include <string_view>

namespace weir {

std::size_t ClientLimits::Hash::operator()(const IpAddress& address) const {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

std::optional<ClientLimits::Lease> ClientLimits::take(const IpAddress& client) {
  const std::lock_guard lock(mutex_);
  if (total_ >= limits_.connections) return std::nullopt;
  std::uint32_t& count = by_client_[client];
  if (count >= limits_.connections_per_client) return std::nullopt;
  ++count;
  ++total_;
  return Lease(*this, client);
}

std::uint32_t ClientLimits::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void ClientLimits::give_back(const IpAddress& client) {
  const std::lock_guard lock(mutex_);
  --total_;
  const auto entry = by_client_.find(client);
  if (--entry->second == 0) by_client_.erase(entry);
}

}  // namespace weir
