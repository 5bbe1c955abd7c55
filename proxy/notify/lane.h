// One outlet: takes parcels from the outbox, oldest first, and sends them. After a failure the
// whole lane rests, as the server is probably down, and the parcel waits longer with each try, so
// that one that is always refused does not keep the others. One thread.
#pragma once

#include <functional>
#include <string>

#include "core/log.h"
#include "core/metrics.h"
#include "core/random.h"
#include "proxy/notify/outbox.h"
#include "sandbox_client/pacing.h"

namespace weir {

using SendParcel = std::function<Result<>(const Parcel&)>;

class Lane {
 public:
  struct Parts {
    Outbox& outbox;
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Log& log;
  };
  Lane(std::string name, SendParcel send, Duration give_up, const Parts& parts);

  // Sends one, if one is due. How long nothing needs to be done then, at most a minute.
  Duration step();
  const std::string& name() const { return name_; }

 private:
  Result<Duration> try_one();
  Duration failed(const Parcel& parcel, const Error& error);

  const std::string name_;
  const SendParcel send_;
  const Duration give_up_;
  const Parts parts_;
  Counter& sent_;
  Counter& failures_;
  Counter& given_up_;
  Gauge& waiting_;
  unsigned in_a_row_ = 0;  // failures
  SteadyTime not_before_{};
};

}  // namespace weir
