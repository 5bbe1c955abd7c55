#include "proxy/joined_fetch.h"

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/net/signal.h"

namespace weir {
namespace {

struct Flight {
  std::optional<Result<std::string>> landed;
  std::vector<Signal*> waiting;
};
using FlightPtr = std::shared_ptr<Flight>;

// Takes the waiter off the flight, however its wait ends.
class Passenger {
 public:
  Passenger(FlightPtr flight, Signal& signal) : flight_(std::move(flight)), signal_(signal) {
    flight_->waiting.push_back(&signal_);
  }
  Passenger(const Passenger&) = delete;
  Passenger& operator=(const Passenger&) = delete;
  ~Passenger() { std::erase(flight_->waiting, &signal_); }

 private:
  FlightPtr flight_;
  Signal& signal_;
};

}  // namespace

struct JoinedFetch::Flights {
  std::unordered_map<std::string, FlightPtr> by_key;

  // Ends a flight also when the fetch throws or is dropped.
  struct Leader {
    std::shared_ptr<Flights> all;
    const std::string& key;
    ~Leader() { all->by_key.erase(key); }
  };
};

JoinedFetch::JoinedFetch(Loop& loop, Fetch fetch)
    : loop_(loop), fetch_(std::move(fetch)), flights_(std::make_shared<Flights>()) {}

JoinedFetch::~JoinedFetch() = default;

Co<Result<std::string>> JoinedFetch::get(FetchOrder order) {
  const std::string key =
      order.url + '\n' + std::to_string(order.max_bytes) + '\n' + order.post_body;
  const auto flights = flights_;
  FlightPtr& slot = flights->by_key[key];
  if (slot) {
    const FlightPtr flight = slot;
    Signal landed(loop_);
    const Passenger passenger(flight, landed);
    (void)co_await landed.wait(order.limit);
    if (flight->landed) co_return *flight->landed;
    co_return fail(Errc::timeout, Fault::origin, order.url + ": took too long");
  }
  const FlightPtr flight = slot = std::make_shared<Flight>();
  const Flights::Leader leader{flights, key};
  auto result = co_await fetch_(std::move(order));
  flight->landed = result;
  for (Signal* waiter : flight->waiting) waiter->notify();
  co_return result;
}

}  // namespace weir
