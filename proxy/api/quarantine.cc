// GET /quarantine, GET /quarantine/{sha256}, POST …/release, POST …/delete
#include <algorithm>
#include <array>

#include "proxy/api/handlers.h"
#include "proxy/api/query.h"
#include "proxy/quarantine_rows.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

constexpr std::uint64_t kDefaultRows = 100, kMostRows = 1000;
constexpr auto kStates = std::to_array<std::string_view>({"held", "blocked", "released"});

// What must hold for all of them.
std::optional<ApiAnswer> refused(const ApiRequest& request, const ApiWorld& world) {
  if (world.quarantine() == nullptr) {
    return api_problem(404, "nothing is kept: the setting quarantine.files is off");
  }
  if (!request.captures.empty() && !is_sha256_hex(request.captures.front())) {
    return api_problem(400, "a SHA-256 has 64 hex digits in lower case");
  }
  const auto good = request.captures.empty() ? Result<>{} : ApiQuery(request.query).done();
  if (!good) return api_problem(400, good.error().what);
  return std::nullopt;
}

ApiAnswer not_there() { return api_problem(404, "this file is not in quarantine"); }

using Act = AuditRecord (Quarantine::*)(const std::string& sha256, const std::string& actor);

ApiAnswer do_act(const ApiRequest& request, ApiWorld& world, Act act) {
  if (auto answer = refused(request, world)) return std::move(*answer);
  const std::string& sha256 = request.captures.front();
  if (!world.quarantine()->find(sha256)) return not_there();
  const AuditRecord record = (world.quarantine()->*act)(sha256, "api:" + request.who);
  const bool audited = world.audit(record, request);
  if (!record.done) return api_problem(500, "it was not done: " + record.detail);
  if (!audited) {
    return api_problem(500, "it was done, but the audit log cannot be written; see the log");
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("act", record.act);
  json.member("sha256", record.sha256);
  json.member("done", true);
  json.end_object();
  return api_json(body + "\n");
}

}  // namespace

ApiAnswer api_quarantine(const ApiRequest& request, ApiWorld& world) {
  if (auto answer = refused(request, world)) return std::move(*answer);
  ApiQuery query(request.query);
  QuarantinePage page;
  const std::uint64_t most = std::min<std::uint64_t>(kMostRows, world.settings().api.page_rows);
  page.state = quarantine_state_of(query.word("state", kStates));
  page.rows = query.count("limit", 1, most, std::min(kDefaultRows, most));
  page.after = query.text("cursor");
  if (!page.after.empty() && !is_sha256_hex(page.after)) {
    query.wrong("cursor", "is no 'next' of a page before");
  }
  if (const auto good = query.done(); !good) return api_problem(400, good.error().what);
  const auto found = world.quarantine()->list(page);
  if (!found) return api_trouble(found.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.begin_array("files");
  for (const QuarantineEntry& entry : *found) add_entry(json, entry);
  json.end_array();
  if (found->size() == page.rows) json.member("next", found->back().sha256);
  json.end_object();
  return api_json(body + "\n");
}

ApiAnswer api_quarantined(const ApiRequest& request, ApiWorld& world) {
  if (auto answer = refused(request, world)) return std::move(*answer);
  const auto entry = world.quarantine()->find(request.captures.front());
  if (!entry) return not_there();
  return api_json(entry_json(*entry));
}

ApiAnswer api_release(const ApiRequest& request, ApiWorld& world) {
  return do_act(request, world, &Quarantine::release);
}

ApiAnswer api_delete(const ApiRequest& request, ApiWorld& world) {
  return do_act(request, world, &Quarantine::remove);
}

}  // namespace weir
