#include "proxy/domain_ages.h"

#include <algorithm>
#include <fstream>

#include "core/replace_file.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kFetchTime{15'000};
constexpr std::chrono::hours kBootstrapLasts{24};
constexpr std::chrono::minutes kBootstrapAgain{10};
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kKeepAge = 90 * kDay;  // a date of registration seldom changes
constexpr std::int64_t kKeepNothing = kDay;   // no answer, or none with a date

std::int64_t unix_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

DomainAges::DomainAges(Options options, std::unique_ptr<Fetcher> fetcher, const Clock& clock,
                       Log& log, std::atomic<bool>& stop)
    : options_(std::move(options)),
      fetcher_(std::move(fetcher)),
      clock_(clock),
      log_(log),
      stop_(stop) {
  load();
  thread_ = std::thread([this] { run(); });
}

DomainAges::~DomainAges() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  wake_.notify_all();
  thread_.join();
}

std::optional<std::uint64_t> DomainAges::seconds(std::string_view registrable, WallTime now) {
  if (registrable.empty()) return std::nullopt;
  const std::int64_t at = unix_of(now);
  std::string domain(registrable);
  const std::lock_guard lock(mutex_);
  const auto known = kept_.find(domain);
  const bool fresh = known != kept_.end() && known->second.until > at;
  if (!fresh && wanted_.size() < kMostAsked && asked_.insert(domain).second) {
    wanted_.push_back(std::move(domain));
    wake_.notify_one();
  }
  if (known == kept_.end() || known->second.registered == 0) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, at - known->second.registered));
}

// "domain registered until" on each line; what cannot be read is asked again.
void DomainAges::load() {
  std::ifstream in(options_.file);
  std::string domain;
  Answer answer;
  while (kept_.size() < kMostKept && in >> domain >> answer.registered >> answer.until) {
    kept_[domain] = answer;
  }
}

void DomainAges::run() {
  for (;;) {
    std::string domain;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_.load() || !wanted_.empty(); });
      if (stop_.load()) return;
      domain = std::move(wanted_.front());
      wanted_.pop_front();
    }
    ask(domain);
    std::unique_lock lock(mutex_);
    asked_.erase(domain);
    if (wake_.wait_for(lock, options_.pause, [this] { return stop_.load(); })) return;
  }
}

void DomainAges::ask(const std::string& domain) {
  if (!ready_bootstrap()) return;
  Answer answer;
  answer.until = unix_of(clock_.wall()) + kKeepNothing;
  const std::string url = bootstrap_->query_url(domain);
  if (!url.empty()) {
    const auto body = fetch(url, kMostRdapBytes);
    const auto parsed =
        body ? parse_rdap(*body, domain) : Result<Registration>(std::unexpected(body.error()));
    if (parsed) {
      answer.registered = unix_of(parsed->registered);
      answer.until = unix_of(clock_.wall()) + kKeepAge;
    } else {
      log_.debug("names", "rdap", {{"domain", domain}, {"problem", parsed.error().what}});
    }
  }
  keep(domain, answer);
}

bool DomainAges::ready_bootstrap() {
  const SteadyTime now = clock_.steady();
  if (now < bootstrap_due_) return bootstrap_.has_value();
  bootstrap_due_ = now + kBootstrapAgain;
  const auto body = fetch(options_.bootstrap_url, kMostBootstrapBytes);
  auto parsed =
      body ? RdapBootstrap::parse(*body) : Result<RdapBootstrap>(std::unexpected(body.error()));
  if (!parsed) {
    log_.warn("names", "the registries' list cannot be had; ages of domains stay unknown",
              {{"url", options_.bootstrap_url}, {"problem", parsed.error().what}});
    return bootstrap_.has_value();
  }
  bootstrap_ = std::move(*parsed);
  bootstrap_due_ = now + kBootstrapLasts;
  return true;
}

Result<std::string> DomainAges::fetch(const std::string& url, std::uint64_t most) {
  FetchAsk ask;
  ask.url = url;
  ask.accept = "application/rdap+json, application/json";
  ask.max_bytes = most;
  ask.timeout = kFetchTime;
  ask.ca_file = options_.ca_file;
  ask.proxy = options_.proxy;
  std::string body;
  auto answer = fetcher_->fetch(ask, [&body](ByteView bytes) -> Result<void> {
    body += as_text(bytes);
    return {};
  });
  if (!answer) return pass(std::move(answer));
  return body;
}

// The whole file each time: answers come about once a second at most, and are few.
void DomainAges::keep(const std::string& domain, Answer answer) {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= kMostKept) kept_.erase(kept_.begin());
    kept_[domain] = answer;
    for (const auto& [name, one] : kept_) {
      text += name + ' ' + std::to_string(one.registered) + ' ' + std::to_string(one.until) + '\n';
    }
  }
  if (auto saved = replace_file(options_.file, text); !saved) {
    log_.warn("names", "ages of domains cannot be kept", {{"problem", saved.error().what}});
  }
}

}  // namespace weir
