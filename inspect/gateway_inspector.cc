#include "inspect/gateway_inspector.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "core/digest.h"
#include "feeds/reputation.h"

namespace weir {
namespace {

// The gateway looks up the outermost digest itself; those of files inside only a worker can know.
ScannerSet run_by_workers(ScannerSet scanners, bool lists) {
  ScannerSet hash;
  if (!lists) hash.add(Scanner::hash);
  return ScannerSet::from_bits(scanners.bits() & static_cast<std::uint8_t>(~hash.bits()));
}

// Two names that end alike ("a.pdf.exe", "b.pdf.exe") are judged alike.
std::uint64_t class_of(const std::string& name) {
  std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return 0;
  if (dot > 0) {
    const std::size_t before = name.rfind('.', dot - 1);
    if (before != std::string::npos) dot = before;
  }
  return std::hash<std::string_view>()(std::string_view(name).substr(dot)) | 1U;
}

std::optional<VerdictKey> key_of(const std::string& sha256, std::uint64_t generation,
                                 const ScanRequest& request) {
  const auto bytes = from_hex(sha256);
  VerdictKey key;
  if (!bytes || bytes->size() != key.sha256.size()) return std::nullopt;
  if (!request.passwords.empty()) return std::nullopt;  // what they open is for this one only
  std::ranges::copy(*bytes, key.sha256.begin());
  key.generation = generation;
  key.scanners = request.scanners;
  key.name_class = class_of(request.name);
  return key;
}

void take_over(Assessment& assessment, ScanOutcome outcome) {
  for (Finding& finding : outcome.findings) assessment.add(std::move(finding));
  for (int i = 0; i < kScannerCount; ++i) {
    const auto scanner = static_cast<Scanner>(i);
    if (outcome.completed.has(scanner)) assessment.complete(scanner);
  }
  assessment.set_missing_reason(outcome.missing);
  assessment.artifacts = outcome.artifacts;
  assessment.tree = std::move(outcome.tree);
  assessment.page_words = std::move(outcome.page_words);
}

}  // namespace

struct GatewayInspector::Counters {
  explicit Counters(Metrics& metrics)
      : remembered(metrics.counter("weir_verdicts_total", "Verdicts by where they came from.",
                                   {{"from", "memory"}})),
        joined(metrics.counter("weir_verdicts_total", "Verdicts by where they came from.",
                               {{"from", "scan_under_way"}})),
        scanned(metrics.counter("weir_verdicts_total", "Verdicts by where they came from.",
                                {{"from", "scan"}})),
        listed(metrics.counter("weir_verdicts_total", "Verdicts by where they came from.",
                               {{"from", "hash_list"}})),
        hashes(metrics.gauge("weir_hash_list_entries", "Digests on the hash lists in force.")) {}
  Counter &remembered, &joined, &scanned, &listed;
  Gauge& hashes;
};

Result<std::unique_ptr<GatewayInspector>> GatewayInspector::start(const InspectSettings& settings,
                                                                  const std::string& scan_program,
                                                                  const Clock& clock,
                                                                  Metrics& metrics, Log& log) {
  auto lists = HashList::load(settings.hash_files);
  if (!lists) return pass(std::move(lists));
  auto pool = ScanPool::start(settings, scan_program, metrics, log);
  if (!pool) return pass(std::move(pool));
  return std::unique_ptr<GatewayInspector>(
      new GatewayInspector(settings, clock, metrics, std::move(*lists), std::move(*pool)));
}

GatewayInspector::GatewayInspector(const InspectSettings& settings, const Clock& clock,
                                   Metrics& metrics, HashList lists, std::unique_ptr<ScanPool> pool)
    : hash_files_(settings.hash_files),
      counters_(std::make_unique<Counters>(metrics)),
      cache_(settings.verdict_cache_entries, settings.verdict_cache_ttl, clock),
      pool_(std::move(pool)),
      clock_(clock),
      lists_(std::make_shared<const HashList>(std::move(lists))) {
  counters_->hashes.set(static_cast<std::int64_t>(lists_->size()));
}

GatewayInspector::~GatewayInspector() = default;

std::shared_ptr<const HashList> GatewayInspector::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

void GatewayInspector::use_index(std::shared_ptr<const Index> index) {
  const std::lock_guard lock(mutex_);
  index_.swap(index);
}

// The name under which a list or a feed has it; nothing when people here allow it.
std::optional<std::string> GatewayInspector::known_bad(const ScanSubject& subject) const {
  if (auto name = lists()->find(subject.sha256, subject.sha1, subject.md5, subject.size)) {
    return name;
  }
  std::shared_ptr<const Index> index;
  {
    const std::lock_guard lock(mutex_);
    index = index_;
  }
  Hits hits;
  const std::pair<IndicatorKind, const std::string&> digests[] = {
      {IndicatorKind::sha256, subject.sha256},
      {IndicatorKind::sha1, subject.sha1},
      {IndicatorKind::md5, subject.md5}};
  for (const auto& [kind, digest] : digests) {
    if (!digest.empty()) add_hits(hits, index->find_value(kind, digest, clock_.wall()));
  }
  const Reputation reputation = reputation_of(std::move(hits));
  if (!reputation.listed()) return std::nullopt;
  const Hit& hit = reputation.hits.front();
  return std::string(hit.source) + (hit.note.empty() ? "" : ":" + std::string(hit.note));
}

Result<void> GatewayInspector::reload() {
  auto loaded = HashList::load(hash_files_);
  if (!loaded) return pass(std::move(loaded));
  auto fresh = std::make_shared<const HashList>(std::move(*loaded));
  if (auto reloaded = pool_->reload(); !reloaded) return reloaded;
  counters_->hashes.set(static_cast<std::int64_t>(fresh->size()));
  const std::lock_guard lock(mutex_);
  lists_.swap(fresh);
  return {};
}

Co<Assessment> GatewayInspector::assess(ScanSubject subject, const Profile& profile,
                                        ScanTimes& times) {
  Assessment assessment(profile.scanners);
  assessment.set_suspicious_score(profile.suspicious_score);
  if (profile.scanners.has(Scanner::hash)) {
    const auto name = known_bad(subject);
    assessment.complete(Scanner::hash);
    if (name) {  // nothing that a worker says could change the verdict
      counters_->listed.add();
      assessment.add({Scanner::hash, Verdict::malicious, Reason::none, *name, {}});
      co_return assessment;
    }
  }
  ScanRequest request;
  request.scanners = run_by_workers(profile.scanners, lists()->size() > 0);
  if (request.scanners.empty()) co_return assessment;
  request.body = std::move(subject.body);
  request.name = std::move(subject.name);
  request.passwords = std::move(subject.passwords);
  request.limit = profile.scan_timeout;
  take_over(assessment, co_await recall_or_scan(std::move(request), subject.sha256, times));
  co_return assessment;
}

// The size is fixed before a worker sees the file, and its content once the worker has answered.
Co<std::shared_ptr<const UniqueFd>> GatewayInspector::take_out(ScanSubject subject,
                                                               ArtifactNote inner,
                                                               std::chrono::milliseconds limit) {
  UniqueFd into(::memfd_create("inner", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!into || ::ftruncate(into.get(), static_cast<off_t>(inner.size)) != 0) co_return nullptr;
  if (::fcntl(into.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) co_return nullptr;
  ScanRequest request;
  request.body = std::move(subject.body);
  request.name = std::move(subject.name);
  request.passwords = std::move(subject.passwords);
  request.limit = limit;
  request.take_out = std::move(inner.sha256);
  request.into = std::make_shared<const UniqueFd>(std::move(into));
  const auto file = request.into;
  const ScanOutcome outcome = co_await pool_->scan(std::move(request));
  if (outcome.scanned == std::chrono::nanoseconds::zero()) co_return nullptr;
  if (::fcntl(file->get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) != 0) co_return nullptr;
  co_return file;
}

Co<ScanOutcome> GatewayInspector::recall_or_scan(ScanRequest request, std::string sha256,
                                                 ScanTimes& times) {
  const auto key = key_of(sha256, pool_->generation(), request);
  const SteadyTime asked = std::chrono::steady_clock::now();
  const SteadyTime deadline = asked + request.limit;
  while (key) {
    auto joined = cache_.join(*key);
    if (joined.known) {
      counters_->remembered.add();
      times.from_cache = true;
      co_return std::move(*joined.known);
    }
    if (joined.lead) {
      counters_->scanned.add();
      ScanOutcome outcome = co_await pool_->scan(std::move(request));
      joined.lead->finish(outcome);
      times.queued = outcome.queued;
      times.scanned = outcome.scanned;
      co_return outcome;
    }
    const auto now = std::chrono::steady_clock::now();
    auto landed = co_await VerdictCache::wait(std::move(joined.flight), deadline - now);
    times.queued = std::chrono::steady_clock::now() - asked;
    if (landed.timed_out) co_return failed_scan(Reason::timeout);
    if (landed.outcome) {
      counters_->joined.add();
      co_return std::move(*landed.outcome);
    }
    request.limit = std::max(std::chrono::milliseconds(1),
                             std::chrono::duration_cast<std::chrono::milliseconds>(
                                 deadline - std::chrono::steady_clock::now()));
  }
  co_return co_await pool_->scan(std::move(request));  // no digest: nothing to remember it by
}

}  // namespace weir
