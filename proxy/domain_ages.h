// When domains were registered, asked of their registries by RDAP (RFC 9082, 9083, bootstrap of RFC
// 9224). Off unless configured: it tells registries which domains are visited here. Nothing waits
// for an answer: the first transactions with a domain do not know it, later ones do. Answers are
// kept in a small file. One thread asks, slowly; age() may be called from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/log.h"
#include "feeds/names/registration.h"
#include "feeds/update/fetcher.h"

namespace weir {

class DomainAges {
 public:
  struct Options {
    std::string bootstrap_url;  // dns.json
    std::string ca_file;        // "" = the system's
    std::string proxy;
    std::string file;                       // where answers are kept
    std::chrono::milliseconds pause{1000};  // between two questions
  };
  // `fetcher` is used by the thread only. Starts it.
  DomainAges(Options options, std::unique_ptr<Fetcher> fetcher, const Clock& clock, Log& log,
             std::atomic<bool>& stop);
  ~DomainAges();
  DomainAges(const DomainAges&) = delete;
  DomainAges& operator=(const DomainAges&) = delete;

  // Since its registration; nullopt while it is not known. Asks for it then. Never waits.
  std::optional<std::uint64_t> seconds(std::string_view registrable, WallTime now);

 private:
  static constexpr std::size_t kMostKept = 200'000;
  static constexpr std::size_t kMostAsked = 10'000;

  struct Answer {
    std::int64_t registered = 0;  // Unix seconds; 0 = the registry does not say
    std::int64_t until = 0;       // asked again after that
  };
  void load();
  void run();
  void ask(const std::string& domain);
  bool ready_bootstrap();
  Result<std::string> fetch(const std::string& url, std::uint64_t most);
  void keep(const std::string& domain, Answer answer);

  Options options_;
  std::unique_ptr<Fetcher> fetcher_;
  const Clock& clock_;
  Log& log_;
  std::atomic<bool>& stop_;
  std::optional<RdapBootstrap> bootstrap_;  // the thread's
  SteadyTime bootstrap_due_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::string, Answer> kept_;
  std::deque<std::string> wanted_;
  std::unordered_set<std::string> asked_;  // what is in wanted_, or under way
  std::thread thread_;
};

}  // namespace weir
