#include "feeds/update/fetcher.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/escape.h"

namespace weir {
namespace {

constexpr long kMostRedirects = 5;
constexpr long kConnectMillis = 15'000;
constexpr long kSlowBytes = 64;  // a second, over kSlowSeconds: a server that only keeps us busy
constexpr long kSlowSeconds = 60;
constexpr std::size_t kLongestField = 1024;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlPtr = std::unique_ptr<CURL, FreeCurl>;
using ListPtr = std::unique_ptr<curl_slist, FreeCurl>;

// What the callbacks of one transfer share.
struct Transfer {
  const FetchAsk& ask;
  const FetchSink& sink;
  const std::atomic<bool>& stop;
  CURL* curl = nullptr;
  FetchAnswer answer;
  std::optional<Error> problem;
};

long status_of(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::size_t on_body(char* data, std::size_t one, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t size = one * count;
  if (status_of(transfer.curl) != 200) return size;  // an error's text is of no use
  transfer.answer.bytes += size;
  if (transfer.answer.bytes > transfer.ask.max_bytes) {
    transfer.problem = Error{Errc::too_large, Fault::origin, false,
                             "more than " + std::to_string(transfer.ask.max_bytes) + " bytes"};
    return CURL_WRITEFUNC_ERROR;
  }
  if (auto taken = transfer.sink(as_bytes(std::string_view(data, size))); !taken) {
    transfer.problem = std::move(taken.error());
    return CURL_WRITEFUNC_ERROR;
  }
  return size;
}

// Fields of the last response only: a redirect's are forgotten at its successor's status line.
std::size_t on_field(char* data, std::size_t one, std::size_t count, void* user) {
  auto& answer = static_cast<Transfer*>(user)->answer;
  const std::size_t size = one * count;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) answer = FetchAnswer{};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || size > kLongestField) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  if (name == "etag") answer.etag = value;
  if (name == "last-modified") answer.last_modified = value;
  if (name == "content-type") answer.content_type = value;
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop.load(std::memory_order_relaxed) ? 1 : 0;
}

void append(ListPtr& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  (void)list.release();
  list.reset(longer);
}

ListPtr request_fields(const FetchAsk& ask) {
  ListPtr fields;
  if (!ask.accept.empty()) append(fields, "Accept: " + ask.accept);
  if (!ask.header.empty()) append(fields, ask.header);
  if (!ask.etag.empty()) append(fields, "If-None-Match: " + ask.etag);
  if (!ask.last_modified.empty()) append(fields, "If-Modified-Since: " + ask.last_modified);
  return fields;
}

template <class Value>
void set(CURL* curl, CURLoption option, Value value) {
  curl_easy_setopt(curl, option, value);
}

void set_bounds(CURL* curl, const FetchAsk& ask) {
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_REDIR_PROTOCOLS_STR, ask.url.starts_with("https:") ? "https" : "http,https");
  set(curl, CURLOPT_FOLLOWLOCATION, ask.header.empty() ? 1L : 0L);
  set(curl, CURLOPT_MAXREDIRS, kMostRedirects);
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(ask.timeout.count()));
  set(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowBytes);
  set(curl, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  set(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(curl, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
}

void set_peer(CURL* curl, const FetchAsk& ask) {
  set(curl, CURLOPT_URL, ask.url.c_str());
  set(curl, CURLOPT_PROXY, ask.proxy.c_str());  // "" = none, whatever the environment says
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ask.ca_file.empty()) set(curl, CURLOPT_CAINFO, ask.ca_file.c_str());
  if (!ask.pin.empty()) set(curl, CURLOPT_PINNEDPUBLICKEY, ask.pin.c_str());
}

void set_callbacks(CURL* curl, Transfer& transfer) {
  set(curl, CURLOPT_WRITEFUNCTION, &on_body);
  set(curl, CURLOPT_WRITEDATA, &transfer);
  set(curl, CURLOPT_HEADERFUNCTION, &on_field);
  set(curl, CURLOPT_HEADERDATA, &transfer);
  set(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(curl, CURLOPT_XFERINFODATA, &transfer);
  set(curl, CURLOPT_NOPROGRESS, 0L);
}

Errc code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Errc::timeout;
    case CURLE_PARTIAL_FILE: return Errc::truncated;
    case CURLE_COULDNT_RESOLVE_HOST: return Errc::dns_failure;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return Errc::tls_certificate;
    case CURLE_ABORTED_BY_CALLBACK: return Errc::cancelled;
    default: return Errc::io;
  }
}

class CurlFetcher final : public Fetcher {
 public:
  explicit CurlFetcher(const std::atomic<bool>& stop) : stop_(stop) {}

  Result<FetchAnswer> fetch(const FetchAsk& ask, const FetchSink& sink) override {
    const CurlPtr curl(curl_easy_init());
    if (!curl) return fail(Errc::internal, Fault::local, "libcurl cannot be set up");
    Transfer transfer{
        .ask = ask, .sink = sink, .stop = stop_, .curl = curl.get(), .answer = {}, .problem = {}};
    const ListPtr fields = request_fields(ask);
    std::array<char, CURL_ERROR_SIZE> text{};
    set_bounds(curl.get(), ask);
    set_peer(curl.get(), ask);
    set_callbacks(curl.get(), transfer);
    set(curl.get(), CURLOPT_HTTPHEADER, fields.get());
    set(curl.get(), CURLOPT_ERRORBUFFER, text.data());
    const CURLcode code = curl_easy_perform(curl.get());
    if (transfer.problem) return std::unexpected(std::move(*transfer.problem));
    if (code != CURLE_OK) {
      const std::string said = text[0] != 0 ? text.data() : curl_easy_strerror(code);
      return fail(code_of(code), Fault::origin, escape_for_terminal(said));
    }
    return judge(ask, std::move(transfer.answer), status_of(curl.get()));
  }

 private:
  static Result<FetchAnswer> judge(const FetchAsk& ask, FetchAnswer answer, long status) {
    const bool conditional = !ask.etag.empty() || !ask.last_modified.empty();
    if (status == 304 && conditional) {
      answer.unchanged = true;
      return answer;
    }
    if (status != 200) {
      return fail(Errc::refused, Fault::origin, "the server answered " + std::to_string(status));
    }
    if (answer.content_type.starts_with("text/html")) {
      return fail(Errc::malformed, Fault::origin, "the server sent a web page, not a feed");
    }
    return answer;
  }

  const std::atomic<bool>& stop_;
};

}  // namespace

std::unique_ptr<Fetcher> make_curl_fetcher(const std::atomic<bool>& stop) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return std::make_unique<CurlFetcher>(stop);
}

}  // namespace weir
