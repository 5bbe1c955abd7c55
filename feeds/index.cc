#include "feeds/index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
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

// One search over each file, all into one list of hits.
template <class Ask>
Hits ask_all(const std::vector<std::shared_ptr<const IndexParts>>& files, WallTime now,
             const Ask& ask) {
  Hits all;
  for (const auto& file : files) {
    IndexSearch search(*file, now);
    ask(search);
    Hits found = search.take();
    if (all.empty()) {
      all = std::move(found);
    } else {
      std::ranges::move(found, std::back_inserter(all));
    }
  }
  return all;
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

Index::Index(Files files) : files_(std::move(files)) {}
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
  return std::shared_ptr<const Index>(new Index(Files{std::move(parts)}));
}

std::shared_ptr<const Index> Index::empty() { return std::shared_ptr<const Index>(new Index({})); }

std::shared_ptr<const Index> Index::joined(const Index& one, const Index& other) {
  Files files = one.files_;
  files.insert(files.end(), other.files_.begin(), other.files_.end());
  return std::shared_ptr<const Index>(new Index(std::move(files)));
}

Hits Index::find_host(std::string_view host, WallTime now) const {
  return ask_all(files_, now, [&](IndexSearch& search) { search.host(host); });
}

Hits Index::find_url(const Url& url, WallTime now) const {
  return ask_all(files_, now, [&](IndexSearch& search) { search.url(url); });
}

Hits Index::find_ip(const IpAddress& address, WallTime now) const {
  return ask_all(files_, now, [&](IndexSearch& search) { search.address(address); });
}

Hits Index::find_value(IndicatorKind kind, std::string_view value, WallTime now) const {
  return ask_all(files_, now, [&](IndexSearch& search) { search.value(kind, value); });
}

std::uint64_t Index::size() const {
  std::uint64_t size = 0;
  for (const auto& file : files_) {
    size += file->view.header().entries + file->view.ranges() + file->pattern_texts.size();
  }
  return size;
}

std::uint64_t Index::bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& file : files_) bytes += file->view.header().file_size;
  return bytes;
}

WallTime Index::built() const {
  constexpr std::int64_t kLastSecond = 9'000'000'000;  // WallTime ends in 2262
  std::int64_t latest = 0;
  for (const auto& file : files_) latest = std::max(latest, file->view.header().built);
  return WallTime(std::chrono::seconds(std::min(latest, kLastSecond)));
}

void Index::warm() const {
  for (const auto& file : files_) {
    const ByteView bytes = file->mapping->bytes;
    void* start = const_cast<std::uint8_t*>(bytes.data());
    if (::madvise(start, bytes.size(), kPopulateRead) == 0) continue;
    ::madvise(start, bytes.size(), MADV_WILLNEED);
  }
}

Result<void> Index::verify() const {
  for (const auto& file : files_) {
    const ByteView contents = file->mapping->bytes.subspan(sizeof(Header));
    if (sha256(contents) == file->view.header().body) continue;
    return fail(Errc::malformed, Fault::local, "not a sound index file: checksum of the contents");
  }
  return {};
}

}  // namespace weir
