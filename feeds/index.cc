#include "feeds/index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "core/cursor.h"
#include "core/digest.h"
#include "core/fd.h"
#include "feeds/index_search.h"

namespace weir {

using namespace index_format;

namespace {

constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, newer than Debian's headers say

// What the patterns section lists: texts in order, and their payloads.
Result<void> read_patterns(IndexParts& parts) {
  Cursor cursor(parts.view.pattern_bytes());
  while (!cursor.at_end() && parts.pattern_texts.size() < kMostPatterns) {
    parts.pattern_payloads.push_back(cursor.u32le());
    const std::uint32_t size = cursor.u32le();
    parts.pattern_texts.push_back(as_text(cursor.take(size)));
  }
  if (cursor.failed() || !cursor.at_end()) {
    return fail(Errc::malformed, Fault::local, "not a sound index file: its patterns");
  }
  auto set = PatternSet::compile(parts.pattern_texts);
  if (!set) return pass(std::move(set));
  parts.patterns = std::move(*set);
  return {};
}

Error named(Error error, const std::string& path) {
  error.what = path + ": " + error.what;
  return error;
}

}  // namespace

Mapping::~Mapping() {
  if (!bytes.empty()) ::munmap(const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

Result<std::unique_ptr<Mapping>> Mapping::open(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return std::unexpected(errno_error("stat " + path, errno));
  if (!S_ISREG(info.st_mode) || info.st_size <= 0) {
    return fail(Errc::malformed, Fault::local, path + ": empty, or no plain file");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return std::unexpected(errno_error("map " + path, errno));
  auto mapping = std::make_unique<Mapping>();
  mapping->bytes = {static_cast<const std::uint8_t*>(at), size};
  return mapping;
}

Index::Index(std::unique_ptr<IndexParts> parts) : parts_(std::move(parts)) {}
Index::~Index() = default;

Result<std::shared_ptr<const Index>> Index::open(const std::string& path) {
  auto mapping = Mapping::open(path);
  if (!mapping) return pass(std::move(mapping));
  auto view = IndexView::check((*mapping)->bytes);
  if (!view) return std::unexpected(named(std::move(view.error()), path));
  auto parts = std::make_unique<IndexParts>();
  parts->mapping = std::move(*mapping);
  parts->view = *view;
  if (auto read = read_patterns(*parts); !read) {
    return std::unexpected(named(std::move(read.error()), path));
  }
  return std::shared_ptr<const Index>(new Index(std::move(parts)));
}

std::shared_ptr<const Index> Index::empty() {
  return std::shared_ptr<const Index>(new Index(std::make_unique<IndexParts>()));
}

Hits Index::find_host(std::string_view host, WallTime now) const {
  IndexSearch search(*parts_, now);
  search.host(host);
  return search.take();
}

Hits Index::find_url(const Url& url, WallTime now) const {
  IndexSearch search(*parts_, now);
  search.url(url);
  return search.take();
}

Hits Index::find_ip(const IpAddress& address, WallTime now) const {
  IndexSearch search(*parts_, now);
  search.address(address);
  return search.take();
}

Hits Index::find_value(IndicatorKind kind, std::string_view value, WallTime now) const {
  IndexSearch search(*parts_, now);
  search.value(kind, value);
  return search.take();
}

std::uint64_t Index::size() const {
  const IndexView& view = parts_->view;
  return view.header().entries + view.ranges() + parts_->pattern_texts.size();
}

std::uint64_t Index::bytes() const { return parts_->view.header().file_size; }

WallTime Index::built() const {
  constexpr std::int64_t kLastSecond = 9'000'000'000;  // WallTime ends in 2262
  const std::int64_t seconds = parts_->view.header().built;
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLastSecond)));
}

void Index::warm() const {
  if (!parts_->mapping) return;
  const ByteView bytes = parts_->mapping->bytes;
  void* start = const_cast<std::uint8_t*>(bytes.data());
  if (::madvise(start, bytes.size(), kPopulateRead) == 0) return;
  ::madvise(start, bytes.size(), MADV_WILLNEED);
}

Result<void> Index::verify() const {
  if (!parts_->mapping) return {};
  if (sha256(parts_->mapping->bytes.subspan(sizeof(Header))) == parts_->view.header().body) {
    return {};
  }
  return fail(Errc::malformed, Fault::local, "not a sound index file: checksum of the contents");
}

}  // namespace weir
