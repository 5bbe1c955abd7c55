// What goes over the socket of weir-detonate, one file for each connection (AF_UNIX, stream):
//
//   client: length[4, big-endian] head, with the file's descriptor beside the first byte
//           (SCM_RIGHTS); the head is JSON: {"sha256","name","seconds"}, and nothing else
//   worker: length[4, big-endian] report, as write_report() writes it; then it closes
//
// A connection that ends before the report ended the run. Plain functions.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "sandbox_client/report.h"
#include "sandbox_client/submission.h"

namespace weir {

// The head with its length. The sample runs for so many seconds, 1 to 600.
std::string local_request(const Submission& submission, int seconds);

// All at once, from the descriptor that is connected; `file` is not taken.
Result<> send_local_request(int socket, const std::string& request, int file);

// The report, once all of it is in `bytes`; nothing before. An error as soon as it can be none.
Result<std::optional<SandboxReport>> read_local_answer(std::string_view bytes);

}  // namespace weir
