// GET /status, GET /openapi.yaml
#include "core/json_writer.h"
#include "proxy/api/description.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"

namespace weir {
namespace {

void add_history(JsonWriter& json, History& history) {
  const HistoryCounts counts = history.counts();
  json.begin_object("history");
  json.member("rows_written", counts.written);
  json.member("rows_dropped", counts.dropped);
  json.member("rows_failed", counts.failed);
  json.member("bytes", history.bytes());
  if (!counts.last_error.empty()) json.member("problem", counts.last_error);
  json.end_object();
}

}  // namespace

ApiAnswer api_status(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  const AdminApiParts& parts = world.parts();
  bool ready = false;
  std::string readiness = parts.readiness(ready);
  while (readiness.ends_with('\n')) readiness.pop_back();
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(parts.clock.steady() - world.started());
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("version", WEIR_VERSION);
  json.member("time", iso_time(world.now()));
  json.member("up_seconds", up.count());
  json.member("ready", ready);
  json.key("readiness");
  json.raw(readiness);
  json.member("policy", world.policy()->version());
  json.begin_object("feeds");
  const auto index = world.index();
  json.member("listed", index->size());
  if (index->built() != WallTime{}) json.member("built", iso_time(index->built()));
  json.end_object();
  if (world.history() != nullptr) add_history(json, *world.history());
  if (world.quarantine() != nullptr) {
    json.begin_object("quarantine");
    json.member("bytes", world.quarantine()->bytes());
    json.end_object();
  }
  json.begin_object("token");
  json.member("name", request.who);
  json.member("role", api_role_name(request.role));
  json.end_object();
  json.end_object();
  return api_json(body + "\n");
}

ApiAnswer api_description(const ApiRequest& request, ApiWorld&) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  return {.content_type = "application/yaml", .body = std::string(api_description_text())};
}

}  // namespace weir
