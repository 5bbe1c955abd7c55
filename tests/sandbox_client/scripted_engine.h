// A sandbox that does as the test says. What it was sent lies in a file, so that it outlives the
// process that sent it: one line "key sha256" for each. For tests, one thread.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "sandbox_client/engine.h"

namespace weir {

class ScriptedEngine final : public Engine {
 public:
  struct Script {
    std::string name = "fake";
    std::string type;                         // taken only; "" = all
    std::string sent_file;                    // where lines of what was sent go
    std::deque<Error> finds, submits, polls;  // errors to give first
    bool error_after_taking = false;          // submit() takes the file and then fails
    unsigned polls_until_ready = 1;
    Verdict verdict = Verdict::clean;
    std::function<void(std::string_view)> step;  // like StepHook
  };

  explicit ScriptedEngine(Script& script) : script_(script) {}

  std::string_view name() const override { return script_.name; }
  bool takes(const Submission& one) const override {
    return script_.type.empty() || one.type == script_.type;
  }
  Duration poll_pause() const override { return std::chrono::seconds(10); }

  Result<Found> find(const Work& work) override {
    if (auto error = next(script_.finds)) return std::unexpected(*error);
    Found found;
    for (const auto& [key, sha256] : sent(script_.sent_file)) {
      if (key == work.key) found.ticket = key;
    }
    return found;
  }

  Result<std::string> submit(const Work& work, UniqueFd) override {
    auto error = next(script_.submits);
    if (error && !script_.error_after_taking) return std::unexpected(*error);
    reached("before it is sent");
    const UniqueFd file(
        ::open(script_.sent_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const std::string line = work.key + " " + work.submission.sha256 + "\n";
    (void)!::write(file.get(), line.data(), line.size());
    reached("after it is sent");
    if (error) return std::unexpected(*error);
    return work.key;
  }

  Result<std::optional<Judgement>> poll(const Work&) override {
    if (auto error = next(script_.polls)) return std::unexpected(*error);
    if (++polls_ < script_.polls_until_ready) return std::optional<Judgement>();
    Judgement judgement;
    judgement.verdict.verdict = script_.verdict;
    judgement.verdict.reason = Reason::none;
    judgement.verdict.score = 42;
    judgement.report_json = "{}";
    return judgement;
  }

  static std::vector<std::pair<std::string, std::string>> sent(const std::string& file) {
    std::vector<std::pair<std::string, std::string>> all;
    std::ifstream in(file);
    for (std::string key, sha256; in >> key >> sha256;) all.emplace_back(key, sha256);
    return all;
  }

 private:
  static std::optional<Error> next(std::deque<Error>& errors) {
    if (errors.empty()) return std::nullopt;
    Error error = errors.front();
    errors.pop_front();
    return error;
  }
  void reached(std::string_view step) const {
    if (script_.step) script_.step(step);
  }

  Script& script_;
  unsigned polls_ = 0;
};

}  // namespace weir
