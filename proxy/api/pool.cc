#include "proxy/api/pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <set>

#include "inspect/wakeup.h"

namespace weir {

struct ApiPool::Job {
  const ApiRoute* route = nullptr;
  ApiRequest request;
  ApiAnswer answer;  // the thread's until `done`
  std::atomic<bool> stop{false};
  Wakeup done;
};

struct ApiPool::State {
  State(ApiWorld& the_world, Metrics& metrics, Log& the_log)
      : world(the_world),
        log(the_log),
        running(metrics.gauge("weir_api_running", "Requests of the API at work and waiting.")),
        late(metrics.counter("weir_api_late_total", "Requests that took longer than api.timeout.")),
        full(metrics.counter("weir_api_full_total", "Requests beyond api.requests.")),
        threads(the_world.settings().api.threads) {}

  bool take(const std::shared_ptr<Job>& job);
  void leave(const std::shared_ptr<Job>& job);
  void work(const std::shared_ptr<Job>& job);

  ApiWorld& world;
  Log& log;
  Gauge& running;
  Counter& late;
  Counter& full;
  std::mutex mutex;
  std::set<std::shared_ptr<Job>> jobs;  // under mutex
  boost::asio::thread_pool threads;     // last: joined first
};

bool ApiPool::State::take(const std::shared_ptr<Job>& job) {
  const std::scoped_lock lock(mutex);
  if (jobs.size() >= world.settings().api.requests) return false;
  jobs.insert(job);
  running.set(static_cast<std::int64_t>(jobs.size()));
  return true;
}

void ApiPool::State::leave(const std::shared_ptr<Job>& job) {
  const std::scoped_lock lock(mutex);
  jobs.erase(job);
  running.set(static_cast<std::int64_t>(jobs.size()));
}

void ApiPool::State::work(const std::shared_ptr<Job>& job) {
  try {
    job->answer = job->stop ? api_problem(503, "you went away before it was begun")
                            : job->route->handler(job->request, world);
  } catch (const std::exception& problem) {
    log.error("api", "a handler failed", {{"path", job->route->path}, {"problem", problem.what()}});
    job->answer = api_problem(500, "a mistake of the gateway; its log says more");
  }
  leave(job);
  job->done.notify();
}

ApiPool::ApiPool(ApiWorld& world, Metrics& metrics, Log& log)
    : state_(std::make_unique<State>(world, metrics, log)) {}

ApiPool::~ApiPool() {
  {
    const std::scoped_lock lock(state_->mutex);
    for (const auto& job : state_->jobs) job->stop = true;
  }
  state_->threads.join();
}

Co<ApiAnswer> ApiPool::run(const ApiRoute& route, ApiRequest request, ClientStream& client) {
  auto job = std::make_shared<Job>();
  job->route = &route;
  job->request = std::move(request);
  job->request.stop = &job->stop;
  if (!state_->take(job)) {
    state_->full.add();
    co_return api_problem(503, "too many requests at once (api.requests); try again");
  }
  boost::asio::post(state_->threads, [state = state_.get(), job] { state->work(job); });
  client.on_gone([job] { job->stop = true; });
  const bool in_time = co_await job->done.wait(state_->world.settings().api.timeout);
  client.on_gone({});
  if (in_time) co_return std::move(job->answer);
  job->stop = true;
  state_->late.add();
  co_return api_problem(503,
                        "it took longer than api.timeout; ask for less, such as a shorter time");
}

}  // namespace weir
