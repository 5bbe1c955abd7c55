// The updater as a process: confined, until a signal ends it.
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "core/jail.h"
#include "core/landlock.h"
#include "feeds/program/commands.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLook{2};  // how soon an edited list is seen

// SIGTERM and SIGINT, taken by a thread of their own: they end a running transfer too.
class Ending {
 public:
  Ending() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGUSR2);  // from our own end
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    waiter_ = std::thread([this] {
      int got = 0;
      sigwait(&signals_, &got);
      const std::lock_guard lock(mutex_);
      stop.store(true);
      woken_.notify_all();
    });
  }
  ~Ending() {
    pthread_kill(waiter_.native_handle(), SIGUSR2);
    waiter_.join();
  }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

  // True when it is time to end.
  bool wait(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return woken_.wait_for(lock, most, [this] { return stop.load(); });
  }

  std::atomic<bool> stop{false};

 private:
  sigset_t signals_{};
  std::mutex mutex_;
  std::condition_variable woken_;
  std::thread waiter_;
};

fs::file_time_type changed_at(const std::string& path) {
  std::error_code error;
  return fs::last_write_time(path, error);
}

// What the list names and a resolver and TLS need; not the rest of the state directory, where the
// key of the CA is.
std::vector<std::string> readable(const FeedsPlace& place, const FeedList& list) {
  std::vector<std::string> paths{
      "/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf", place.list};
  if (!list.ca_file.empty()) paths.push_back(list.ca_file);
  for (const FeedSpec& spec : list.feeds) {
    for (const std::string& path : {spec.file, spec.header_file}) {
      if (!path.empty()) paths.push_back(path);
    }
    if (!spec.file.empty()) paths.push_back(spec.file + ".minisig");
  }
  return paths;
}

Result<void> confine(const FeedsPlace& place, const FeedList& list) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(errno_error("no_new_privs", errno));
  }
  return restrict_files_to(readable(place, list), place.folder);
}

}  // namespace

int keep_feeds(const FeedsPlace& place) {
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return 0;
  Ending ending;
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::info, clock);
  const auto seen = changed_at(place.list);
  std::vector<Diagnostic> problems;
  const auto list = load_feed_list(place.list, problems);
  for (const Diagnostic& problem : problems) log.error("feeds", problem.text());
  if (!list) return kFeedsProblem;
  std::error_code error;
  fs::create_directories(place.folder + "/bodies", error);
  if (auto confined = confine(place, *list); !confined) {
    log.warn("feeds", "not confined", {{"problem", confined.error().what}});
  }
  const auto fetcher = make_curl_fetcher(ending.stop);
  SystemRandom random;
  Updater updater({{place.folder}, *fetcher, clock, random, log, ending.stop, {}});
  updater.note_list_changed();
  for (WallTime due{}; !ending.stop.load();) {
    if (changed_at(place.list) != seen) return 0;
    if (due <= clock.wall()) {
      if (auto done = updater.run(*list, {}); !done && done.error().code != Errc::busy) {
        log.error("feeds", "update", {{"problem", done.error().what}});
      }
      due = updater.next_due(*list);
    }
    if (ending.wait(kLook)) break;
  }
  return 0;
}

}  // namespace weir
