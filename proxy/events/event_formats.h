// Events for collectors that do not speak OCSF: the Elastic Common Schema (ECS 8.11, nested JSON)
// and ArcSight's Common Event Format (CEF 0, revision 25). Each is one line without the newline,
// whatever bytes the record holds. Pure functions; docs/events.md maps the fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/events/notice.h"
#include "proxy/transaction_record.h"

namespace weir {

enum class EventFormat : std::uint8_t { ocsf, ecs, cef };

std::optional<EventFormat> event_format(std::string_view name);  // "ocsf", "ecs", "cef"

// A server's URL, and what is sent there: "?format=cef" behind it, or OCSF. nullopt: something else
// is behind it. The view is into `url`.
struct EventServer {
  std::string_view url;
  EventFormat format = EventFormat::ocsf;
};
std::optional<EventServer> event_server(std::string_view url);

std::string ecs_line(const TransactionRecord& record);
std::string ecs_line(const Notice& notice);
std::string cef_line(const TransactionRecord& record);
std::string cef_line(const Notice& notice);

std::string event_line(EventFormat format, const TransactionRecord& record);
std::string event_line(EventFormat format, const Notice& notice);

}  // namespace weir
