// GET /reputation
#include "feeds/reputation.h"

#include "core/json_writer.h"
#include "feeds/index_question.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"

namespace weir {
namespace {

void add_hit(JsonWriter& json, const Hit& hit) {
  const auto add_time = [&](const char* key, WallTime time) {
    if (time != WallTime{}) json.member(key, iso_time(time));
  };
  json.begin_object();
  json.member("source", hit.source);
  json.member("threat", threat_name(hit.threat));
  json.member("kind", indicator_kind_name(hit.kind));
  json.member("matched", hit.matched);
  json.member("confidence", unsigned{hit.confidence});
  if (!hit.category.empty()) json.member("category", hit.category);
  if (!hit.note.empty()) json.member("note", hit.note);
  add_time("first_seen", hit.first_seen);
  add_time("last_seen", hit.last_seen);
  add_time("expires", hit.expiry);
  json.end_object();
}

}  // namespace

ApiAnswer api_reputation(const ApiRequest& request, ApiWorld& world) {
  ApiQuery query(request.query);
  const std::string value = query.text("value");
  if (value.empty()) query.wrong("value", "is missing: a host, URL, address, range or digest");
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  const auto what = local_entry(value);
  if (!what) return api_problem(400, what.error().what);
  const auto index = world.index();
  const Hits hits = ask_index(*index, *what, value, world.now());
  const Reputation counted = reputation_of(hits);
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("kind", indicator_kind_name(what->kind));
  json.member("value", what->value);
  json.member("listed", counted.listed());
  json.begin_array("hits");
  for (const Hit& hit : hits) add_hit(json, hit);
  json.end_array();
  json.end_object();
  return api_json(body + "\n");
}

}  // namespace weir
