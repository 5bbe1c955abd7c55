// Looking back, the part without a thread: what of the history does an index list now, who got it,
// and the notice that says so. Blocks on the disk, for minutes over a large history.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "feeds/index.h"
#include "proxy/events/notice.h"
#include "sandbox_client/history.h"
#include "sandbox_client/verdict_memory.h"

namespace weir {

// Something of the past that is known to be bad now.
struct Suspect {
  std::string kind;       // "hash", "host", "url"
  std::string value;      // as the history has it
  std::string indicator;  // the listed value, or "sandbox"
  std::string source;     // the feed or the engine
  std::string threat;     // its word for it
  std::string note;
  std::string late_event;  // a transaction that ended after this was known; "" = none

  // What is told once. A late event is told by itself, with all that the other is told with.
  std::string key() const;
  std::string key_of_all() const;  // without the late event
};

Suspect suspect_of(const std::string& sha256, const SandboxVerdict& verdict);

// Who got it: one entry for each client and user, the first time first.
struct Receipt {
  WallTime first{};
  std::string client, user, url, file_name, sha256, event_id;  // of the first time
  bool inside = false;  // then, the suspect was inside that file
  std::uint64_t times = 0;
};
struct Sightings {
  std::vector<Receipt> receipts;
  std::uint64_t deliveries = 0;
  std::uint64_t inside = 0;  // deliveries of other files, with the suspect inside
  bool complete = true;      // false: there were more rows or people than are looked at
  bool news = false;         // some went before anybody knew
};

// The visitor says whether to go on.
using SuspectVisitor = std::function<bool(Suspect)>;

struct LookBack {
  const Index& now;
  const Index* before;  // what this lists was asked about already; null: nothing was
  WallTime time{};      // entries that expired before are none
  bool urls = true;     // reads each row
  const std::atomic<bool>* stop = nullptr;  // ends it when true
};

// Each suspect of the history, some more than once; whether anybody got it is another question.
Result<> find_suspects(History& history, const LookBack& ask, const SuspectVisitor& visit);

// Whether the index lists what this row has, for a row that was written while the index changed.
std::optional<Suspect> suspect_in(const DeliveryRecord& row, const Index& index, WallTime now);

Result<Sightings> who_got(History& history, const Suspect& suspect, WallTime since);

// "patient-zero", bounded whatever there is.
Notice patient_zero(const Suspect& suspect, const Sightings& sightings, WallTime now);

}  // namespace weir
