// What sandboxes answer: JSON, CAPE, Cuckoo 3, webhooks, the local worker. The first byte picks the
// reader.
#include <cstdlib>

#include "sandbox_client/cape_answers.h"
#include "sandbox_client/cuckoo3.h"
#include "sandbox_client/judgement.h"
#include "sandbox_client/local_wire.h"
#include "sandbox_client/webhook.h"

namespace {

using namespace weir;

const std::string kSha(64, 'a');

void check(const SandboxReport& report) {
  const auto judgement = judge(report, "");
  if (!judgement) return;
  if (judgement->verdict.score > 100) abort();
  const auto again = parse_report(judgement->report_json);
  if (!again || !(*again == report)) abort();
}

void read_cape(const JsonValue& json) {
  (void)cape_state(json);
  (void)cape_version(json);
  if (const auto ids = cape_task_ids(json)) {
    if (cape_ticket_ids(cape_ticket(*ids)) != *ids) abort();
  }
  const auto tasks = cape_tasks(json, "weir-1", WallTime());
  if (tasks && tasks->ours.size() > 64) abort();
  if (const auto report = cape_report(json, kSha, {})) check(*report);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 4 == 3) {
    if (const auto report = read_local_answer(text); report && *report) check(**report);
    return 0;
  }
  (void)cape_ticket_ids(text);
  const auto json = read_json(text);
  if (!json) return 0;
  switch (data[0] % 4) {
    case 0: read_cape(*json); break;
    case 1:
      (void)cuckoo3_id(*json);
      if (const auto report = cuckoo3_report(*json, kSha, {}); report && *report) check(**report);
      break;
    default:
      if (const auto report = webhook_report(*json, text, kSha); report && *report) check(**report);
  }
  return 0;
}
