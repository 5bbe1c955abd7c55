#include "proxy/events/event_search.h"

#include <string.h>

#include <algorithm>

#include "core/json_writer.h"
#include "proxy/events/event_files.h"

namespace weir {
namespace {

// Lines come from several loops through one queue: a little out of order.
constexpr std::chrono::seconds kSlack{10};

std::string as_written(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

// A part of a string: without its quotes.
std::string part_as_written(std::string_view text) {
  const std::string whole = as_written(text);
  return whole.substr(1, whole.size() - 2);
}

bool is_or_below(std::string_view host, std::string_view domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

EventMatcher::EventMatcher(EventFilter filter) : filter_(std::move(filter)) {
  const auto need = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) needed_.push_back(std::string(key) + as_written(value));
  };
  need("\"uid\":", filter_.id);
  need("\"ip\":", filter_.client);
  need("\"name\":", filter_.user);
  need("\"name\":", filter_.rule);
  need("\"verdict\":", filter_.verdict);
  need("\"action\":", filter_.action);
  need("\"notice\":", filter_.notice);
  need("", filter_.sha256);
  for (const std::string* part : {&filter_.host, &filter_.url, &filter_.finding}) {
    if (!part->empty()) needed_.push_back(part_as_written(*part));
  }
}

std::optional<EventView> EventMatcher::match(std::string_view line) const {
  for (const std::string& part : needed_) {
    if (::memmem(line.data(), line.size(), part.data(), part.size()) == nullptr) {
      return std::nullopt;
    }
  }
  if (filter_.from || filter_.to) {
    const auto times = times_of_event_line(line);
    if (!times || (filter_.from && times->began < *filter_.from) ||
        (filter_.to && times->began > *filter_.to)) {
      return std::nullopt;
    }
  }
  auto event = view_event(line);
  if (event && !holds(*event)) event.reset();
  return event;
}

bool EventMatcher::is_past(std::string_view line) const {
  if (!filter_.from) return false;
  const auto times = times_of_event_line(line);
  return times && times->ended + kSlack < *filter_.from;
}

bool EventMatcher::holds(const EventView& event) const {
  const auto is = [](const std::string& wanted, const std::string& there) {
    return wanted.empty() || wanted == there;
  };
  return is(filter_.id, event.id) && is(filter_.client, event.client) &&
         is(filter_.user, event.user) && is(filter_.rule, event.rule) &&
         is(filter_.verdict, event.verdict) && is(filter_.action, event.action) &&
         is(filter_.notice, event.notice) &&
         (filter_.host.empty() || is_or_below(event.host, filter_.host)) &&
         event.url.find(filter_.url) != event.url.npos &&
         (filter_.sha256.empty() || event.sha256 == filter_.sha256 ||
          has(event.inside, filter_.sha256)) &&
         (filter_.finding.empty() ||
          std::ranges::any_of(event.findings, [&](const std::string& name) {
            return name.find(filter_.finding) != name.npos;
          }));
}

Result<void> search_events(const std::string& path, const EventFilter& filter,
                           const EventVisitor& visit) {
  const EventMatcher matcher(filter);
  return EventFiles(path).newest_first([&](std::string_view line) {
    if (matcher.is_past(line)) return false;
    const auto event = matcher.match(line);
    return !event || visit(*event, line);
  });
}

}  // namespace weir
