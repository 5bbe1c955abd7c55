// What a CAPEv2 answers (web/apiv2), read without trust. Failures come with HTTP 200 and
// "error": true. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/json_reader.h"
#include "sandbox_client/report.h"
#include "sandbox_client/rest.h"

namespace weir {

// The error that the answer is, with error_value; nothing if it is none.
std::optional<Error> cape_error(const JsonValue& json);

// tasks/create/file/: the tasks that were made, one for each file of an archive; 1 to 64.
Result<std::vector<std::int64_t>> cape_task_ids(const JsonValue& json);

enum class CapeState : std::uint8_t { under_way, reported, failed };

// tasks/status/N/. A state that we do not know is under way: the deadline ends it.
Result<CapeState> cape_state(const JsonValue& json);

// tasks/search/sha256/H/: those that carry our mark, and the newest report not older than `oldest`.
struct CapeTasks {
  std::vector<std::int64_t> ours;
  std::optional<std::int64_t> reported;
};
Result<CapeTasks> cape_tasks(const JsonValue& json, const std::string& mark, WallTime oldest);

// tasks/get/iocs/N/ (inside data) or tasks/get/report/N/json/ (the whole). The score of 0 to 10
// becomes 0 to 100; a family that it detects is malicious whatever the score.
Result<SandboxReport> cape_report(const JsonValue& json, const std::string& sha256,
                                  const ScoreLimits& limits);

// The version that the report names, "" if none.
std::string cape_version(const JsonValue& json);

// "7,8" and back; nothing if it is no such list.
std::string cape_ticket(const std::vector<std::int64_t>& ids);
std::optional<std::vector<std::int64_t>> cape_ticket_ids(const std::string& ticket);

}  // namespace weir
