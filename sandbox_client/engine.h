// One kind of sandbox behind one interface: look for a file, hand it over, ask for the report.
// Calls block; one thread at a time for each engine, never an event loop. All that comes back is
// hostile: bounded, and judged only after all of it was understood.
//
// What an error says (its code decides, see runner.cc):
//   retryable              nothing was handed over; another time
//   busy                   the same, and no sign of trouble: the engine has asked for patience
//   unsupported, too_large the engine will never take this file; another engine may
//   crashed                it took the file and failed over it; another engine may
//   not_found              of poll(): it does not know the ticket any more; hand the file over
//   again any other              of submit(): it may or may not have the file; look for it first
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "core/result.h"
#include "sandbox_client/submission.h"
#include "sandbox_client/verdict_memory.h"

namespace weir {

// What an engine says of a file in the end.
struct Judgement {
  SandboxVerdict verdict;
  std::string report_json;    // as write_report() writes it
  std::string raw_json = {};  // what the engine itself said, one valid JSON value; "" = the same
};

// What an engine already has of a file. Neither: nothing.
struct Found {
  std::optional<Judgement> judgement;
  std::string ticket;  // of a submission with our key that is under way
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual std::string_view name() const = 0;
  virtual bool takes(const Submission& submission) const = 0;  // any thread

  // By work.key, and unless the work is uncertain also by its hash: a report can be used again.
  virtual Result<Found> find(const Work& work) = 0;

  // The ticket, at most 1 KiB. work.key goes along, to be found by.
  virtual Result<std::string> submit(const Work& work, UniqueFd file) = 0;

  // Nothing: not ready yet.
  virtual Result<std::optional<Judgement>> poll(const Work& work) = 0;

  // Between two polls of a ticket.
  virtual Duration poll_pause() const = 0;
};

}  // namespace weir
