#include "proxy/api/answer.h"

#include "core/json_writer.h"

namespace weir {
namespace {

constexpr std::string_view kProblem = "application/problem+json";
constexpr std::string_view kRetryAfter = "1";  // seconds

int status_of(const Error& error) {
  switch (error.code) {
    case Errc::busy:
    case Errc::cancelled:
    case Errc::timeout: return 503;
    case Errc::not_found: return 404;
    case Errc::no_space: return 507;
    default: return 500;
  }
}

}  // namespace

ApiAnswer api_json(std::string body, int status) {
  return {.status = status, .body = std::move(body)};
}

ApiAnswer api_problem(int status, std::string_view detail) {
  ApiAnswer answer{.status = status, .content_type = std::string(kProblem), .body = {}};
  JsonWriter json(answer.body);
  json.begin_object();
  json.member("type", "about:blank");
  json.member("title", default_reason_phrase(status));
  json.member("status", status);
  json.member("detail", detail);
  json.end_object();
  answer.body += '\n';
  if (status == 503) answer.fields.add("retry-after", std::string(kRetryAfter));
  return answer;
}

ApiAnswer api_trouble(const Error& error) { return api_problem(status_of(error), error.what); }

}  // namespace weir
