// GET, POST and DELETE /lists: what people here block and allow.
#include <algorithm>
#include <array>

#include "core/json_writer.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"
#include "proxy/local_lists.h"

namespace weir {
namespace {

constexpr std::uint64_t kDefaultRows = 100;
constexpr auto kActions = std::to_array<std::string_view>({"block", "allow"});

void add_listed(JsonWriter& json, const LocalEntry& entry) {
  json.begin_object();
  json.member("action", entry.allow ? "allow" : "block");
  json.member("kind", indicator_kind_name(entry.kind));
  json.member("value", entry.value);
  if (entry.added != WallTime{}) json.member("added", iso_time(entry.added));
  if (entry.expiry != WallTime{}) json.member("expires", iso_time(entry.expiry));
  json.member("why", entry.why);
  json.end_object();
}

std::string what_of(const LocalEntry& entry) {
  return std::string(indicator_kind_name(entry.kind)) + " " + entry.value +
         (entry.expiry == WallTime{} ? "" : " until " + iso_time(entry.expiry)) +
         (entry.why.empty() ? "" : ": " + entry.why);
}

ApiAnswer problem_of(const Error& error) {
  const bool theirs = error.code == Errc::invalid;
  return theirs ? api_problem(400, error.what) : api_trouble(error);
}

// Whatever was tried is in the audit log; what only was no indicator is nothing that was tried.
ApiAnswer tell(const ApiRequest& request, ApiWorld& world, const std::string& act,
               const std::string& asked, const Result<LocalEntry>& done) {
  if (!done && done.error().code == Errc::invalid) return problem_of(done.error());
  AuditRecord record{.time = {},
                     .actor = {},
                     .act = act,
                     .sha256 = {},
                     .done = done.has_value(),
                     .detail = done ? what_of(*done) : asked + ": " + done.error().what};
  const bool audited = world.audit(std::move(record), request);
  if (!done) return problem_of(done.error());
  if (!audited) {
    return api_problem(500, "it was done, but the audit log cannot be written; see the log");
  }
  std::string body;
  JsonWriter json(body);
  add_listed(json, *done);
  return api_json(body + "\n");
}

}  // namespace

// The cursor is a place in the list: an entry that goes meanwhile moves those behind it.
ApiAnswer api_lists(const ApiRequest& request, ApiWorld& world) {
  ApiQuery query(request.query);
  const std::uint64_t most = world.settings().api.page_rows;
  const std::uint64_t limit = query.count("limit", 1, most, std::min(kDefaultRows, most));
  const std::uint64_t from = query.count("cursor", 1, LocalList::kMost, 0);
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  const auto list = LocalList::load(local_list_path(world.settings()));
  if (!list) return api_trouble(list.error());
  const std::vector<LocalEntry>& entries = list->entries();
  const std::uint64_t end = std::min<std::uint64_t>(from + limit, entries.size());
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.begin_array("entries");
  for (std::uint64_t i = from; i < end; ++i) add_listed(json, entries[i]);
  json.end_array();
  if (end < entries.size()) json.member("next", std::to_string(end));
  json.end_object();
  return api_json(body + "\n");
}

ApiAnswer api_put_on_list(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  ApiQuery members = ApiQuery::of_json(request.body);
  const std::string action = members.word("action", kActions);
  if (!members.has("action")) members.wrong("action", "is missing: block or allow");
  LocalWish wish{.indicator = members.text("indicator"),
                 .allow = action == "allow",
                 .lasting = members.text("for"),
                 .why = members.text("why")};
  if (wish.indicator.empty()) members.wrong("indicator", "is missing");
  if (const auto good = members.done(); !good) return api_problem(400, good.error().what);
  const std::scoped_lock turn(world.lists);
  return tell(request, world, action, wish.indicator,
              put_on_local_list(world.settings(), wish, world.now()));
}

ApiAnswer api_unlist(const ApiRequest& request, ApiWorld& world) {
  ApiQuery query(request.query);
  const std::string indicator = query.text("indicator");
  if (indicator.empty()) query.wrong("indicator", "is missing");
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  const std::scoped_lock turn(world.lists);
  return tell(request, world, "unlist", indicator,
              take_off_local_list(world.settings(), indicator, world.now()));
}

}  // namespace weir
