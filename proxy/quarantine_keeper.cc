#include "proxy/quarantine_keeper.h"

#include <fcntl.h>

#include "inspect/inspector.h"
#include "proxy/audit_log.h"
#include "proxy/transaction_record.h"

namespace weir {
namespace {

// Each holds a descriptor, and perhaps room in the spool.
constexpr std::size_t kMostWaiting = 256;
constexpr std::chrono::minutes kExpireEvery{10};

QuarantineOptions options_of(const QuarantineSettings& settings) {
  QuarantineOptions options;
  options.max_bytes = settings.max_bytes;
  options.max_file_bytes = settings.max_file_bytes;
  options.keep = settings.keep;
  options.zip_password = settings.zip_password;
  return options;
}

bool has_word(const std::string& files, std::string_view one) {
  return files == "both" || files == one;
}

}  // namespace

std::string quarantine_folder(const Settings& settings) {
  return settings.state_dir + "/quarantine";
}

Result<std::unique_ptr<Quarantine>> open_quarantine(const Settings& settings, const Clock& clock,
                                                    Random& random) {
  const std::string& own = settings.quarantine.key_file;
  return Quarantine::open(quarantine_folder(settings),
                          own.empty() ? settings.state_dir + "/quarantine.key" : own,
                          options_of(settings.quarantine), clock, random);
}

Result<std::unique_ptr<QuarantineKeeper>> QuarantineKeeper::open(const Parts& parts) {
  if (parts.settings.quarantine.files == "off") return nullptr;
  auto quarantine = open_quarantine(parts.settings, parts.clock, parts.random);
  if (!quarantine) return pass(std::move(quarantine));
  std::unique_ptr<QuarantineKeeper> keeper(new QuarantineKeeper(parts, std::move(*quarantine)));
  keeper->thread_ = std::jthread([raw = keeper.get()] { raw->run(); });
  return keeper;
}

QuarantineKeeper::QuarantineKeeper(const Parts& parts, std::unique_ptr<Quarantine> quarantine)
    : parts_(parts),
      held_(has_word(parts.settings.quarantine.files, "held")),
      blocked_(has_word(parts.settings.quarantine.files, "blocked")),
      quarantine_(std::move(quarantine)),
      kept_(parts.metrics.counter("weir_quarantine_files_kept_total", "Files put in quarantine.")),
      failed_(parts.metrics.counter("weir_quarantine_files_failed_total",
                                    "Files that could not be put in quarantine.")),
      dropped_(parts.metrics.counter("weir_quarantine_files_dropped_total",
                                     "Files that found the queue to the quarantine full.")),
      bytes_(parts.metrics.gauge("weir_quarantine_bytes", "All files in quarantine.")) {}

QuarantineKeeper::~QuarantineKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool QuarantineKeeper::wants(QuarantineState state) const {
  switch (state) {
    case QuarantineState::held: return held_;
    case QuarantineState::blocked: return blocked_;
    case QuarantineState::released: return false;
  }
  return false;
}

bool QuarantineKeeper::keep(QuarantineEntry entry, UniqueFd file) {
  if (!wants(entry.state)) return false;
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kMostWaiting || stopping_) {
      dropped_.add();
      return false;
    }
    queue_.push_back({std::move(entry), std::move(file)});
  }
  wake_.notify_one();
  return true;
}

void QuarantineKeeper::keep(QuarantineState state, const ScanSubject& file,
                            const TransactionRecord& record) {
  if (!wants(state) || file.sha256.empty()) return;
  QuarantineEntry entry;
  entry.sha256 = file.sha256;
  entry.size = file.size;
  entry.state = state;
  entry.name = record.file_name;
  entry.source_url = record.sandbox.url.empty() ? record.url : record.sandbox.url;
  entry.client = record.client.address.text();
  entry.user = record.user;
  entry.reason = record.rule;
  entry.event_id = record.id;
  keep(std::move(entry), UniqueFd(::fcntl(file.body->get(), F_DUPFD_CLOEXEC, 0)));
}

void QuarantineKeeper::let_go(const std::string& sha256) {
  flush();  // it may still be on its way in
  const auto entry = quarantine_->find(sha256);
  if (!entry || entry->state != QuarantineState::held) return;
  audit(quarantine_->remove(sha256, "weir"));
}

void QuarantineKeeper::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && !working_; });
}

void QuarantineKeeper::run() {
  expire();
  SteadyTime expired = parts_.clock.steady();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, kExpireEvery, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() && stopping_) return;
    std::optional<Waiting> next;
    if (!queue_.empty()) {
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    working_ = true;
    lock.unlock();
    if (next) keep_one(*next);
    if (const SteadyTime now = parts_.clock.steady(); now - expired >= kExpireEvery) {
      expired = now;
      expire();
    }
    lock.lock();
    working_ = false;
    idle_.notify_all();
  }
}

void QuarantineKeeper::keep_one(const Waiting& one) {
  const AuditRecord done = quarantine_->keep(one.entry, one.file.get());
  (done.done ? kept_ : failed_).add();
  audit(done);
  bytes_.set(static_cast<std::int64_t>(quarantine_->bytes()));
}

void QuarantineKeeper::expire() {
  for (const AuditRecord& record : quarantine_->expire()) audit(record);
  bytes_.set(static_cast<std::int64_t>(quarantine_->bytes()));
}

void QuarantineKeeper::audit(const AuditRecord& record) {
  if (!record.done) {
    parts_.log.warn("quarantine", record.act + " failed",
                    {{"sha256", record.sha256}, {"problem", record.detail}});
  }
  if (auto written = append_audit(audit_path(parts_.settings.state_dir), record); !written) {
    parts_.log.error("quarantine", "the audit log", {{"problem", written.error().what}});
  }
}

}  // namespace weir
