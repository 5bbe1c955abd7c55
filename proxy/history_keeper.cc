#include "proxy/history_keeper.h"

#include <algorithm>

#include "core/url.h"
#include "feeds/public_suffix.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

// What a row says was learned of something that no scanner condemned, but a feed lists.
constexpr std::string_view kListed = "listed";

constexpr std::chrono::milliseconds kBatchWait{50};  // as much is lost at a kill

bool is_listed(const TransactionRecord& record) {
  return std::ranges::any_of(record.reputation, [](const ListingNote& note) {
    return note.threat != "category" && note.threat != "allow";
  });
}

std::string learned(const TransactionRecord& record) {
  if (record.verdict == Verdict::clean && is_listed(record)) return std::string(kListed);
  if (!record.scanned && record.verdict == Verdict::clean) return {};
  return std::string(verdict_name(record.verdict));
}

// At the gateway's own site: where the file came from.
const std::string& origin_of(const TransactionRecord& record) {
  return record.sandbox.url.empty() ? record.unlock.url : record.sandbox.url;
}

// What was opened went to the person in the end. That a held file may go is one event, that it went
// is another.
std::string action_of(const TransactionRecord& record) {
  const bool judged = !record.sandbox.held_by.empty() && record.delivery.empty();
  if (judged && record.action != "block") return "hold";
  const bool opened = record.action == "unlock" && !record.unlock.opened_by.empty();
  return opened ? "allow" : record.action;
}

// Of empty files nothing can be said.
std::vector<std::string> inside_of(const TransactionRecord& record) {
  std::vector<std::string> inside;
  for (const ArtifactNote& note : record.tree) {
    if (inside.size() == kMostInside) break;
    if (note.size == 0 || !is_sha256_hex(note.sha256) || note.sha256 == record.sha256) continue;
    if (std::ranges::find(inside, note.sha256) == inside.end()) inside.push_back(note.sha256);
  }
  return inside;
}

}  // namespace

std::string history_folder(const Settings& settings) { return settings.state_dir + "/history"; }

HistoryOptions history_options(const HistorySettings& settings) {
  HistoryOptions options;
  options.keep = settings.keep;
  options.max_bytes = settings.max_bytes;
  options.max_queued = settings.queue;
  options.batch_wait = kBatchWait;
  return options;
}

DeliveryRecord delivery_of(const TransactionRecord& record) {
  DeliveryRecord row;
  row.time = record.start;
  row.event_id = record.id;
  row.client = record.client.address.text();
  row.user = record.user;
  row.host = record.host;
  row.domain = registrable_domain(record.host);
  row.url = record.url;
  row.sha256 = record.sha256;
  row.file_name = record.file_name;
  if (const auto origin = parse_url(origin_of(record))) {
    row.host = origin->host;
    row.domain = registrable_domain(origin->host);
    row.url = origin->text();
  }
  row.action = action_of(record);
  row.verdict = learned(record);
  row.inside = inside_of(record);
  return row;
}

bool was_delivered(const DeliveryRecord& row) {
  constexpr std::string_view kWithheld[] = {"block", "error", "coach", "unlock", "hold"};
  return std::ranges::find(kWithheld, row.action) == std::end(kWithheld);
}

bool was_known(const DeliveryRecord& row) {
  return row.verdict == kListed || row.verdict == verdict_name(Verdict::malicious);
}

Result<std::unique_ptr<HistoryKeeper>> HistoryKeeper::open(const Settings& settings,
                                                           const Clock& clock, Metrics& metrics,
                                                           Log& log) {
  auto history = History::open(history_folder(settings), history_options(settings.history), clock);
  if (!history) return pass(std::move(history));
  return std::unique_ptr<HistoryKeeper>(
      new HistoryKeeper(std::move(*history), clock, metrics, log));
}

HistoryKeeper::HistoryKeeper(std::unique_ptr<History> history, const Clock& clock, Metrics& metrics,
                             Log& log)
    : clock_(clock),
      log_(log),
      history_(std::move(history)),
      written_(metrics.counter("weir_history_rows_written_total", "Rows of the history written.")),
      dropped_(metrics.counter("weir_history_rows_dropped_total",
                               "Rows that found the queue to the history full.")),
      failed_(metrics.counter("weir_history_rows_failed_total",
                              "Rows that could not be written to the disk.")),
      bytes_(metrics.gauge("weir_history_bytes", "All files of the history.")) {}

void HistoryKeeper::look() {
  const HistoryCounts now = history_->counts();
  written_.add(now.written - counted_.written);
  dropped_.add(now.dropped - counted_.dropped);
  failed_.add(now.failed - counted_.failed);
  if (now.failed > counted_.failed) complain(now.last_error);
  if (now.dropped > counted_.dropped) complain("the queue is full");
  counted_ = now;
  bytes_.set(static_cast<std::int64_t>(history_->bytes()));
}

void HistoryKeeper::complain(const std::string& problem) {
  constexpr std::chrono::minutes kEvery{1};
  const SteadyTime now = clock_.steady();
  if (complained_ != SteadyTime{} && now - complained_ < kEvery) return;
  complained_ = now;
  log_.error("history", "rows are being lost", {{"problem", problem}});
}

}  // namespace weir
