// From a report to what is remembered of a file. Pure functions.
#pragma once

#include "sandbox_client/engine.h"
#include "sandbox_client/report.h"

namespace weir {

// The verdict of a report, with its report_json. One that was not run, or of which nothing is
// known, is an error as engine.h says: unsupported or crashed.
Result<Judgement> judge(const SandboxReport& report, std::string versions);

}  // namespace weir
