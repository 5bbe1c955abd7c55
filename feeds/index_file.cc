#include "feeds/index_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace weir {

using namespace index_format;

namespace {

constexpr std::size_t kBuffer = 1 << 20;

std::string temporary(const std::string& path) { return path + ".new"; }

// Writes all at `offset`; errno, or 0.
int write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    offset += static_cast<std::uint64_t>(wrote);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

// The name of a file is as durable as its folder; not all file systems can sync one.
void sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

std::string_view bytes_of(const Header& header, std::size_t size) {
  return {reinterpret_cast<const char*>(&header), size};
}

}  // namespace

IndexFile::IndexFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {
  buffer_.reserve(kBuffer + kAlignment);
}

Result<IndexFile> IndexFile::create(const std::string& path) {
  const std::string name = temporary(path);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd fd(::open(name.c_str(), kFlags, 0644));
  if (!fd) return std::unexpected(errno_error("create " + name, errno));
  return IndexFile(path, std::move(fd));
}

IndexFile::~IndexFile() {
  if (fd_) ::unlink(temporary(path_).c_str());
}

void IndexFile::flush() {
  digests_.update(as_bytes(buffer_));
  if (error_ == 0) error_ = write_at(fd_.get(), buffer_, at_ - buffer_.size());
  buffer_.clear();
}

void IndexFile::add(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kBuffer - buffer_.size());
    buffer_ += as_text(bytes.first(part));
    at_ += part;
    bytes = bytes.subspan(part);
    if (buffer_.size() >= kBuffer) flush();
  }
}

void IndexFile::end_section() {
  if (section_) sections_[*section_] = {began_, at_ - began_};
  constexpr std::array<std::uint8_t, kAlignment> kZeros{};
  const std::uint64_t over = at_ % kAlignment;
  if (over != 0) add(ByteView(kZeros).first(static_cast<std::size_t>(kAlignment - over)));
}

void IndexFile::begin(Section section) {
  end_section();
  section_ = section;
  began_ = at_;
}

Result<std::uint64_t> IndexFile::finish(Header header) {
  end_section();
  flush();
  header.magic = kMagic;
  header.version = kVersion;
  header.header_size = sizeof(Header);
  header.file_size = at_;
  header.sections = sections_;
  const auto body = from_hex(digests_.finish().sha256);
  if (body && body->size() == header.body.size()) std::ranges::copy(*body, header.body.begin());
  header.self = sha256(as_bytes(bytes_of(header, offsetof(Header, self))));
  if (error_ == 0) error_ = write_at(fd_.get(), bytes_of(header, sizeof header), 0);
  if (error_ == 0 && ::fsync(fd_.get()) != 0) error_ = errno;
  const std::string name = temporary(path_);
  if (error_ == 0 && ::rename(name.c_str(), path_.c_str()) != 0) error_ = errno;
  if (error_ != 0) return std::unexpected(errno_error("write " + name, error_));
  fd_.reset();
  sync_folder_of(path_);
  return at_;
}

}  // namespace weir
