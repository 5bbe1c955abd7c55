#include "proxy/events/event_formats.h"

#include "proxy/events/event_log.h"

namespace weir {

std::optional<EventFormat> event_format(std::string_view name) {
  if (name == "ocsf") return EventFormat::ocsf;
  if (name == "ecs") return EventFormat::ecs;
  if (name == "cef") return EventFormat::cef;
  return std::nullopt;
}

std::optional<EventServer> event_server(std::string_view url) {
  constexpr std::string_view kFormat = "?format=";
  const auto mark = url.find('?');
  if (mark == url.npos) return EventServer{url};
  if (!url.substr(mark).starts_with(kFormat)) return std::nullopt;
  const auto format = event_format(url.substr(mark + kFormat.size()));
  if (!format) return std::nullopt;
  return EventServer{url.substr(0, mark), *format};
}

std::string event_line(EventFormat format, const TransactionRecord& record) {
  switch (format) {
    case EventFormat::ocsf: break;
    case EventFormat::ecs: return ecs_line(record);
    case EventFormat::cef: return cef_line(record);
  }
  return ocsf_line(record);
}

std::string event_line(EventFormat format, const Notice& notice) {
  switch (format) {
    case EventFormat::ocsf: break;
    case EventFormat::ecs: return ecs_line(notice);
    case EventFormat::cef: return cef_line(notice);
  }
  return notice_line(notice);
}

}  // namespace weir
