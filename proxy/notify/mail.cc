#include "proxy/notify/mail.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "conf/text_file.h"
#include "core/base64.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostLogin = 4096;
constexpr std::size_t kEncodedLine = 76;
constexpr long kConnectSeconds = 10, kWholeSeconds = 60;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

struct Upload {
  std::string_view rest;
};

std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& rest = static_cast<Upload*>(context)->rest;
  const std::size_t some = std::min(size * count, rest.size());
  std::copy_n(rest.data(), some, buffer);
  rest.remove_prefix(some);
  return some;
}

int watch_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(context)->load() ? 1 : 0;
}

ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Encoded words of RFC 2047, each whole UTF-8 and at most 75 letters.
std::string encoded_header(std::string_view text) {
  constexpr std::size_t kMostBytes = 42;
  std::string out;
  while (!text.empty()) {
    std::size_t some = std::min(kMostBytes, text.size());
    while (some < text.size() && some > 1 &&
           (static_cast<unsigned char>(text[some]) & 0xc0) == 0x80) {
      --some;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(bytes_of(text.substr(0, some))) + "?=";
    text.remove_prefix(some);
  }
  return out;
}

std::string encoded_body(std::string_view text) {
  const std::string all = base64_encode(bytes_of(text));
  std::string out;
  for (std::size_t at = 0; at < all.size(); at += kEncodedLine) {
    out += all.substr(at, kEncodedLine) + "\r\n";
  }
  return out;
}

// "Mon, 23 Nov 2026 12:00:00 +0000"
std::string date_text(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> rest{};
  std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S +0000", &parts);
  const std::string day = std::to_string(parts.tm_mday);
  return std::string(kDays[parts.tm_wday]) + ", " + (day.size() < 2 ? "0" : "") + day + " " +
         std::string(kMonths[parts.tm_mon]) + " " + rest.data();
}

std::string domain_of(const std::string& address) {
  const std::size_t at = address.rfind('@');
  return at == std::string::npos ? "weir.invalid" : address.substr(at + 1);
}

Result<std::pair<std::string, std::string>> read_login(const std::string& path) {
  const auto text = read_text_file(path, kMostLogin);
  if (!text) return std::unexpected(text.error());
  const std::size_t end = text->find('\n');
  std::string user = text->substr(0, end);
  std::string password = end == std::string::npos ? "" : text->substr(end + 1);
  password.resize(std::min(password.size(), password.find_first_of("\r\n")));
  if (user.ends_with('\r')) user.pop_back();
  if (user.empty() || password.empty()) {
    return fail(Errc::invalid, Fault::config, path + ": needs user and password, a line each");
  }
  return std::pair(std::move(user), std::move(password));
}

long tls_level(const NotifySettings& settings) {
  if (settings.mail_tls == "none") return CURLUSESSL_NONE;
  // An attacker who hides STARTTLS gets no password.
  const bool optional = settings.mail_tls == "optional" && settings.mail_login_file.empty();
  return optional ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

Result<> set_up(CURL* c, const NotifySettings& settings, const std::atomic<bool>& stop) {
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_URL, settings.mail_server.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_USE_SSL, tls_level(settings));
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!settings.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, settings.ca_file.c_str());
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, kWholeSeconds);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &watch_stop);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &stop);
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, settings.mail_from.c_str());
  if (settings.mail_login_file.empty()) return {};
  const auto login = read_login(settings.mail_login_file);
  if (!login) return std::unexpected(login.error());
  curl_easy_setopt(c, CURLOPT_USERNAME, login->first.c_str());
  curl_easy_setopt(c, CURLOPT_PASSWORD, login->second.c_str());
  return {};
}

}  // namespace

std::vector<std::string> mail_addresses(std::string_view text) {
  std::vector<std::string> addresses;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::string_view one = text.substr(at, comma - at);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    addresses.emplace_back(one);
    at = comma + 1;
  }
  return addresses;
}

std::string mail_message(const NotifySettings& settings, const Mail& mail) {
  return "Date: " + date_text(mail.made) + "\r\nFrom: <" + settings.mail_from +
         ">\r\nTo: " + settings.mail_to + "\r\nMessage-ID: <weir-" + mail.id + "@" +
         domain_of(settings.mail_from) + ">\r\nSubject: " + encoded_header(mail.subject) +
         "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         encoded_body(mail.text);
}

Result<> send_mail(const NotifySettings& settings, const Mail& mail,
                   const std::atomic<bool>& stop) {
  const std::unique_ptr<CURL, FreeHandle> curl(curl_easy_init());
  if (!curl) return fail(Errc::internal, Fault::local, "libcurl does not start");
  if (auto ready = set_up(curl.get(), settings, stop); !ready) return ready;
  List recipients;
  for (const std::string& address : mail_addresses(settings.mail_to)) {
    curl_slist* longer = curl_slist_append(recipients.get(), address.c_str());
    if (longer == nullptr) return fail(Errc::no_space, Fault::local, "no memory for a mail");
    (void)recipients.release();  // `longer` is the same list
    recipients.reset(longer);
  }
  const std::string message = mail_message(settings, mail);
  Upload upload{message};
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
  // One wrong address keeps nobody else from it; all wrong is an error.
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, &read_upload);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {};
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return fail(Errc::io, Fault::helper,
              settings.mail_server + ": " + curl_easy_strerror(code) +
                  (status > 0 ? " (" + std::to_string(status) + ")" : ""),
              true);
}

}  // namespace weir
