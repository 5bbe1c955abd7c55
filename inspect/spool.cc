#include "inspect/spool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace weir {
namespace {

using Buffer = std::shared_ptr<std::vector<std::uint8_t>>;

constexpr std::uint64_t kReserveStep = 4 * 1024 * 1024;

Result<UniqueFd> named_then_unlinked(const std::string& dir) {
  std::string name = dir + "/weir-XXXXXX";
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("create a spool file in " + dir, errno));
  if (::unlink(name.c_str()) != 0) return std::unexpected(errno_error("unlink " + name, errno));
  return fd;
}

Result<UniqueFd> open_unlinked(const std::string& dir) {
  UniqueFd fd(::open(dir.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) return named_then_unlinked(dir);
  return std::unexpected(errno_error("create a spool file in " + dir, errno));
}

Result<std::size_t> write_all(int fd, ByteView bytes, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(errno_error("write to the spool", n < 0 ? errno : ENOSPC));
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::size_t> read_once(int fd, MutableBytes out, std::uint64_t offset) {
  for (;;) {
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return std::unexpected(errno_error("read from the spool", errno));
  }
}

// Read-only, and not to be opened for writing again by anyone without privileges.
Result<UniqueFd> reopen_for_reading(int fd) {
  if (::fchmod(fd, 0400) != 0) return std::unexpected(errno_error("fchmod of the spool", errno));
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader) return std::unexpected(errno_error("reopen the spool for reading", errno));
  return reader;
}

}  // namespace

bool SpoolBudget::reserve(std::uint64_t bytes) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > total_ || used > total_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

Spool::Spool(std::shared_ptr<Place> place, std::uint64_t reserved)
    : place_(std::move(place)),
      reserved_(reserved),
      buffer_(std::make_shared<Buffer::element_type>()) {}

Spool::~Spool() { place_->budget.release(reserved_); }

bool Spool::reserve(std::uint64_t more) {
  const std::uint64_t needed = size_ + more;
  if (needed <= reserved_) return true;
  const std::uint64_t missing = needed - reserved_;
  for (const std::uint64_t step : {std::max(missing, kReserveStep), missing}) {
    if (!place_->budget.reserve(step)) continue;
    reserved_ += step;
    return true;
  }
  return false;
}

Co<Result<void>> Spool::append(ByteView bytes) {
  if (sealed_) co_return fail(Errc::internal, Fault::local, "spool: append after seal");
  if (!reserve(bytes.size())) {
    co_return fail(Errc::busy, Fault::local, "spool: inspect.spool_total_bytes are in use");
  }
  while (!bytes.empty()) {
    const std::size_t limit = on_disk_ ? kBatchBytes : place_->memory_bytes;
    if (buffer_->size() >= limit) {
      if (auto flushed = co_await flush(); !flushed) co_return flushed;
      continue;
    }
    const ByteView part = bytes.first(std::min(bytes.size(), limit - buffer_->size()));
    buffer_->insert(buffer_->end(), part.begin(), part.end());
    size_ += part.size();
    bytes = bytes.subspan(part.size());
  }
  co_return Result<void>{};
}

Co<Result<void>> Spool::flush() {
  // The file is opened by the first write, on the same thread.
  const bool first = !on_disk_;
  auto opened = std::make_shared<UniqueFd>();
  // What runs there must not own the place: its last owner joins those threads.
  auto result =
      co_await place_->io.run([dir = first ? place_->dir : std::string(), opened, file = file_,
                               buffer = buffer_, at = flushed_]() -> Result<std::size_t> {
        if (file) return write_all(file->get(), *buffer, at);
        auto made = open_unlinked(dir);
        if (!made) return pass(std::move(made));
        *opened = std::move(*made);
        return write_all(opened->get(), *buffer, at);
      });
  if (!result) co_return pass(std::move(result));
  if (first) file_ = place_->io.adopt(std::move(*opened));
  on_disk_ = true;
  flushed_ += buffer_->size();
  buffer_->clear();
  co_return Result<void>{};
}

Co<Result<std::size_t>> Spool::read_at(std::uint64_t offset, MutableBytes out) {
  if (offset >= size_ || out.empty()) co_return std::size_t{0};
  if (offset < flushed_) {
    const auto here = std::min<std::uint64_t>(out.size(), flushed_ - offset);
    co_return co_await read_file(offset, out.first(static_cast<std::size_t>(here)));
  }
  const ByteView kept = ByteView(*buffer_).subspan(static_cast<std::size_t>(offset - flushed_));
  const std::size_t n = std::min(out.size(), kept.size());
  std::copy_n(kept.begin(), n, out.begin());
  co_return n;
}

// What is still in the page cache is taken on the loop; only what must come from the disk is not.
Co<Result<std::size_t>> Spool::read_file(std::uint64_t offset, MutableBytes out) {
  iovec target{out.data(), out.size()};
  const ssize_t cached =
      ::preadv2(file_->get(), &target, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (cached > 0) co_return static_cast<std::size_t>(cached);
  auto own = std::make_shared<std::vector<std::uint8_t>>(out.size());
  auto got = co_await place_->io.run(
      [file = file_, own, offset] { return read_once(file->get(), *own, offset); });
  if (got) std::copy_n(own->begin(), *got, out.begin());
  co_return got;
}

Result<std::shared_ptr<const UniqueFd>> Spool::seal_memory() const {
  UniqueFd fd(::memfd_create("weir-spool", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return std::unexpected(errno_error("memfd_create", errno));
  if (auto written = write_all(fd.get(), *buffer_, 0); !written) return pass(std::move(written));
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return std::unexpected(errno_error("seal the spool", errno));
  }
  return std::make_shared<const UniqueFd>(std::move(fd));
}

Co<Result<std::shared_ptr<const UniqueFd>>> Spool::seal() {
  if (sealed_) co_return sealed_;
  if (!on_disk_) {
    auto memory = seal_memory();
    if (memory) sealed_ = *memory;
    co_return memory;
  }
  if (auto flushed = co_await flush(); !flushed) co_return pass(std::move(flushed));
  auto reader = std::make_shared<UniqueFd>();
  auto reopened = co_await place_->io.run([file = file_, reader]() -> Result<std::size_t> {
    auto opened = reopen_for_reading(file->get());
    if (!opened) return pass(std::move(opened));
    *reader = std::move(*opened);
    return std::size_t{0};
  });
  if (!reopened) co_return pass(std::move(reopened));
  buffer_ = std::make_shared<Buffer::element_type>();
  sealed_ = place_->io.adopt(std::move(*reader));
  file_ = sealed_;  // the writer closes
  co_return sealed_;
}

SpoolStore::SpoolStore(const InspectSettings& settings)
    : place_(new Spool::Place{SpoolBudget(settings.spool_total_bytes), settings.spool_dir,
                              static_cast<std::size_t>(settings.spool_memory_bytes), FileIo()}),
      decoded_ratio_(settings.decoded_ratio) {}

Result<std::unique_ptr<Spool>> SpoolStore::open_spool(std::optional<std::uint64_t> expected) {
  const std::uint64_t first = expected.value_or(place_->memory_bytes);
  if (!place_->budget.reserve(first)) {
    return fail(
        Errc::busy, Fault::local,
        "spool: no room for " + std::to_string(first) + " more bytes (inspect.spool_total_bytes)");
  }
  return std::unique_ptr<Spool>(new Spool(place_, first));
}

}  // namespace weir
