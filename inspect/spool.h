// Where bodies wait for their ruling: in memory up to a bound, then in an unlinked file. The bytes
// that all spools hold together stay below a budget. A spool belongs to one transaction, and one
// coroutine at a time calls it, on one loop; the store is shared by all loops and outlives the
// spools.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/profile.h"
#include "conf/settings.h"
#include "core/bytes.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/result.h"
#include "inspect/file_io.h"

namespace weir {

class Intake;

// Bytes promised to spools, below a total. Any thread.
class SpoolBudget {
 public:
  explicit SpoolBudget(std::uint64_t total) : total_(total) {}
  bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t total_;
  std::atomic<std::uint64_t> used_{0};
};

class Spool {
 public:
  static constexpr std::size_t kBatchBytes = 256 * 1024;  // one write to the file

  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Errc::busy when the budget is used up, Errc::no_space when the disk is full. After an error the
  // spool is of no more use.
  Co<Result<void>> append(ByteView bytes);
  // Up to out.size() bytes from `offset`; 0 only at the end.
  Co<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes out);
  // From here on nothing changes: a sealed memfd, or the file reopened for reading with its writer
  // closed. Reading goes on working; append() fails. The same descriptor each time.
  Co<Result<std::shared_ptr<const UniqueFd>>> seal();

  std::uint64_t size() const { return size_; }
  bool on_disk() const { return on_disk_; }

 private:
  friend class SpoolStore;
  struct Place {  // what all spools share
    SpoolBudget budget;
    std::string dir;
    std::size_t memory_bytes;
    FileIo io;
  };
  Spool(std::shared_ptr<Place> place, std::uint64_t reserved);

  bool reserve(std::uint64_t more);
  Co<Result<void>> flush();
  Co<Result<std::size_t>> read_file(std::uint64_t offset, MutableBytes out);
  Result<std::shared_ptr<const UniqueFd>> seal_memory() const;

  std::shared_ptr<Place> place_;
  std::uint64_t reserved_;
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;  // bytes that are in the file; the rest is in buffer_
  std::shared_ptr<std::vector<std::uint8_t>> buffer_;
  std::shared_ptr<const UniqueFd> file_;  // for reading and writing until sealed
  std::shared_ptr<const UniqueFd> sealed_;
  bool on_disk_ = false;
};

class SpoolStore {
 public:
  explicit SpoolStore(const InspectSettings& settings);

  // Reserves what is expected, or a little when that is unknown, before the first byte; Errc::busy
  // when the budget does not allow it.
  Result<std::unique_ptr<Spool>> open_spool(std::optional<std::uint64_t> expected);
  // What one response body goes through; see inspect/intake.h. `content_encoding` as on the wire.
  Result<std::unique_ptr<Intake>> open_intake(const Profile& profile,
                                              std::string_view content_encoding,
                                              std::optional<std::uint64_t> expected,
                                              bool old_digests);

  std::uint64_t used_bytes() const { return place_->budget.used(); }

 private:
  std::shared_ptr<Spool::Place> place_;
  std::uint64_t decoded_ratio_;
};

}  // namespace weir
