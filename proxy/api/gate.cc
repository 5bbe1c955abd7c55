#include "proxy/api/gate.h"

namespace weir {
namespace {

constexpr std::string_view kScheme = "bearer ";

std::string_view path_of(const RequestHead& head) {
  return std::string_view(head.path).substr(0, head.path.find('?'));
}

// Browsers name the site that asks (Fetch Standard: Origin, Sec-Fetch-Site); programs do not.
bool from_another_site(const RequestHead& head) {
  const std::string_view site = head.fields.get("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  return head.fields.has("origin") && head.fields.joined("origin") != "http://" + head.authority;
}

// RFC 6750 2.1. Two of them are none.
std::string_view token_of(const RequestHead& head) {
  const std::string_view value = head.fields.get("authorization");
  if (head.fields.count("authorization") != 1 || value.size() < kScheme.size() ||
      !equals_ignore_case(value.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  return trim(value.substr(kScheme.size()));
}

std::string_view media_type(const RequestHead& head) {
  const std::string_view value = head.fields.get("content-type");
  return trim(value.substr(0, value.find(';')));
}

ApiAnswer with(ApiAnswer answer, std::string name, std::string value) {
  answer.fields.add(std::move(name), std::move(value));
  return answer;
}

ApiAnswer no_token() {
  return with(api_problem(401,
                          "send 'Authorization: Bearer TOKEN' with a token of "
                          "api.tokens_file; 'weir api token NAME' makes one"),
              "www-authenticate", "Bearer realm=\"weir\"");
}

}  // namespace

ApiGate::ApiGate(const Parts& parts, ApiTokens tokens)
    : parts_(parts),
      failures_(parts.clock, parts.settings.failures_per_minute),
      tokens_(std::make_shared<const ApiTokens>(std::move(tokens))) {}

Result<> ApiGate::reload() {
  auto fresh = ApiTokens::load(parts_.settings.tokens_file);
  if (!fresh) return pass(std::move(fresh));
  const std::scoped_lock lock(mutex_);
  tokens_ = std::make_shared<const ApiTokens>(std::move(*fresh));
  return {};
}

ApiAnswer ApiGate::refuse(std::string_view why, ApiAnswer answer) {
  parts_.metrics
      .counter("weir_api_refused_total", "Requests of the API that were turned away.",
               {{"why", std::string(why)}})
      .add();
  return answer;
}

std::expected<ApiToken, ApiAnswer> ApiGate::identify(const RequestHead& head,
                                                     const Endpoint& client) {
  const std::string_view presented = token_of(head);
  if (presented.empty()) return std::unexpected(refuse("no_token", no_token()));
  std::shared_ptr<const ApiTokens> tokens;
  {
    const std::scoped_lock lock(mutex_);
    tokens = tokens_;
  }
  if (const ApiToken* token = tokens->find(presented)) return *token;
  if (!failures_.count(client.address.text())) {
    return std::unexpected(refuse(
        "too_many_wrong_tokens",
        with(api_problem(429, "too many wrong tokens from your address"), "retry-after", "60")));
  }
  parts_.log.warn("api", "a wrong token", {{"client", client.address.text()}});
  return std::unexpected(refuse(
      "wrong_token", with(api_problem(401, "this token is not in api.tokens_file"),
                          "www-authenticate", "Bearer realm=\"weir\", error=\"invalid_token\"")));
}

std::expected<ApiAdmitted, ApiAnswer> ApiGate::admit(const RequestHead& head,
                                                     const Endpoint& client) {
  if (from_another_site(head)) {
    return std::unexpected(
        refuse("other_site", api_problem(403, "the API does not answer pages of other sites")));
  }
  auto token = identify(head, client);
  if (!token) return std::unexpected(std::move(token.error()));
  ApiMatch match = match_api_route(head.method, path_of(head));
  if (match.allow.empty()) {
    return std::unexpected(api_problem(404, "no such path; see /api/v1/openapi.yaml"));
  }
  if (match.route == nullptr) {
    return std::unexpected(
        with(api_problem(405, "this path knows " + match.allow), "allow", match.allow));
  }
  if (match.route->role == ApiRole::operate && token->role != ApiRole::operate) {
    parts_.log.warn("api", "a reader may not do this",
                    {{"name", token->name}, {"path", match.route->path}});
    return std::unexpected(refuse(
        "role", api_problem(403, "the role operator is missing; this token has the role reader")));
  }
  const std::string_view wanted = match.route->body;
  if (!wanted.empty() && !equals_ignore_case(media_type(head), wanted)) {
    return std::unexpected(
        api_problem(415, "send 'Content-Type: " + std::string(wanted) + "' and such a body"));
  }
  return ApiAdmitted{std::move(*token), std::move(match)};
}

}  // namespace weir
