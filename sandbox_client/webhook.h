// Any other sandbox, by a small HTTP interface that docs/sandbox.md describes: the file is posted
// to one URL, 202 comes back with a URL to ask, and that gives 202 again until it gives the report.
// The URL to ask must be of the same origin: the token goes along, and no answer sends it
// elsewhere. An uncertain submission is asked for by its key before it is sent again. One thread.
#pragma once

#include "sandbox_client/engine.h"
#include "sandbox_client/report.h"
#include "sandbox_client/rest.h"

namespace weir {

struct WebhookOptions {
  std::string name = "webhook";
  RestOptions rest{.token_word = "Bearer"};  // base_url: where files are posted to
  std::vector<std::string> types;            // of files that go there; empty = all
  Duration poll_pause = std::chrono::seconds(5);
};

// What an answer to a ticket says: nothing while `status` is "pending".
Result<std::optional<SandboxReport>> webhook_report(const JsonValue& json, std::string_view body,
                                                    const std::string& sha256);

class WebhookEngine final : public Engine {
 public:
  WebhookEngine(WebhookOptions options, const Clock& clock, StopSignal& stop)
      : WebhookEngine(std::move(options), clock, stop, stop.requested()) {}
  WebhookEngine(WebhookOptions options, const Clock& clock, Sleeper& sleeper,
                const std::atomic<bool>& stop)
      : options_(std::move(options)), rest_(options_.rest, clock, sleeper, stop) {}

  std::string_view name() const override { return options_.name; }
  bool takes(const Submission& submission) const override;
  Result<Found> find(const Work& work) override;
  Result<std::string> submit(const Work& work, UniqueFd file) override;
  Result<std::optional<Judgement>> poll(const Work& work) override;
  Duration poll_pause() const override { return options_.poll_pause; }

 private:
  Result<std::string> ticket_of(const JsonValue& json) const;

  const WebhookOptions options_;
  Rest rest_;
};

}  // namespace weir
