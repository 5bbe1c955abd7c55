// Where notices go beside the event log: a webhook, a mail server (settings notify.*). A thread for
// each; what waits is in an outbox on the disk. Owned by the app.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "conf/settings.h"
#include "proxy/notify/lane.h"

namespace weir {

class Outlets {
 public:
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Log& log;
  };
  // All of `parts` outlive it. The outbox is <state_dir>/notices.sqlite.
  static Result<std::unique_ptr<Outlets>> start(const Parts& parts);
  ~Outlets();
  Outlets(const Outlets&) = delete;
  Outlets& operator=(const Outlets&) = delete;

  // Severe enough? Then it is on the disk when this returns. Any thread that may wait for it.
  void put(const Notice& notice);

 private:
  explicit Outlets(const Parts& parts) : parts_(parts) {}
  void add_webhook();
  void add_mail();
  void add(std::string name, SendParcel send);
  void run(Lane& lane);

  const Parts parts_;
  int least_severity_ = 0;
  std::atomic<bool> stop_{false};  // also ends transfers under way
  std::unique_ptr<Outbox> outbox_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::string> names_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t puts_ = 0;  // under mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace weir
