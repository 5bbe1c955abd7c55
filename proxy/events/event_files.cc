#include "proxy/events/event_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t kPiece = 1U << 20;
constexpr unsigned kMostFiles = 10'000;  // more than events.rotate_keep allows

Result<UniqueFd> open_to_read(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::unexpected(errno_error("open " + path, errno));
  return file;
}

Result<std::size_t> read_at(int file, std::uint64_t at, char* into, std::size_t most) {
  for (;;) {
    const ssize_t got = ::pread(file, into, most, static_cast<off_t>(at));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return std::unexpected(errno_error("read events", errno));
  }
}

}  // namespace

Result<void> EventFiles::newest_first(const LineVisitor& visit) {
  // All are opened before the first is read: a rotation meanwhile renames files, it does not change
  // what is in them.
  std::vector<std::pair<std::string, UniqueFd>> files;
  auto newest = open_to_read(path_);
  if (!newest) return pass(std::move(newest));
  files.emplace_back(path_, std::move(*newest));
  for (unsigned number = 1; number < kMostFiles; ++number) {
    auto older = open_to_read(path_ + "." + std::to_string(number));
    if (!older) break;
    files.emplace_back(path_ + "." + std::to_string(number), std::move(*older));
  }
  for (const auto& [path, file] : files) {
    const auto more = read_back(path, file.get(), visit);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  return {};
}

// From the end, a piece at a time: `tail` begins with what may be the end of a line that began in
// the piece before.
Result<bool> EventFiles::read_back(const std::string& path, int file, const LineVisitor& visit) {
  struct stat info{};
  if (::fstat(file, &info) != 0) return std::unexpected(errno_error("stat " + path, errno));
  auto at = static_cast<std::uint64_t>(info.st_size);
  std::string tail;
  bool whole = false, too_long = false;  // the line in `tail` has its end; it lost its beginning
  while (at > 0) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, at));
    at -= size;
    std::string piece(size, '\0');
    const auto got = read_at(file, at, piece.data(), size);
    if (!got) return std::unexpected(got.error());
    piece.resize(*got);
    piece += tail;
    std::size_t end = piece.size();
    for (std::size_t newline = piece.rfind('\n'); newline != piece.npos;
         newline = newline == 0 ? piece.npos : piece.rfind('\n', newline - 1)) {
      const std::string_view line(piece.data() + newline + 1, end - newline - 1);
      if (whole && !line.empty() && !too_long && !visit(line)) return false;
      whole = true;
      too_long = false;
      end = newline;
    }
    tail = piece.substr(0, end);
    if (tail.size() > kLongestEventLine) {
      left_out_ += too_long ? 0 : 1;
      too_long = true;
      tail.clear();
    }
  }
  return !whole || tail.empty() || too_long || visit(tail);
}

EventFollower::EventFollower(std::string path) : path_(std::move(path)) {
  auto file = open_to_read(path_);
  if (!file) return;
  file_ = std::move(*file);
  struct stat info{};
  if (::fstat(file_.get(), &info) == 0) at_ = static_cast<std::uint64_t>(info.st_size);
}

Result<void> EventFollower::read_new(const LineVisitor& visit) {
  for (;;) {
    const bool is_last = file_ && !replaced();
    if (file_) {
      if (auto done = read_file(visit); !done) return done;
    }
    if (is_last) return {};
    auto next = open_to_read(path_);
    if (!next) return {};  // the writer has not made it yet
    file_ = std::move(*next);
    at_ = 0;
    rest_.clear();
  }
}

Result<void> EventFollower::read_file(const LineVisitor& visit) {
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto got = read_at(file_.get(), at_, piece.data(), piece.size());
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return {};
    at_ += *got;
    rest_.append(piece, 0, *got);
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n', begin)) {
      if (end > begin && !visit(std::string_view(rest_).substr(begin, end - begin))) return {};
      begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() > kLongestEventLine) rest_.clear();
  }
}

// Rotated away: another file has the name, or none has.
bool EventFollower::replaced() const {
  struct stat ours{}, named{};
  if (::fstat(file_.get(), &ours) != 0) return true;
  if (::stat(path_.c_str(), &named) != 0) return errno == ENOENT;
  return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

}  // namespace weir
