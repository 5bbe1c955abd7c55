// One document from a feed's server, through libcurl: conditional, bounded in size (decoded) and
// time, TLS verified. Servers are hostile; so is what they redirect to: https never becomes http,
// and a request with a secret header follows no redirect. Blocks; for the updater's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace weir {

struct FetchAsk {
  std::string url;
  std::string etag, last_modified;  // of the copy at hand; "" = none
  std::string header;               // "Auth-Key: …", a secret, never in a message; "" = none
  std::string accept;               // "" = */*
  std::string pin;                  // sha256//…, "" = none
  std::string proxy, ca_file;       // "" = direct, the system's
  std::uint64_t max_bytes = 0;      // after content coding
  std::chrono::milliseconds timeout{};
};

struct FetchAnswer {
  bool unchanged = false;  // 304: the copy at hand is current
  std::string etag, last_modified, content_type;
  std::uint64_t bytes = 0;
};

// Takes the body piece by piece; an error of its own ends the transfer and comes back.
using FetchSink = std::function<Result<void>(ByteView)>;

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // An error says what the server did. Nothing was delivered whole then: a body short of its length
  // is an error too.
  virtual Result<FetchAnswer> fetch(const FetchAsk& ask, const FetchSink& sink) = 0;
};

// `stop` ends a running transfer soon after it became true; it outlives the fetcher.
std::unique_ptr<Fetcher> make_curl_fetcher(const std::atomic<bool>& stop);

}  // namespace weir
