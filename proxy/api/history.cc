// GET /history, /history/{event}, /timeline
#include <algorithm>

#include "core/json_writer.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"
#include "proxy/history_question.h"
#include "proxy/history_rows.h"

namespace weir {
namespace {

constexpr std::uint64_t kDefaultRows = 100;
constexpr std::uint64_t kMostMinutes = 100'000;
constexpr std::chrono::minutes kLinkMinutes{5};

constexpr std::string_view kKinds[] = {"client", "user", "host",    "domain", "hash",
                                       "url",    "file", "verdict", "action"};

ApiAnswer no_history() {
  return api_problem(404, "nothing is recorded: the setting history.record is off");
}

HistoryPage page_of(ApiQuery& query, const ApiRequest& request, const ApiWorld& world) {
  HistoryPage page;
  const std::uint64_t most = world.settings().api.page_rows;
  page.rows = query.count("limit", 1, most, std::min(kDefaultRows, most));
  page.stop = request.stop;
  page.before =
      static_cast<std::int64_t>(query.count("cursor", 1, static_cast<std::uint64_t>(INT64_MAX), 0));
  return page;
}

void add_row(JsonWriter& json, const DeliveryRecord& row, const ApiWorld& world,
             std::chrono::minutes minutes) {
  std::string line = row_json(row, links_of(world.settings().links, row, minutes));
  if (line.ends_with('\n')) line.pop_back();
  json.raw(line);
}

// `next`: "" = there are no more.
std::string rows_text(const std::vector<DeliveryRecord>& rows, std::int64_t next,
                      const ApiWorld& world, std::chrono::minutes minutes) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.begin_array("rows");
  for (const DeliveryRecord& row : rows) add_row(json, row, world, minutes);
  json.end_array();
  if (next != 0) json.member("next", std::to_string(next));
  json.end_object();
  return body + "\n";
}

// The row of the event, or why there is none.
std::expected<DeliveryRecord, ApiAnswer> row_of_event(const std::string& id,
                                                      const ApiRequest& request, ApiWorld& world) {
  HistoryFilter filter;
  if (!ask_for_event(filter, id)) {
    return std::unexpected(api_problem(400, "an event id has 26 letters and digits"));
  }
  const auto found =
      world.history()->search(filter, {.rows = 1, .before = 0, .stop = request.stop});
  if (!found) return std::unexpected(api_trouble(found.error()));
  if (found->rows.empty()) {
    return std::unexpected(api_problem(404, "this event is not in the history"));
  }
  return found->rows.front();
}

struct Window {
  HistoryFilter filter;
  std::uint64_t minutes = 0;
};

bool names_somebody(const HistoryFilter& filter) {
  return !filter.client.empty() || !filter.user.empty();
}

// Whose rows around what; what is wrong goes into the query.
void read_who(ApiQuery& query, Window& window) {
  const std::string client = query.text("client"), user = query.text("user");
  if (!client.empty() && !ask_for(window.filter, "client", client)) {
    query.wrong("client", "is no address");
  }
  if (!user.empty()) window.filter.user = user;
}

}  // namespace

ApiAnswer api_history(const ApiRequest& request, ApiWorld& world) {
  if (world.history() == nullptr) return no_history();
  ApiQuery query(request.query);
  HistoryFilter filter;
  for (const std::string_view kind : kKinds) {
    const std::string value = query.text(kind);
    if (!value.empty() && !ask_for(filter, kind, value)) {
      query.wrong(kind, "is no " + std::string(kind));
    }
  }
  filter.from = query.time("since", world.now());
  filter.to = query.time("until", world.now());
  const HistoryPage page = page_of(query, request, world);
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  const auto found = world.history()->search(filter, page);
  if (!found) return api_trouble(found.error());
  return api_json(rows_text(found->rows, found->next, world, kLinkMinutes));
}

ApiAnswer api_delivery(const ApiRequest& request, ApiWorld& world) {
  if (world.history() == nullptr) return no_history();
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  const auto row = row_of_event(request.captures.front(), request, world);
  if (!row) return row.error();
  std::string body;
  JsonWriter json(body);
  add_row(json, *row, world, kLinkMinutes);
  return api_json(body + "\n");
}

// In the order of time, as a person reads it; `next` leads to what was before.
ApiAnswer api_timeline(const ApiRequest& request, ApiWorld& world) {
  if (world.history() == nullptr) return no_history();
  ApiQuery query(request.query);
  Window window;
  read_who(query, window);
  const std::string event = query.text("event");
  WallTime around = query.time("around", world.now()).value_or(world.now());
  window.minutes = query.count("minutes", 1, kMostMinutes, 5);
  const HistoryPage page = page_of(query, request, world);
  if (!names_somebody(window.filter) && event.empty()) {
    query.wrong("client", "is missing, or user, or event: whose timeline?");
  }
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  if (!event.empty()) {
    const auto row = row_of_event(event, request, world);
    if (!row) return row.error();
    if (!query.has("around")) around = row->time;
    if (!names_somebody(window.filter)) window.filter.client = row->client;
  }
  const auto minutes = std::chrono::minutes(window.minutes);
  window.filter.from = around - minutes;
  window.filter.to = around + minutes;
  auto found = world.history()->search(window.filter, page);
  if (!found) return api_trouble(found.error());
  std::ranges::reverse(found->rows);
  return api_json(rows_text(found->rows, found->next, world, minutes));
}

}  // namespace weir
