// The audit log: what administrators did with kept files, and what the gateway did by itself, one
// JSON object a line, appended and synced before the caller goes on. Nothing in it is ever changed.
// Several processes may append; any thread. Blocks on the disk.
#pragma once

#include <string>

#include "core/result.h"
#include "sandbox_client/quarantine.h"

namespace weir {

std::string audit_path(const std::string& state_dir);  // <state_dir>/audit.jsonl
std::string audit_line(const AuditRecord& record);     // with its newline. Pure
Result<> append_audit(const std::string& path, const AuditRecord& record);

// Who runs this program: "alice", or "alice as root" below sudo; "uid 1000" without a name.
std::string acting_user();

}  // namespace weir
