#include "sandbox_client/history.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>

#include "sandbox_client/millis.h"

namespace weir {
namespace {

constexpr std::string_view kPrefix = "history-";
constexpr std::string_view kSuffix = ".sqlite";
constexpr std::size_t kMostRows = 10'000;  // of a page
constexpr int kSpans = 16;  // a file holds at most this part of the time, or bytes, that is kept

std::optional<std::int64_t> number_of(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const char* end = name.data() + name.size() - kSuffix.size();
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, number);
  if (error != std::errc() || rest != end || number <= 0) return std::nullopt;
  return number;
}

std::uint64_t size_of(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

// What a record counts in the queue, so that what it takes of the memory is bounded.
std::size_t weight_of(const DeliveryRecord& record) { return 1 + record.inside.size() / 8; }

}  // namespace

Result<std::unique_ptr<History>> History::open(const std::string& folder,
                                               const HistoryOptions& options, const Clock& clock) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(errno_error("mkdir " + folder, errno));
  }
  std::unique_ptr<History> history(new History(folder, options, clock));
  if (auto restored = history->restore(); !restored) return pass(std::move(restored));
  history->thread_ = std::jthread([raw = history.get()] { raw->run(); });
  return history;
}

// Spans are not known, so each file is asked. A reader that is open outlives the removal of its
// file.
Result<std::unique_ptr<History>> History::attach(const std::string& folder,
                                                 const HistoryOptions& options,
                                                 const Clock& clock) {
  std::unique_ptr<History> history(new History(folder, options, clock));
  history->stopping_ = true;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto number = number_of(entry.path().filename().string());
    if (!number) continue;
    auto opened = HistoryReader::open(history->path(*number));
    if (!opened) {
      history->counts_.last_error = opened.error().what;
      continue;
    }
    Segment& segment = history->segments_[*number];
    segment.last_id = std::numeric_limits<std::int64_t>::max();
    segment.shared->reader = std::move(*opened);
  }
  if (error) return fail(Errc::not_found, Fault::local, folder + ": " + error.message());
  return history;
}

History::~History() {
  {
    const std::scoped_lock lock(queue_mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::string History::path(std::int64_t number) const {
  return folder_ + "/" + std::string(kPrefix) + std::to_string(number) + std::string(kSuffix);
}

// What there is. A file that cannot be read stays, is left out, and is named in counts().
Result<> History::restore() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const auto number = number_of(entry.path().filename().string());
    if (!number) continue;
    writer_number_ = std::max(writer_number_, *number);
    auto opened = HistoryWriter::open(path(*number));  // also brings in what its WAL holds
    if (!opened) {
      counts_.last_error = opened.error().what;
      continue;
    }
    Segment& segment = segments_[*number];
    segment.first_id = (*opened)->first_id();
    segment.last_id = (*opened)->last_id();
  }
  if (error) return fail(Errc::io, Fault::local, folder_ + ": " + error.message());
  return {};
}

bool History::append(DeliveryRecord record) {
  {
    const std::scoped_lock lock(queue_mutex_);
    const std::size_t before = queued_, now = before + weight_of(record);
    if (now > options_.max_queued || stopping_) {
      ++counts_.dropped;
      return false;
    }
    queued_ = now;
    queue_.push_back(std::move(record));
    const bool half = before < options_.max_queued / 2 && now >= options_.max_queued / 2;
    if (queue_.size() > 1 && !half) return true;
    hurry_ = hurry_ || half;
  }
  wake_.notify_one();
  return true;
}

void History::flush() {
  std::unique_lock lock(queue_mutex_);
  hurry_ = true;
  wake_.notify_one();
  written_.wait(lock, [this] { return queue_.empty() && !writing_; });
}

void History::run() {
  std::vector<DeliveryRecord> batch;
  for (;;) {
    {
      std::unique_lock lock(queue_mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      wake_.wait_for(lock, options_.batch_wait, [this] { return stopping_ || hurry_; });
      hurry_ = false;
      batch.clear();
      std::swap(batch, queue_);
      queued_ = 0;
      writing_ = !batch.empty();
      if (!writing_ && stopping_) return;
    }
    write(batch);
    {
      const std::scoped_lock lock(queue_mutex_);
      writing_ = false;
    }
    written_.notify_all();
  }
}

void History::write(const std::vector<DeliveryRecord>& batch) {
  Result<> done = ready_writer();
  if (done) done = writer_->append(batch);
  {
    const std::scoped_lock lock(segments_mutex_);
    if (done) {
      Segment& segment = segments_[writer_number_];
      segment.first_id = writer_->first_id();
      segment.last_id = writer_->last_id();
    }
    trim();
  }
  const std::scoped_lock lock(queue_mutex_);
  (done ? counts_.written : counts_.failed) += batch.size();
  if (!done) {
    counts_.last_error = done.error().what;
    writer_.reset();  // another file may be better
  }
}

bool History::writer_is_full() const {
  if (writer_->rows() >= options_.segment_rows) return true;
  if (writer_->rows() == 0) return false;
  const Duration span =
      history_row_time(writer_->last_id()) - history_row_time(writer_->first_id());
  return span > options_.keep / kSpans || bytes_of(writer_number_) > options_.max_bytes / kSpans;
}

// A new file when the newest is full or damaged. One that was left by an earlier run goes on.
Result<> History::ready_writer() {
  if (writer_ && !writer_is_full()) return {};
  const bool resume = !writer_ && segments_.contains(writer_number_);
  writer_.reset();
  for (std::int64_t number = writer_number_ + (resume ? 0 : 1);; ++number) {
    auto opened = HistoryWriter::open(path(number));
    if (opened) {
      writer_ = std::move(*opened);
      writer_number_ = number;
      if (!writer_is_full()) return {};
    } else if (opened.error().code != Errc::malformed) {
      return pass(std::move(opened));
    }
  }
}

std::int64_t History::least_id() const { return history_row_id(clock_.wall() - options_.keep); }

void History::trim() {
  while (!segments_.empty()) {
    const auto oldest = segments_.begin();
    const bool old = oldest->second.last_id < least_id();
    const bool own = writer_ && oldest->first == writer_number_;
    if (!old && (own || bytes_of_all() <= options_.max_bytes)) return;
    if (own) writer_.reset();
    remove(oldest->first);
  }
}

void History::remove(std::int64_t number) {
  segments_.erase(number);
  for (const char* ending : {"-wal", "-shm", ""}) ::unlink((path(number) + ending).c_str());
}

std::uint64_t History::bytes_of_all() const {
  std::uint64_t sum = 0;
  for (const auto& [number, segment] : segments_) sum += bytes_of(number);
  return sum;
}

std::uint64_t History::bytes_of(std::int64_t number) const {
  return size_of(path(number)) + size_of(path(number) + "-wal");
}

std::uint64_t History::bytes() const {
  const std::scoped_lock lock(segments_mutex_);
  return bytes_of_all();
}

HistoryCounts History::counts() const {
  const std::scoped_lock lock(queue_mutex_);
  return counts_;
}

std::map<std::int64_t, History::Segment> History::segments() const {
  const std::scoped_lock lock(segments_mutex_);
  return segments_;
}

Result<std::vector<NumberedDelivery>> History::search_in(std::int64_t number, SharedReader& shared,
                                                         const HistoryFilter& filter,
                                                         std::int64_t least, std::int64_t below,
                                                         std::size_t most,
                                                         const std::atomic<bool>* stop) const {
  const std::scoped_lock lock(shared.mutex);
  if (!shared.reader) {
    auto opened = HistoryReader::open(path(number));
    if (!opened) return pass(std::move(opened));
    shared.reader = std::move(*opened);
  }
  shared.reader->stop_when(stop);
  auto found = shared.reader->search(filter, least, below, most);
  shared.reader->stop_when(nullptr);
  return found;
}

Result<HistoryRows> History::search(const HistoryFilter& filter, const HistoryPage& page) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const std::size_t most = std::clamp<std::size_t>(page.rows, 1, kMostRows);
  std::int64_t least = least_id();
  if (filter.from) least = std::max(least, history_row_id(*filter.from));
  std::int64_t below = page.before > 0 ? page.before : kLast;
  if (filter.to) below = std::min(below, history_row_id(*filter.to + Millis(1)));

  // The newest file first: one whose rows are all older than a page that is full adds nothing.
  std::vector<NumberedDelivery> found;
  std::int64_t oldest = kLast;
  const auto all = segments();
  for (auto file = all.rbegin(); file != all.rend(); ++file) {
    const auto& [number, segment] = *file;
    if (segment.last_id < least || segment.first_id >= below) continue;
    if (found.size() > most && segment.last_id < oldest) continue;
    auto some = search_in(number, *segment.shared, filter, least, below, most + 1, page.stop);
    if (!some) return pass(std::move(some));
    for (const NumberedDelivery& one : *some) oldest = std::min(oldest, one.id);
    std::ranges::move(*some, std::back_inserter(found));
  }
  std::ranges::sort(found, std::ranges::greater(), &NumberedDelivery::id);
  HistoryRows rows;
  if (found.size() > most) {
    rows.next = found[most - 1].id;
    found.resize(most);
  }
  for (NumberedDelivery& one : found) rows.rows.push_back(std::move(one.record));
  return rows;
}

Result<HistoryRows> History::by_hash(const std::string& sha256, const HistoryPage& page) {
  HistoryFilter filter;
  filter.sha256 = sha256;
  return search(filter, page);
}

Result<HistoryRows> History::by_host(const std::string& host, const HistoryPage& page) {
  HistoryFilter filter;
  filter.host = host;
  return search(filter, page);
}

Result<HistoryRows> History::by_client(const std::string& client, WallTime around,
                                       std::chrono::minutes minutes, const HistoryPage& page) {
  HistoryFilter filter;
  filter.client = client;
  filter.from = around - minutes;
  filter.to = around + minutes;
  return search(filter, page);
}

Result<> History::each(Result<bool> (HistoryReader::*walk)(const HistoryReader::Visitor&),
                       const HistoryReader::Visitor& visit) {
  for (const auto& [number, segment] : segments()) {
    const auto own = HistoryReader::open(path(number));
    if (!own) continue;  // removed in the meantime
    auto more = ((**own).*walk)(visit);
    if (!more) return pass(std::move(more));
    if (!*more) return {};
  }
  return {};
}

Result<> History::each_host(const HistoryReader::Visitor& visit) {
  return each(&HistoryReader::hosts, visit);
}

Result<> History::each_url(const HistoryReader::Visitor& visit) {
  return each(&HistoryReader::urls, visit);
}

Result<> History::each_hash(const HistoryReader::Visitor& visit) {
  return each(&HistoryReader::hashes, visit);
}

}  // namespace weir
