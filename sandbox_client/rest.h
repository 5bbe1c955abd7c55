// What the engines that speak HTTP and JSON share: a base URL, a token, a pace, and what a status
// means for a submission. One thread; calls block. What it refers to outlives it.
#pragma once

#include <string>
#include <vector>

#include "sandbox_client/engine.h"
#include "sandbox_client/http_client.h"
#include "sandbox_client/json_reader.h"
#include "sandbox_client/request_pace.h"

namespace weir {

struct RestOptions {
  std::string base_url = {};         // without a slash at its end
  std::string token_file = {};       // read for each request, so that it can be replaced; "" = none
  std::string token_word = "Token";  // Authorization: <word> <token>
  RateLimit rate = {};
  HttpOptions http = {};
};

struct RestAnswer {
  JsonValue json;
  std::string body;  // that json was read from
};

class Rest {
 public:
  Rest(RestOptions options, const Clock& clock, StopSignal& stop)
      : Rest(std::move(options), clock, stop, stop.requested()) {}
  // For tests, whose sleeper moves a clock.
  Rest(RestOptions options, const Clock& clock, Sleeper& sleeper, const std::atomic<bool>& stop)
      : options_(std::move(options)),
        pace_(options_.rate, clock, sleeper),
        client_(options_.http, stop) {}

  // Of a path below the base URL. Status 2xx with JSON, or an error as engine.h says: a status
  // that refuses the request is retryable, and all else that is not an answer is not.
  Result<RestAnswer> get(const std::string& path);
  Result<RestAnswer> post(const std::string& path, std::vector<FormPart> form);
  // Of a whole URL, of the same origin as the base URL (the token goes along).
  Result<RestAnswer> get_url(const std::string& url);

  const std::string& base_url() const { return options_.base_url; }

 private:
  Result<RestAnswer> send(HttpRequest request);
  Result<RestAnswer> judge(HttpAnswer answer, const std::string& where);

  const RestOptions options_;
  RequestPace pace_;
  HttpClient client_;
};

// From where on a score (0 to 100) means what.
struct ScoreLimits {
  std::uint8_t suspicious = 40;
  std::uint8_t malicious = 70;
};

Verdict verdict_of_score(double score, const ScoreLimits& limits);
std::uint8_t bounded_score(double score);  // 0 to 100, whatever came

// Text of an engine for people: control bytes escaped, and at most so many bytes of UTF-8.
std::string remote_text(std::string_view text, std::size_t most = 300);

}  // namespace weir
