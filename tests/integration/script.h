// What one end of a connection in memory says, and what it waits for, in turn. After its last step
// it listens until the other side ends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/co.h"
#include "core/http_message.h"
#include "proxy/net/byte_stream.h"
#include "proxy/net/loop.h"

namespace weir::test {

// What an end has received, and how the other side ended.
struct Heard {
  std::string bytes;
  bool ended = false;  // in order
  bool reset = false;  // abruptly
};

class Script {
 public:
  enum class Kind : std::uint8_t { says, hears, when, closes, resets };
  struct Step {
    Kind kind;
    std::string text{};
    std::function<bool()> condition{};
  };

  Script& says(std::string bytes) { return add({Kind::says, std::move(bytes)}); }
  // Until this has come, behind what earlier steps waited for.
  Script& hears(std::string text) { return add({Kind::hears, std::move(text)}); }
  Script& hears_head() { return hears("\r\n\r\n"); }
  // Until something that another party does.
  Script& when(std::function<bool()> condition) {
    return add({Kind::when, {}, std::move(condition)});
  }
  Script& closes() { return add({Kind::closes}); }
  Script& resets() { return add({Kind::resets}); }

  const std::vector<Step>& steps() const { return steps_; }

 private:
  Script& add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }
  std::vector<Step> steps_;
};

// Lets the other coroutines of this loop go as far as they can, more or less.
Co<void> let_others_run();

// A script that does not get what it waits for ends when the other side does.
Co<void> play(std::unique_ptr<ByteStream> end, Script script, std::shared_ptr<Heard> heard);

// A response as a careful client reads it.
struct Reply {
  std::vector<int> informational;
  int status = 0;
  Fields fields;  // lower-case names
  std::string body;
  Fields trailers;
  bool complete = false;  // as its framing says
  bool reset = false;
  std::string raw;

  std::string field(std::string_view name) const { return std::string(fields.get(name)); }
};

Reply read_reply(const Heard& heard, bool to_head = false);

}  // namespace weir::test
