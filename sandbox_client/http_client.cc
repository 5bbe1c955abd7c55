#include "sandbox_client/http_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/escape.h"
#include "core/fd.h"

namespace weir {
namespace {

struct FreeMime {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Mime = std::unique_ptr<curl_mime, FreeMime>;
using List = std::unique_ptr<curl_slist, FreeList>;

// A file on its way into a form.
struct Upload {
  int fd = -1;
  curl_off_t at = 0, size = 0;
};

// What an answer is collected into.
struct Intake {
  HttpAnswer answer;
  std::uint64_t most = 0;
  bool too_large = false;
  const std::atomic<bool>* stop = nullptr;
};

std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& upload = *static_cast<Upload*>(context);
  const auto left = static_cast<std::size_t>(upload.size - upload.at);
  const ssize_t got = ::pread(upload.fd, buffer, std::min(size * count, left), upload.at);
  if (got < 0) return CURL_READFUNC_ABORT;
  upload.at += got;
  return static_cast<std::size_t>(got);
}

int seek_upload(void* context, curl_off_t offset, int origin) {
  auto& upload = *static_cast<Upload*>(context);
  if (origin != SEEK_SET || offset < 0 || offset > upload.size) return CURL_SEEKFUNC_FAIL;
  upload.at = offset;
  return CURL_SEEKFUNC_OK;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& intake = *static_cast<Intake*>(context);
  const std::size_t bytes = size * count;
  if (bytes > intake.most - intake.answer.body.size()) {
    intake.too_large = true;
    return 0;
  }
  intake.answer.body.append(data, bytes);
  return bytes;
}

int watch_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Intake*>(context)->stop->load() ? 1 : 0;
}

// Control bytes of a remote name would forge parts of the form.
std::string plain_name(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  }
  return name;
}

Result<Mime> make_form(CURL* curl, const std::vector<FormPart>& parts,
                       std::vector<Upload>& uploads) {
  Mime mime(curl_mime_init(curl));
  uploads.reserve(parts.size());  // their addresses are given away
  for (const FormPart& part : parts) {
    curl_mimepart* made = curl_mime_addpart(mime.get());
    curl_mime_name(made, part.name.c_str());
    if (part.fd < 0) {
      curl_mime_data(made, part.value.data(), part.value.size());
      continue;
    }
    struct stat about{};
    if (::fstat(part.fd, &about) != 0) return std::unexpected(errno_error("stat a sample", errno));
    Upload& upload = uploads.emplace_back(Upload{part.fd, 0, about.st_size});
    curl_mime_filename(made, plain_name(part.file_name).c_str());
    curl_mime_type(made, "application/octet-stream");
    curl_mime_data_cb(made, upload.size, &read_upload, &seek_upload, nullptr, &upload);
  }
  return mime;
}

Result<List> make_headers(const HttpRequest& request) {
  List list(curl_slist_append(nullptr, "Expect:"));  // not every server answers 100
  for (const auto& [name, value] : request.headers) {
    const std::string line = name + ": " + value;
    if (plain_name(line) != line) {
      return fail(Errc::invalid, Fault::config, "header " + name + " holds control bytes");
    }
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return fail(Errc::no_space, Fault::local, "no memory for a header");
    (void)list.release();  // `longer` is the same list
    list.reset(longer);
  }
  return list;
}

// Whether the server cannot have seen the request.
bool never_sent(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return true;
    default: return false;
  }
}

Errc code_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return Errc::dns_failure;
    case CURLE_COULDNT_CONNECT: return Errc::refused;
    case CURLE_OPERATION_TIMEDOUT: return Errc::timeout;
    case CURLE_PEER_FAILED_VERIFICATION: return Errc::tls_certificate;
    case CURLE_SSL_CONNECT_ERROR: return Errc::tls_handshake;
    case CURLE_ABORTED_BY_CALLBACK: return Errc::cancelled;
    case CURLE_URL_MALFORMAT: return Errc::invalid;
    case CURLE_UNSUPPORTED_PROTOCOL:  // of the answer; the URL's was looked at
    case CURLE_WEIRD_SERVER_REPLY: return Errc::malformed;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR: return Errc::truncated;
    default: return Errc::io;
  }
}

std::string header_of(CURL* curl, const char* name) {
  curl_header* found = nullptr;
  if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
  return found->value;
}

std::optional<Duration> seconds_of(const std::string& text) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, 3600u));
}

long millis(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::string origin_of(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return {};
  std::string host = url_part(url.get(), CURLUPART_HOST);
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return scheme + "://" + host + ":" + url_part(url.get(), CURLUPART_PORT);
}

}  // namespace

struct HttpClient::Handle {
  struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  std::unique_ptr<CURL, Free> curl{curl_easy_init()};

  void set(const HttpOptions& options, Intake& intake) const {
    CURL* c = curl.get();
    curl_easy_reset(c);  // keeps the connections
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_PROXY, options.proxy.c_str());  // "" also switches off http_proxy
    curl_easy_setopt(c, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, millis(options.connect_timeout));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, millis(options.timeout));
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, std::max(1L, millis(options.silence) / 1000));
    if (!options.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &intake);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &watch_stop);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, &intake);
  }
};

HttpClient::HttpClient(HttpOptions options, const std::atomic<bool>& stop)
    : options_(std::move(options)), stop_(stop), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::send(const HttpRequest& request) {
  CURL* curl = handle_->curl.get();
  if (curl == nullptr) return fail(Errc::internal, Fault::local, "libcurl does not start");
  const std::string where = request.method + " " + escape_for_log(request.url, 200);
  if (origin_of(request.url).empty()) {
    return fail(Errc::invalid, Fault::config, where + ": no http or https URL");
  }
  Intake intake{{}, options_.max_body, false, &stop_};
  handle_->set(options_, intake);
  auto headers = make_headers(request);
  if (!headers) return pass(std::move(headers));
  std::vector<Upload> uploads;
  auto form = make_form(curl, request.form, uploads);
  if (!form) return pass(std::move(form));
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers->get());
  if (!request.form.empty()) {
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form->get());
    // On a kept connection libcurl may send once more by itself what the server may have got.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  }
  if (request.form.empty() && !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  const CURLcode code = curl_easy_perform(curl);
  if (intake.too_large) {
    return fail(Errc::too_large, Fault::helper,
                where + ": answers more than " + std::to_string(options_.max_body) + " bytes");
  }
  if (code != CURLE_OK) {
    return fail(code_of(code), Fault::helper, where + ": " + curl_easy_strerror(code),
                never_sent(code));
  }
  HttpAnswer& answer = intake.answer;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  answer.content_type = header_of(curl, "Content-Type");
  answer.location = header_of(curl, "Location");
  answer.retry_after = seconds_of(header_of(curl, "Retry-After"));
  return std::move(answer);
}

Result<std::string> read_secret(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  std::string text(4097, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got < 0) return std::unexpected(errno_error("read " + path, errno));
  text.resize(static_cast<std::size_t>(got));
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  const bool good = !text.empty() && text.size() <= 4096 &&
                    std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!good) return fail(Errc::invalid, Fault::config, path + ": no token of printable letters");
  return text;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c);
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

bool same_origin(const std::string& a, const std::string& b) {
  const std::string origin = origin_of(a);
  return !origin.empty() && origin == origin_of(b);
}

}  // namespace weir
