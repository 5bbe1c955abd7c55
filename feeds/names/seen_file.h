// The files of first_seen.h: a snapshot with every entry, replaced as a whole, and beside it
// ("<path>.log") what changed since, appended. Both begin with a header that has the key of the
// hash and when the memory began. A record is 32 bytes with a checksum of its own, and merging one
// twice changes nothing, so whatever moment the process dies at, the two files give what the last
// save() had: a torn end of the log is cut off, and a log older than the snapshot does no harm. One
// owner, one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "feeds/names/seen_table.h"
#include "feeds/siphash.h"

namespace weir {

struct SeenOrigin {
  SipKey key{};
  std::uint32_t since = 0;  // minute when the memory began
};

class SeenFile {
 public:
  struct Loaded {
    std::uint64_t entries = 0;  // read, of both files
    std::string damage;         // "" or what was wrong, for an administrator
  };

  // Reads the files and gives each entry to `use` when all of them are sound. With no files, or
  // damaged ones, which are put aside as "<name>.bad", `origin` stays as it is and begins new
  // files; otherwise it becomes that of the files. An error: the folder cannot be read or written.
  Result<Loaded> open(const std::string& path, SeenOrigin& origin,
                      const std::function<void(const SeenEntry&)>& use);

  Result<void> append(const std::vector<SeenEntry>& entries);  // on disk when it returns
  // Replaces the snapshot with all of `table` and empties the log.
  Result<void> rewrite(const SeenTable& table);
  bool wants_rewrite() const {
    return damaged_ || (log_bytes_ > kMostLogBytes && log_bytes_ > snapshot_bytes_);
  }

 private:
  static constexpr std::uint64_t kMostLogBytes = 4ULL << 20;

  // The log as it is up to `size`, or a new one when `size` is 0.
  Result<void> begin_log(std::uint64_t size);

  std::string path_;
  SeenOrigin origin_;
  UniqueFd log_;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t snapshot_bytes_ = 0;
  bool damaged_ = false;  // a record in the log is bad, or one could not be written
};

}  // namespace weir
