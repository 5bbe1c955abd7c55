// Cuckoo 3 by its REST interface. Its documentation calls parts of it unverified, and so do we.
// A submission that is answered 503 was made but nobody was told of it: the server picks it up
// later. There is no search, and so one that may have been sent is not sent again. One thread.
#pragma once

#include "sandbox_client/engine.h"
#include "sandbox_client/report.h"
#include "sandbox_client/rest.h"

namespace weir {

struct Cuckoo3Options {
  std::string name = "cuckoo3";
  RestOptions rest{.token_word = "token"};
  ScoreLimits limits;
  std::vector<std::string> types;  // of files that go there; empty = all
  std::string settings_json;       // members besides ours for `settings`: "\"timeout\":120"
  Duration poll_pause = std::chrono::seconds(10);
};

// What the answer to /analysis/N says: nothing while it is under way.
Result<std::optional<SandboxReport>> cuckoo3_report(const JsonValue& json,
                                                    const std::string& sha256,
                                                    const ScoreLimits& limits);

// The id of a new analysis, e.g. "20260102-ABCDEF".
Result<std::string> cuckoo3_id(const JsonValue& json);

class Cuckoo3Engine final : public Engine {
 public:
  Cuckoo3Engine(Cuckoo3Options options, const Clock& clock, StopSignal& stop)
      : Cuckoo3Engine(std::move(options), clock, stop, stop.requested()) {}
  Cuckoo3Engine(Cuckoo3Options options, const Clock& clock, Sleeper& sleeper,
                const std::atomic<bool>& stop)
      : options_(std::move(options)), rest_(options_.rest, clock, sleeper, stop) {}

  std::string_view name() const override { return options_.name; }
  bool takes(const Submission& submission) const override;
  Result<Found> find(const Work& work) override;
  Result<std::string> submit(const Work& work, UniqueFd file) override;
  Result<std::optional<Judgement>> poll(const Work& work) override;
  Duration poll_pause() const override { return options_.poll_pause; }

 private:
  const Cuckoo3Options options_;
  Rest rest_;
};

}  // namespace weir
