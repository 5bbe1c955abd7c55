#include "sandbox_client/rest.h"

#include <algorithm>
#include <cmath>

#include "core/escape.h"

namespace weir {
namespace {

constexpr Duration kPatience = std::chrono::seconds(60);  // when a busy engine does not say

}  // namespace

Result<RestAnswer> Rest::get(const std::string& path) {
  return send({"GET", options_.base_url + path, {}, {}});
}

Result<RestAnswer> Rest::post(const std::string& path, std::vector<FormPart> form) {
  return send({"POST", options_.base_url + path, {}, std::move(form)});
}

Result<RestAnswer> Rest::get_url(const std::string& url) {
  if (!same_origin(url, options_.base_url)) {
    return fail(Errc::denied, Fault::helper, "points elsewhere: " + remote_text(url));
  }
  return send({"GET", url, {}, {}});
}

Result<RestAnswer> Rest::send(HttpRequest request) {
  if (!options_.token_file.empty()) {
    auto token = read_secret(options_.token_file);
    if (!token) {
      Error error = std::move(token).error();
      error.retryable = true;
      return std::unexpected(std::move(error));
    }
    request.headers.emplace_back("Authorization", options_.token_word + " " + *token);
  }
  request.headers.emplace_back("Accept", "application/json");
  if (auto turn = pace_.turn(); !turn) return pass(std::move(turn));
  auto answer = client_.send(request);
  if (!answer) return pass(std::move(answer));
  return judge(std::move(*answer), request.method + " " + escape_for_log(request.url, 200));
}

Result<RestAnswer> Rest::judge(HttpAnswer answer, const std::string& where) {
  const long status = answer.status;
  const std::string says = where + ": HTTP " + std::to_string(status);
  if (status == 429 || status == 503) {
    pace_.not_before(answer.retry_after.value_or(kPatience));
    return fail(Errc::busy, Fault::helper, says, true);
  }
  if (status == 404) return fail(Errc::not_found, Fault::helper, says, true);
  if (status == 413) return fail(Errc::too_large, Fault::helper, says, true);
  if (status == 415) return fail(Errc::unsupported, Fault::helper, says, true);
  if (status >= 300 && status < 400) {
    return fail(Errc::denied, Fault::config,
                says + ", redirects are not followed: " + remote_text(answer.location), true);
  }
  if (status >= 400 && status < 500) return fail(Errc::denied, Fault::config, says, true);
  if (status < 200 || status >= 300) return fail(Errc::io, Fault::helper, says);
  auto json = read_json(answer.body);
  if (!json) {
    Error error = std::move(json).error();
    error.what = where + ": " + error.what;
    return std::unexpected(std::move(error));
  }
  return RestAnswer{std::move(*json), std::move(answer.body)};
}

std::uint8_t bounded_score(double score) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(score, 0.0, 100.0)));
}

Verdict verdict_of_score(double score, const ScoreLimits& limits) {
  const std::uint8_t bounded = bounded_score(score);
  if (bounded >= limits.malicious) return Verdict::malicious;
  return bounded >= limits.suspicious ? Verdict::suspicious : Verdict::clean;
}

std::string remote_text(std::string_view text, std::size_t most) {
  std::string shown = escape_for_terminal(text, most);
  if (shown.size() <= most) return shown;
  while (most > 0 && (static_cast<unsigned char>(shown[most]) & 0xc0u) == 0x80u) --most;
  return shown.substr(0, most);
}

}  // namespace weir
