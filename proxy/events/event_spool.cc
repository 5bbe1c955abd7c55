#include "proxy/events/event_spool.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/replace_file.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSegment = 1U << 20;
constexpr std::size_t kLongestLine = 1U << 20;  // events are bounded far below
constexpr std::uint64_t kLeastRoom = 4096;      // what counts as room when nothing is to be written
constexpr std::string_view kEnding = ".lines";

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<void> append_whole(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return std::unexpected(errno_error("write " + path, errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<EventSpool>> EventSpool::open(const std::string& folder,
                                                     std::uint64_t most) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(errno_error("mkdir " + folder, errno));
  }
  std::unique_ptr<EventSpool> spool(new EventSpool(folder, most));
  if (auto found = spool->find_segments(); !found) return pass(std::move(found));
  if (auto started = spool->start_segment(); !started) return pass(std::move(started));
  return spool;
}

std::string EventSpool::file(std::uint64_t segment) const {
  return folder_ + "/" + std::to_string(segment) + std::string(kEnding);
}

// "place" holds the segment and offset that were confirmed; without it everything is read again.
Result<void> EventSpool::find_segments() {
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    const auto number = number_of(std::string_view(name).substr(0, name.size() - kEnding.size()));
    std::error_code unsized;
    const std::uint64_t size = fs::file_size(at->path(), unsized);
    if (number && !unsized) segments_[*number] = size;
  }
  if (error) return fail(Errc::io, Fault::local, folder_ + ": " + error.message());
  for (const auto& [number, size] : segments_) bytes_ += size;
  if (!segments_.empty()) confirmed_ = {segments_.begin()->first, 0};
  std::ifstream in(folder_ + "/place");
  Place place;
  if (in >> place.segment >> place.offset && place > confirmed_) confirm(place);
  read_ = confirmed_;
  return {};
}

// After a crash the last one may end in a part of a line, so nothing is ever appended to it.
Result<void> EventSpool::start_segment() {
  const std::uint64_t next =
      segments_.empty() ? confirmed_.segment + 1 : segments_.rbegin()->first + 1;
  const std::string path = file(next);
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(errno_error("create " + path, errno));
  tail_ = std::move(fd);
  segments_[next] = 0;
  return {};
}

Result<void> EventSpool::append(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t wanted = lines.empty() ? kLeastRoom : lines.size();
  if (bytes_ + wanted > most_) {
    return fail(Errc::no_space, Fault::local, folder_ + ": full, nothing was sent for long");
  }
  if (!tail_ || segments_.rbegin()->second >= kSegment) {
    if (auto started = start_segment(); !started) return started;
  }
  auto written = append_whole(tail_.get(), lines, folder_);
  if (!written) {  // what was written of it is the torn end of a segment that is closed now
    tail_.reset();
    return written;
  }
  segments_.rbegin()->second += lines.size();
  bytes_ += lines.size();
  return {};
}

Result<std::string> EventSpool::read_segment(std::uint64_t size, std::size_t most) const {
  const std::string path = file(read_.segment);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  std::string text(std::min<std::uint64_t>(size - read_.offset, most), '\0');
  const ssize_t got = ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(read_.offset));
  if (got < 0) return std::unexpected(errno_error("read " + path, errno));
  text.resize(static_cast<std::size_t>(got));
  const auto end = text.rfind('\n');
  text.resize(end == text.npos ? 0 : end + 1);
  return text;
}

Result<std::string> EventSpool::read(std::size_t most) {
  const std::lock_guard lock(mutex_);
  for (auto at = segments_.lower_bound(read_.segment); at != segments_.end(); ++at) {
    if (at->first != read_.segment) read_ = {at->first, 0};
    if (read_.offset >= at->second) continue;
    auto text = read_segment(at->second, most);
    if (text && text->empty()) text = read_segment(at->second, kLongestLine);
    if (!text) return text;
    if (text->empty()) continue;  // the torn end
    read_.offset += text->size();
    return text;
  }
  return std::string();
}

EventSpool::Place EventSpool::place() const {
  const std::lock_guard lock(mutex_);
  return read_;
}

void EventSpool::confirm(const Place& place) {
  const std::lock_guard lock(mutex_);
  confirmed_ = place;
  // The order matters: a place before a segment that is gone is harmless, the reverse is not.
  const auto kept = replace_file(folder_ + "/place", std::to_string(place.segment) + " " +
                                                         std::to_string(place.offset) + "\n");
  while (!segments_.empty() && segments_.begin()->first < place.segment) {
    bytes_ -= segments_.begin()->second;
    ::unlink(file(segments_.begin()->first).c_str());
    segments_.erase(segments_.begin());
  }
  static_cast<void>(kept);  // without it lines are sent twice after a restart
}

bool EventSpool::unconfirmed() const {
  const std::lock_guard lock(mutex_);
  return read_ != confirmed_;
}

void EventSpool::rewind() {
  const std::lock_guard lock(mutex_);
  read_ = confirmed_;
}

std::uint64_t EventSpool::waiting() const {
  const std::lock_guard lock(mutex_);
  const bool open = segments_.contains(confirmed_.segment);
  return bytes_ - std::min(bytes_, open ? confirmed_.offset : 0);
}

}  // namespace weir
