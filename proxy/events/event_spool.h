// Event lines that wait on disk to be sent: segments in a folder of our own, bounded in bytes. What
// was appended is read again after a restart until it is confirmed, so a line may be sent twice but
// is not lost. A line torn by a crash is left out. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "core/result.h"

namespace weir {

class EventSpool {
 public:
  struct Place {
    std::uint64_t segment = 0, offset = 0;
    auto operator<=>(const Place&) const = default;
  };

  // Makes `folder` when it is not there. `most`: bytes of all segments together.
  static Result<std::unique_ptr<EventSpool>> open(const std::string& folder, std::uint64_t most);

  // Whole lines, each with its newline. no_space: they would not fit, nothing was kept.
  Result<void> append(std::string_view lines);
  // Whole lines after those read before, about `most` bytes; a longer line comes alone. "" = none.
  Result<std::string> read(std::size_t most);
  Place place() const;               // behind what was read
  void confirm(const Place& place);  // what is before it is never read again
  bool unconfirmed() const;          // whether something was read and not confirmed
  void rewind();                     // reads again from what was confirmed last
  std::uint64_t waiting() const;     // bytes on disk, of segments that are not confirmed whole

 private:
  EventSpool(std::string folder, std::uint64_t most) : folder_(std::move(folder)), most_(most) {}
  Result<void> find_segments();
  Result<void> start_segment();
  Result<std::string> read_segment(std::uint64_t size, std::size_t most) const;
  std::string file(std::uint64_t segment) const;

  const std::string folder_;
  const std::uint64_t most_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> segments_;  // number to size; the last one grows
  std::uint64_t bytes_ = 0;
  UniqueFd tail_;
  Place read_, confirmed_;
};

}  // namespace weir
