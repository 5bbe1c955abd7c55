// GET /feeds, POST /feeds/{name}/refresh
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "core/json_writer.h"
#include "feeds/update/feed_state.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"

extern char** environ;

namespace weir {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::chrono::milliseconds kLook{20};

void add_feed(JsonWriter& json, const std::string& name, const FeedState& state) {
  const auto add_time = [&](const char* key, WallTime time) {
    if (time != WallTime{}) json.member(key, iso_time(time));
  };
  json.begin_object();
  json.member("name", name);
  json.member("state", state.quarantined        ? "quarantined"
                       : !state.problem.empty() ? "failing"
                                                : "ok");
  json.member("indicators", state.indicators);
  json.member("rejected", state.rejected);
  json.member("failures", state.failures);
  add_time("checked", state.checked);
  add_time("good", state.good);
  add_time("changed", state.changed);
  add_time("next", state.next);
  if (!state.problem.empty()) json.member("problem", state.problem);
  json.begin_array("reasons");
  for (const std::string& reason : state.reasons) json.string(reason);
  json.end_array();
  json.end_object();
}

Result<FeedStates> states_of(const ApiWorld& world) {
  return load_feed_states(world.settings().state_dir + "/feeds/state.json");
}

bool is_feed_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= kLongestName && name.front() != '-' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

// weir-feeds, which parses what strangers wrote, without any of our descriptors. It ends with us.
class Refresh {
 public:
  Refresh(const ApiWorld& world, const std::string& name) {
    std::vector<std::string> words = {world.parts().helpers + "/weir-feeds",
                                      "--list",
                                      world.settings().feeds_file,
                                      "--folder",
                                      world.settings().state_dir + "/feeds",
                                      "refresh",
                                      name};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return;
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Refresh() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Refresh(const Refresh&) = delete;
  Refresh& operator=(const Refresh&) = delete;

  bool started() const { return pid_ > 0; }
  // Its exit code; nullopt: nobody waits any more, or it was killed.
  std::optional<int> wait(const std::atomic<bool>& stop) {
    while (!stop) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
      }
      if (ended < 0 && errno != EINTR) return std::nullopt;
      std::this_thread::sleep_for(kLook);
    }
    return std::nullopt;
  }

 private:
  pid_t pid_ = -1;
};

ApiAnswer state_after(const ApiWorld& world, const std::string& name) {
  const auto states = states_of(world);
  if (!states) return api_trouble(states.error());
  const auto found = states->find(name);
  if (found == states->end()) {
    return api_problem(404, "there is no such feed in feeds_file, or it is off");
  }
  std::string body;
  JsonWriter json(body);
  add_feed(json, name, found->second);
  return api_json(body + "\n");
}

}  // namespace

ApiAnswer api_feeds(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  const auto states = states_of(world);
  if (!states) return api_trouble(states.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.begin_array("feeds");
  for (const auto& [name, state] : *states) add_feed(json, name, state);
  json.end_array();
  json.end_object();
  return api_json(body + "\n");
}

ApiAnswer api_refresh_feed(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  const std::string& name = request.captures.front();
  if (world.settings().feeds_file.empty()) {
    return api_problem(404, "there are no feeds: the setting feeds_file is empty");
  }
  if (!is_feed_name(name)) return api_problem(404, "no feed has such a name");
  const std::unique_lock turn(world.refresh, std::try_to_lock);
  if (!turn) return api_problem(409, "another feed is being fetched; try again");
  AuditRecord record{.time = {},
                     .actor = {},
                     .act = "refresh",
                     .sha256 = {},
                     .done = false,
                     .detail = "feed " + name};
  Refresh refresh(world, name);
  if (!refresh.started()) return api_problem(500, "weir-feeds cannot be started");
  const auto code = refresh.wait(*request.stop);
  record.done = code == 0;
  if (!world.audit(record, request)) return api_problem(500, "the audit log cannot be written");
  if (!code) return api_problem(503, "it took too long; what is in force stays");
  constexpr int kFeedProblem = 1;  // of weir-feeds: the state says which
  if (*code != 0 && *code != kFeedProblem) return api_problem(500, "weir-feeds failed");
  return state_after(world, name);
}

}  // namespace weir
