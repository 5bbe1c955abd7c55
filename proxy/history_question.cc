#include "proxy/history_question.h"

#include "core/net_addr.h"
#include "core/url.h"
#include "sandbox_client/placed_file.h"

namespace weir {

bool ask_for(HistoryFilter& filter, std::string_view kind, const std::string& value) {
  if (kind == "hash") {
    filter.sha256 = value;
    for (char& c : filter.sha256) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    return is_sha256_hex(filter.sha256);
  }
  if (kind == "host") {
    const auto host = canonical_host(value);
    if (host) filter.host = *host;
    return host.has_value();
  }
  if (kind == "client") {
    const auto address = IpAddress::parse(value);
    if (address) filter.client = address->text();
    return address.has_value();
  }
  if (kind == "user") filter.user = value;
  if (kind == "domain") filter.domain = value;
  if (kind == "url") filter.url_part = value;
  if (kind == "file") filter.name_part = value;
  if (kind == "verdict") filter.verdict = value;
  if (kind == "action") filter.action = value;
  return !value.empty();
}

void ask_for_whom(HistoryFilter& filter, const std::string& who) {
  if (!ask_for(filter, "client", who)) filter.user = who;
}

// ULID: 48 bits of milliseconds, five a letter.
std::optional<WallTime> time_of_event(std::string_view id) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t kTimeLetters = 10, kIdLetters = 26;
  if (id.size() != kIdLetters) return std::nullopt;
  std::uint64_t millis = 0;
  for (const char c : id.substr(0, kTimeLetters)) {
    const std::size_t digit = kLetters.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    millis = millis << 5 | digit;
  }
  if (millis >> 48 != 0) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(millis)));
}

bool ask_for_event(HistoryFilter& filter, const std::string& id) {
  constexpr std::chrono::minutes kNear{10};
  const auto time = time_of_event(id);
  if (!time) return false;
  filter.event_id = id;
  filter.from = *time - kNear;
  filter.to = *time + kNear;
  return true;
}

}  // namespace weir
