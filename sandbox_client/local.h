// weir-detonate, the worker beside the gateway, over its UNIX socket (local_wire.h). A ticket is a
// connection: it ends with this process, and the run with it, so that a file is handed over again
// after a restart and is never run twice at a time. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/local_wire.h"

namespace weir {

struct LocalOptions {
  std::string name = "local";
  std::string socket;                           // path
  std::string versions;                         // of the worker and its signatures
  std::vector<std::string> types;               // of files that it gets; empty = all
  int seconds = 30;                             // that a sample runs
  Duration longest = std::chrono::minutes(10);  // a connection, whatever the worker does
  unsigned deaths = 2;  // of the worker over one file, until that counts as failed
  Duration poll_pause = std::chrono::milliseconds(300);
};

class LocalEngine final : public Engine {
 public:
  LocalEngine(LocalOptions options, const Clock& clock, Random& random);

  std::string_view name() const override { return options_.name; }
  bool takes(const Submission& submission) const override;
  Result<Found> find(const Work& work) override;
  Result<std::string> submit(const Work& work, UniqueFd file) override;
  Result<std::optional<Judgement>> poll(const Work& work) override;
  Duration poll_pause() const override { return options_.poll_pause; }

 private:
  struct Run {
    UniqueFd socket;
    std::string answer;  // so far
    SteadyTime until;
  };

  Result<UniqueFd> connect() const;
  void drop_old();
  Result<bool> receive(Run& run) const;
  Error died(const std::string& sha256);

  const LocalOptions options_;
  const Clock& clock_;
  std::string life_;  // of this process, in its tickets
  std::uint64_t count_ = 0;
  std::map<std::string, Run> runs_;         // by ticket
  std::map<std::string, unsigned> deaths_;  // by hash
};

}  // namespace weir
