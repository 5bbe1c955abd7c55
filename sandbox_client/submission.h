// What travels to a sandbox, and where it stands. Plain data, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/finding.h"

namespace weir {

// One file for a sandbox. Who downloads it is no part of it: however many do, it goes once.
struct Submission {
  std::string sha256;                            // lower-case hex
  std::string name;                              // as the client would see it; remote text
  std::string source_url;                        // remote text
  std::string type;                              // file_type_name
  std::string password;                          // opens the archive; "" = none. Never logged.
  std::string engine;                            // the only one that may have it; "" = any
  std::uint64_t size = 0;                        // bytes
  std::int32_t priority = 0;                     // higher goes first: somebody waits for it
  Duration deadline = std::chrono::minutes(30);  // from being added to having a report
};

enum class SubmissionState : std::uint8_t {
  waiting,     // nothing has been sent
  submitting,  // the intent is on the disk; the engine may or may not have it
  submitted,   // the engine gave a ticket
  finished,    // there is a report
  failed,      // no engine can or will make one
  expired,     // the deadline passed
};

inline std::string_view submission_state_name(SubmissionState state) {
  switch (state) {
    case SubmissionState::waiting: return "waiting";
    case SubmissionState::submitting: return "submitting";
    case SubmissionState::submitted: return "submitted";
    case SubmissionState::finished: return "finished";
    case SubmissionState::failed: return "failed";
    case SubmissionState::expired: return "expired";
  }
  return "unknown";
}

inline bool is_terminal(SubmissionState state) { return state >= SubmissionState::finished; }

// A submission that an engine is to have, or has.
struct Work {
  std::int64_t id = 0;
  Submission submission;
  std::string key;         // made with the intent, goes along: the engine can be asked for it
  std::string ticket;      // "" until there is one
  unsigned attempts = 0;   // intents for this engine so far, this one included
  bool uncertain = false;  // it may have been sent already: look for the key first
  WallTime added{};        // to the queue
};

// A submission that came to its end and whose end has not been told yet.
struct Ended {
  std::int64_t id = 0;
  Submission submission;
  SubmissionState state = SubmissionState::failed;
  std::string engine;            // that had it last; "" = none
  Reason reason = Reason::none;  // why there is no report
  std::string why;               // for an administrator; "" when finished
  std::uint64_t joins = 0;       // how many more asked for it while it was under way
};

}  // namespace weir
