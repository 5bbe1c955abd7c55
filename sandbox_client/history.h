// The history of deliveries: who got this hash, who visited this host, what else did this client do
// around that time. append() hands a record to one thread that writes batches; it never waits, and
// what a full queue refuses is counted. The files (history_segment.h) in `folder` together keep to
// a time and to a size; the oldest file goes first. A kill loses at most the batch under way.
// append() from any thread, event loops too; searches block on the disk, any thread but those.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "sandbox_client/delivery_record.h"
#include "sandbox_client/history_segment.h"

namespace weir {

struct HistoryOptions {
  Duration keep = std::chrono::days(90);
  std::uint64_t max_bytes = 16ull << 30;   // of all files
  std::uint64_t segment_rows = 1'000'000;  // of one file
  std::size_t max_queued = 65'536;  // records that wait to be written; eight hashes inside are one
  Duration batch_wait = std::chrono::milliseconds(200);  // how long the first of a batch waits
};

struct HistoryCounts {
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;  // the queue was full
  std::uint64_t failed = 0;   // the disk was: last_error says why
  std::string last_error;
};

class History {
 public:
  // Makes the folder, mode 0700; its parent is there. `clock` outlives it.
  static Result<std::unique_ptr<History>> open(const std::string& folder,
                                               const HistoryOptions& options, const Clock& clock);
  // For another process, which only asks, whether or not somebody writes: append() drops.
  static Result<std::unique_ptr<History>> attach(const std::string& folder,
                                                 const HistoryOptions& options, const Clock& clock);
  ~History();  // writes what is queued

  bool append(DeliveryRecord record);  // false: dropped
  void flush();                        // returns when all that was appended before is written

  Result<HistoryRows> search(const HistoryFilter& filter, const HistoryPage& page);
  Result<HistoryRows> by_hash(const std::string& sha256, const HistoryPage& page = {});
  Result<HistoryRows> by_host(const std::string& host, const HistoryPage& page = {});
  Result<HistoryRows> by_client(const std::string& client, WallTime around,
                                std::chrono::minutes minutes, const HistoryPage& page = {});

  // For a hunt through what has been: each host or hash, once for each file that has it. The
  // visitor says whether to go on, and may search.
  Result<> each_host(const HistoryReader::Visitor& visit);
  Result<> each_hash(const HistoryReader::Visitor& visit);  // also of files inside others
  Result<> each_url(const HistoryReader::Visitor& visit);   // of each row: reads all of it

  HistoryCounts counts() const;
  std::uint64_t bytes() const;  // of all files

 private:
  // Readers are shared by searches, one at a time in each file.
  struct SharedReader {
    std::mutex mutex;
    std::unique_ptr<HistoryReader> reader;  // opened when first asked
  };
  struct Segment {
    std::int64_t first_id = 0, last_id = 0;
    std::shared_ptr<SharedReader> shared = std::make_shared<SharedReader>();
  };

  History(std::string folder, const HistoryOptions& options, const Clock& clock)
      : folder_(std::move(folder)), options_(options), clock_(clock) {}
  Result<> restore();
  void run();
  void write(const std::vector<DeliveryRecord>& batch);
  Result<> ready_writer();
  bool writer_is_full() const;
  void trim();
  void remove(std::int64_t number);
  std::string path(std::int64_t number) const;
  std::map<std::int64_t, Segment> segments() const;
  std::uint64_t bytes_of_all() const;
  std::uint64_t bytes_of(std::int64_t number) const;
  Result<std::vector<NumberedDelivery>> search_in(std::int64_t number, SharedReader& shared,
                                                  const HistoryFilter& filter, std::int64_t least,
                                                  std::int64_t below, std::size_t most,
                                                  const std::atomic<bool>* stop) const;
  std::int64_t least_id() const;
  Result<> each(Result<bool> (HistoryReader::*walk)(const HistoryReader::Visitor&),
                const HistoryReader::Visitor& visit);

  const std::string folder_;
  const HistoryOptions options_;
  const Clock& clock_;

  mutable std::mutex queue_mutex_;
  std::condition_variable wake_, written_;
  std::vector<DeliveryRecord> queue_;
  std::size_t queued_ = 0;  // what those in the queue count
  bool stopping_ = false, hurry_ = false, writing_ = false;
  HistoryCounts counts_;  // under queue_mutex_

  std::unique_ptr<HistoryWriter> writer_;  // the thread's own, of the newest file
  std::int64_t writer_number_ = 0;

  mutable std::mutex segments_mutex_;
  std::map<std::int64_t, Segment> segments_;  // by number, the oldest first; the thread writes it
  std::jthread thread_;
};

}  // namespace weir
