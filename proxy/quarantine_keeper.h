// The quarantine as the gateway uses it: files come from event loops into a bounded queue, a thread
// of its own encrypts them, writes the audit log and removes what was kept long enough. A full
// queue refuses and counts; nobody waits. What is queued when it ends is still kept.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "conf/settings.h"
#include "core/log.h"
#include "core/metrics.h"
#include "sandbox_client/quarantine.h"

namespace weir {

std::string quarantine_folder(const Settings& settings);
Result<std::unique_ptr<Quarantine>> open_quarantine(const Settings& settings, const Clock& clock,
                                                    Random& random);

struct ScanSubject;
struct TransactionRecord;

class QuarantineKeeper {
 public:
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Log& log;
  };
  // Null when quarantine.files is off. All of `parts` outlive it.
  static Result<std::unique_ptr<QuarantineKeeper>> open(const Parts& parts);
  ~QuarantineKeeper();
  QuarantineKeeper(const QuarantineKeeper&) = delete;
  QuarantineKeeper& operator=(const QuarantineKeeper&) = delete;

  // Whether the settings want files of this state (held, blocked). Any thread.
  bool wants(QuarantineState state) const;
  // Takes the file and what is known of it; never waits. entry.sha256 is what the file has; state,
  // name, URL, client, user, reason and event are kept. False: not wanted, or the queue is full.
  // Any thread, event loops too.
  bool keep(QuarantineEntry entry, UniqueFd file);

  // The file of a transaction, if it is wanted.
  void keep(QuarantineState state, const ScanSubject& file, const TransactionRecord& record);

  // A held file that turned out to be harmless goes. Any thread but an event loop.
  void let_go(const std::string& sha256);

  void flush();  // returns when all that was given before is kept, or has failed; blocks
  Quarantine& quarantine() { return *quarantine_; }  // any thread but an event loop

 private:
  struct Waiting {
    QuarantineEntry entry;
    UniqueFd file;
  };
  QuarantineKeeper(const Parts& parts, std::unique_ptr<Quarantine> quarantine);
  void run();
  void keep_one(const Waiting& one);
  void expire();
  void audit(const AuditRecord& record);

  const Parts parts_;
  const bool held_, blocked_;
  std::unique_ptr<Quarantine> quarantine_;
  Counter& kept_;
  Counter& failed_;
  Counter& dropped_;
  Gauge& bytes_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Waiting> queue_;  // under mutex_, as the next two
  bool stopping_ = false, working_ = false;
  std::jthread thread_;
};

}  // namespace weir
