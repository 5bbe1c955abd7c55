#include "proxy/readiness.h"

#include "core/json_writer.h"

namespace weir {

std::string readiness_json(const Readiness& found) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ready", found.ready());
  json.member("scanners", found.scanners);
  json.member("signer", found.signer);
  json.member("accepting", found.events && !found.draining);
  json.begin_array("reasons");
  if (!found.scanners) json.string("no scan engine is loaded: it ended and is being started again");
  if (!found.signer) json.string("weir-sign ended and is being started again");
  if (!found.events) json.string("events cannot be written, and events.on_full is refuse");
  if (found.draining) json.string("draining: the gateway is about to stop");
  json.end_array();
  json.begin_array("warnings");
  for (const std::string& warning : found.warnings) json.string(warning);
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weir
