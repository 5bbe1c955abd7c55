// Watches a sample and everything it starts, by ptrace and the filter of watched_calls.h: writes
// down what it does (behaviour.h), refuses what the filter marks, shortens sleeps, and sees to it
// that somebody listens where the sample calls.
//
// Runs in the first process of the cell, on its main thread, until nothing is left to watch.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "sandbox_client/detonate/behaviour.h"
#include "sandbox_client/detonate/tracee.h"
#include "sandbox_client/detonate/watched_calls.h"

namespace weir {

class Tracer {
 public:
  struct Hooks {
    std::function<void(int port)> before_connect;  // has a listener there when it returns
    std::function<void()> first_ended;             // the sample's own first process is gone
  };

  Tracer(Behaviour& behaviour, Hooks hooks) : behaviour_(behaviour), hooks_(std::move(hooks)) {}

  // `first`: a child that has asked to be traced and stopped itself. Returns when all have ended.
  void watch(pid_t first);

 private:
  // A call that was let go and whose end is awaited.
  struct Pending {
    Watch watch = Watch::none;
    std::string path, other;
  };
  void stopped(pid_t pid, int status);
  void go_on(pid_t pid, int signal);
  void ended(pid_t pid, int code);
  void new_thread(pid_t parent, bool may_be_thread);
  void ran(pid_t pid);
  void call_begins(pid_t pid);
  void call_ends(pid_t pid);
  bool handle(const Tracee& tracee, pid_t pid, const Call& call);
  void note_end(const Pending& pending, bool refused);
  bool opening(const Tracee& tracee, pid_t pid, const Call& call, Watch watch);
  void await(pid_t pid, Watch watch, std::string path, std::string other = {});
  void calling(const Tracee& tracee, std::uint64_t address, std::uint64_t size, bool bind);
  void sleeping(const Tracee& tracee, const Call& call, Watch watch);
  void signalling(const Call& call);
  void tracing(const Tracee& tracee, const Call& call);
  void refuse(const Tracee& tracee, const Call& call);

  Behaviour& behaviour_;
  Hooks hooks_;
  pid_t first_ = 0;
  std::map<pid_t, Pending> pending_;
};

}  // namespace weir
