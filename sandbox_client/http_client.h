// One HTTP request to a sandbox, through libcurl, which only http_client.cc knows. The answer is
// bounded, TLS is verified, redirects are not followed (they would carry the sample and the token
// elsewhere), the environment's proxies are not used. Calls block: a worker thread, never an event
// loop. One thread at a time for each client, which keeps its connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

struct HttpOptions {
  std::string ca_file;  // "" = what the system trusts
  std::string proxy;    // "" = none
  Duration connect_timeout = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(120);  // of the whole exchange
  Duration silence = std::chrono::seconds(30);   // without a byte in either direction
  std::uint64_t max_body = 16ull << 20;          // bytes of an answer
};

struct FormPart {
  std::string name;
  std::string value = {};
  int fd = -1;                 // a file instead of the value, from its beginning; not owned
  std::string file_name = {};  // of the file; control bytes become _
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};  // values are not logged
  std::vector<FormPart> form = {};  // multipart/form-data, if not empty
  std::string body = {};            // otherwise, if not empty; its type is among the headers
};

struct HttpAnswer {
  long status = 0;
  std::string body;
  std::string content_type;
  std::string location;                 // of Location, as it came
  std::optional<Duration> retry_after;  // of Retry-After in seconds, at most an hour
};

class HttpClient {
 public:
  // `stop`, when it becomes true, ends a request under way; it outlives the client.
  HttpClient(HttpOptions options, const std::atomic<bool>& stop);
  ~HttpClient();
  HttpClient(HttpClient&&) = delete;

  // Any status is an answer. An error is retryable when the server cannot have got the request.
  Result<HttpAnswer> send(const HttpRequest& request);

 private:
  struct Handle;
  const HttpOptions options_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<Handle> handle_;
};

// The first line of a file that holds a secret: printable ASCII, at most 4 KiB. The error names the
// file, never what is in it.
Result<std::string> read_secret(const std::string& path);

// "a b/c" as "a%20b%2Fc", for one segment of a path or one value of a query (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);

// Whether both are http(s) URLs of one scheme, host and port.
bool same_origin(const std::string& a, const std::string& b);

}  // namespace weir
