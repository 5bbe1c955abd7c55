// CAPEv2 by its REST interface (web/apiv2), with its throttle of five requests a minute: each
// request waits for its turn. An archive can become several tasks; all have to end, and the worst
// counts, one that failed as uninspectable. One thread; calls block.
#pragma once

#include <map>
#include <string>

#include "sandbox_client/cape_answers.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/rest.h"

namespace weir {

struct CapeOptions {
  std::string name = "cape";
  RestOptions rest{.rate = {5, 1}};  // base_url: "https://cape.example"
  ScoreLimits limits;
  Duration reuse = std::chrono::days(7);  // reports that are younger serve again; 0 = none
  bool whole_report = false;              // the report with its signatures, instead of the IOCs
  std::vector<std::string> types;         // of files that go there; empty = all
  // Fields of the submission, as CAPE's documentation has them: package, timeout, machine,
  // platform, tags, route, tlp, enforce_timeout ...
  std::map<std::string, std::string> fields;
  Duration poll_pause = std::chrono::seconds(30);
};

class CapeEngine final : public Engine {
 public:
  CapeEngine(CapeOptions options, const Clock& clock, StopSignal& stop)
      : CapeEngine(std::move(options), clock, stop, stop.requested()) {}
  CapeEngine(CapeOptions options, const Clock& clock, Sleeper& sleeper,
             const std::atomic<bool>& stop);

  std::string_view name() const override { return options_.name; }
  bool takes(const Submission& submission) const override;
  Result<Found> find(const Work& work) override;
  Result<std::string> submit(const Work& work, UniqueFd file) override;
  Result<std::optional<Judgement>> poll(const Work& work) override;
  Duration poll_pause() const override { return options_.poll_pause; }

 private:
  // What is known of the tasks of a ticket; lost with the process, and then asked for again.
  using Parts = std::map<std::int64_t, std::optional<Judgement>>;  // nullopt: it failed

  Result<std::optional<Judgement>> report(std::int64_t id, const std::string& sha256);
  Result<bool> ask(std::int64_t id, const std::string& sha256, Parts& parts);
  static Result<Judgement> join_parts(const Parts& parts);

  const CapeOptions options_;
  const Clock& clock_;
  Rest rest_;
  std::map<std::string, Parts> parts_;  // by ticket
};

}  // namespace weir
