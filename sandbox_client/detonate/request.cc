#include "sandbox_client/detonate/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> bad(std::string what) {
  return fail(Errc::malformed, Fault::client, "request: " + std::move(what));
}

bool is_digest(std::string_view text) {
  constexpr std::size_t kHexDigits = 64;
  const bool hex = text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return text.empty() || (hex && text.size() == kHexDigits);
}

}  // namespace

Result<DetonationRequest> parse_request(std::string_view json) {
  if (json.size() > kMostRequestBytes) return bad("too long");
  const Json root = Json::parse(json, nullptr, false);
  if (!root.is_object()) return bad("no JSON object");
  DetonationRequest request;
  for (const auto& [key, value] : root.items()) {
    const bool text = value.is_string();
    if (key == "name" && text) {
      request.name = value.get<std::string>();
    } else if (key == "sha256" && text && is_digest(value.get_ref<const std::string&>())) {
      request.sha256 = value.get<std::string>();
    } else if (key == "seconds" && value.is_number_unsigned() &&
               value.get<std::uint64_t>() - 1 < kMostSeconds) {
      request.seconds = value.get<int>();
    } else {
      return bad("unknown or bad member");
    }
  }
  return request;
}

}  // namespace weir
