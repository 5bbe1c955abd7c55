// Reads the event log back: FILE, FILE.1, … (event_output.h), the newest line first, in pieces, so
// that memory does not depend on how long the log is. Reads beside the writer: what it has not
// ended yet is left for later. Blocks on the disk; one owner, one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "core/result.h"

namespace weir {

inline constexpr std::size_t kLongestEventLine = 4U << 20;  // a longer one is left out and counted

// Gets a line without its newline; says whether to go on.
using LineVisitor = std::function<bool(std::string_view line)>;

class EventFiles {
 public:
  explicit EventFiles(std::string path) : path_(std::move(path)) {}

  // Every line of all files from the end to the beginning. Error: there is no file, or one cannot
  // be read.
  Result<void> newest_first(const LineVisitor& visit);
  std::uint64_t left_out() const { return left_out_; }

 private:
  Result<bool> read_back(const std::string& path, int file, const LineVisitor& visit);

  std::string path_;
  std::uint64_t left_out_ = 0;
};

// What is written from now on, through rotations.
class EventFollower {
 public:
  explicit EventFollower(std::string path);

  // Lines that are new since the last call; none is no error, nor is a file that is not there yet.
  Result<void> read_new(const LineVisitor& visit);

 private:
  Result<void> read_file(const LineVisitor& visit);
  bool replaced() const;

  std::string path_;
  UniqueFd file_;
  std::uint64_t at_ = 0;
  std::string rest_;  // of a line whose end is not there yet
};

}  // namespace weir
