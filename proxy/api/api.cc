#include "proxy/api/api.h"

#include <optional>

#include "proxy/api/gate.h"
#include "proxy/api/pool.h"

namespace weir {
namespace {

constexpr std::size_t kMostDiscarded = 16;  // times the bound, so that the answer is read

ResponseHead head_of(const ApiAnswer& answer) {
  ResponseHead head;
  head.status = answer.status;
  head.fields = answer.fields;
  head.fields.add("content-type", answer.content_type);
  head.fields.add("cache-control", "no-store");
  head.fields.add("x-content-type-options", "nosniff");
  head.fields.add("x-frame-options", "DENY");
  head.fields.add("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  head.fields.add("cross-origin-resource-policy", "same-origin");
  head.fields.add("referrer-policy", "no-referrer");
  head.framing = {Framing::Kind::length, answer.body.size()};
  return head;
}

Co<bool> send(ClientStream& stream, ApiAnswer answer) {
  if (!co_await stream.send_head(head_of(answer))) co_return false;
  if (stream.request().method != "HEAD") {
    if (!co_await stream.send_body(as_bytes(answer.body))) co_return false;
  }
  co_return (co_await stream.send_end({})).has_value();
}

// nullopt: larger than `most`, or the client went away.
Co<std::optional<std::string>> read_body(ClientStream& stream, std::uint64_t most) {
  const Framing& framing = stream.request().framing;
  if (framing.kind == Framing::Kind::length && framing.length > most) co_return std::nullopt;
  std::string body;
  std::uint64_t read = 0;
  while (read <= most * kMostDiscarded) {
    auto piece = co_await stream.read_body();
    if (!piece) co_return std::nullopt;
    if (!*piece) break;
    read += (*piece)->size();
    if (read <= most) body += as_text(**piece);
  }
  if (read > most) co_return std::nullopt;
  co_return body;
}

std::string query_of(const RequestHead& head) {
  const std::size_t mark = head.path.find('?');
  return mark == std::string::npos ? std::string() : head.path.substr(mark + 1);
}

}  // namespace

struct Api::State {
  explicit State(AdminApiParts parts) : world(std::move(parts)) {}

  Co<ApiAnswer> answer(ClientStream& stream, Endpoint client);

  ApiWorld world;
  std::unique_ptr<ApiGate> gate;  // null: there is no API
  std::unique_ptr<ApiPool> pool;
};

Co<ApiAnswer> Api::State::answer(ClientStream& stream, Endpoint client) {
  if (!gate) {
    co_return api_problem(404,
                          "there is no API: the setting api.tokens_file names no list of "
                          "tokens (docs/api.md)");
  }
  const RequestHead& head = stream.request();
  auto admitted = gate->admit(head, client);
  if (!admitted) co_return std::move(admitted.error());
  auto body = co_await read_body(stream, world.settings().api.max_body_bytes);
  if (!body) co_return api_problem(413, "the body is larger than api.max_body_bytes");
  const ApiRoute& route = *admitted->match.route;
  if (route.body.empty() && !body->empty()) {
    co_return api_problem(400, "this request has no body");
  }
  ApiRequest request{.method = head.method,
                     .path = head.path.substr(0, head.path.find('?')),
                     .query = query_of(head),
                     .captures = std::move(admitted->match.captures),
                     .body = std::move(*body),
                     .who = admitted->token.name,
                     .role = admitted->token.role,
                     .stop = nullptr};
  co_return co_await pool->run(route, std::move(request), stream);
}

Result<std::unique_ptr<Api>> Api::make(AdminApiParts parts) {
  auto state = std::make_unique<State>(std::move(parts));
  const AdminApiParts& known = state->world.parts();
  const ApiSettings& settings = known.settings.api;
  if (!settings.tokens_file.empty()) {
    auto tokens = ApiTokens::load(settings.tokens_file);
    if (!tokens) return pass(std::move(tokens));
    state->gate = std::make_unique<ApiGate>(
        ApiGate::Parts{settings, known.clock, known.metrics, known.log}, std::move(*tokens));
    state->pool = std::make_unique<ApiPool>(state->world, known.metrics, known.log);
  }
  return std::unique_ptr<Api>(new Api(std::move(state)));
}

Api::Api(std::unique_ptr<State> state) : state_(std::move(state)) {}
Api::~Api() = default;

Co<bool> Api::serve(ClientStream& stream, Endpoint client) {
  ApiAnswer answer = co_await state_->answer(stream, client);
  state_->world.parts()
      .metrics
      .counter("weir_api_requests_total", "Requests of the API, by status.",
               {{"status", std::to_string(answer.status)}})
      .add();
  const bool last = answer.status == 429;
  const bool sent = co_await send(stream, std::move(answer));
  co_return sent && !last;
}

Result<> Api::reload() {
  if (!state_->gate) return {};
  return state_->gate->reload();
}

void Api::use_policy(std::shared_ptr<const Policy> policy) {
  state_->world.use_policy(std::move(policy));
}

Result<AdminApi> make_admin_api(AdminApiParts parts) {
  auto made = Api::make(std::move(parts));
  if (!made) return pass(std::move(made));
  const std::shared_ptr<Api> api = std::move(*made);
  AdminApi calls;
  calls.serve = [api](ClientStream& stream, Endpoint client) { return api->serve(stream, client); };
  calls.reload = [api] { return api->reload(); };
  calls.use_policy = [api](std::shared_ptr<const Policy> policy) {
    api->use_policy(std::move(policy));
  };
  return calls;
}

}  // namespace weir
