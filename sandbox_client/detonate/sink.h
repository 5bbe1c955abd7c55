// Plays everybody a sample calls: answers every name with an address of its own (198.18.0.0/15, for
// benchmarks: RFC 2544), accepts every connection, answers HTTP, gives orders to whoever waits for
// them, and writes down what is said. Reads the sample's output too.
//
// In the cell's network namespace, where all addresses are local (fake_network.h). run() is a
// thread of its own; listen_on() is called by the tracer before a call goes out.
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"
#include "sandbox_client/detonate/behaviour.h"

namespace weir {

class Sink {
 public:
  Sink(Behaviour& behaviour, const Clock& clock) : behaviour_(behaviour), clock_(clock) {}

  // The listener for DNS. `output`: the reading end of the sample's output.
  Result<void> open(UniqueFd output);
  void listen_on(int port);  // TCP and UDP, both families; quietly nothing where that fails
  void run();                // until stop(), and then what has come already
  void stop();

 private:
  struct Listener {
    UniqueFd fd;
    bool stream = false;
    int port = 0;
  };
  struct Peer {
    UniqueFd fd;
    std::string address;
    int port = 0;
    std::string heard;  // its beginning
    std::uint64_t bytes = 0;
    SteadyTime since;  // of the last word
    int orders = 0;    // given
    bool over = false;
  };

  void add_listener(int family, bool stream, int port);
  void take_new_listeners();
  bool turn(int wait_ms);  // whether anything came
  void accept_from(const Listener& listener);
  void datagram_from(const Listener& listener);
  void resolve(int fd, ByteView message, const msghdr& from);
  void hear(Peer& peer);
  void prompt(Peer& peer);
  void answer(Peer& peer);
  void read_output();
  std::array<std::uint8_t, 4> address_for(const std::string& name);
  std::string name_of(const std::string& address) const;

  Behaviour& behaviour_;
  const Clock& clock_;
  UniqueFd output_, wake_;
  std::mutex mutex_;
  std::set<int> ports_;          // asked for; by the tracer only
  std::vector<Listener> fresh_;  // under mutex_
  std::vector<Listener> listeners_;
  std::vector<Peer> peers_;
  std::map<std::string, std::array<std::uint8_t, 4>> address_of_;
  std::map<std::string, std::string> name_of_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace weir
