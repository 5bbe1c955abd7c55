#include "proxy/helper_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "core/result.h"

extern char** environ;

namespace weir {
namespace {

constexpr std::chrono::seconds kShortLife{10};
constexpr unsigned kMostDoublings = 6;  // a minute between tries

}  // namespace

HelperProcess::HelperProcess(std::string area, std::vector<std::string> words, const Clock& clock,
                             Log& log)
    : area_(std::move(area)), words_(std::move(words)), clock_(clock), log_(log) {
  spawn();
}

HelperProcess::~HelperProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void HelperProcess::look() {
  reap();
  if (pid_ <= 0 && clock_.steady() >= not_before_) spawn();
}

void HelperProcess::spawn() {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return;
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::vector<char*> argv;
  for (std::string& word : words_) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int bad = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  started_ = clock_.steady();
  if (bad == 0) return;
  pid_ = -1;
  not_before_ = started_ + std::chrono::minutes(1);
  log_.error(area_, "its program cannot be started",
             {{"problem", errno_error(words_.front(), bad).what}});
}

// It may end by itself to begin anew; one that ends at once is given time.
void HelperProcess::reap() {
  if (pid_ <= 0) return;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
  pid_ = -1;
  const SteadyTime now = clock_.steady();
  short_lives_ = now - started_ < kShortLife ? std::min(short_lives_ + 1, kMostDoublings) : 0;
  not_before_ = now + std::chrono::seconds(short_lives_ == 0 ? 0 : 1U << short_lives_);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  log_.error(area_, "its program ended; another will be started",
             {{"program", words_.front()}, {"status", std::to_string(status)}});
}

}  // namespace weir
