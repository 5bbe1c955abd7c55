#include "proxy/api/tokens.h"

#include <algorithm>

#include "conf/map_reader.h"
#include "conf/text_file.h"
#include "core/digest.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostFileBytes = 1024 * 1024;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestToken = 512;
constexpr std::string_view kPrefix = "weir_";  // so that scanners for leaked secrets can know it

constexpr auto kKeys = std::to_array<std::string_view>({"name", "role", "sha256"});
constexpr auto kRoles = std::to_array<std::string_view>({"reader", "operator"});  // as ApiRole

std::optional<std::array<std::uint8_t, 32>> digest_of(std::string_view text) {
  const auto bytes = from_hex(text);
  std::array<std::uint8_t, 32> digest{};
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

std::optional<ApiToken> read_token(const YamlNode& node, Problems& problems) {
  const int before = problems.errors();
  if (!check_map(node, "a token", kKeys, problems)) return std::nullopt;
  const MapReader reader(node, problems);
  ApiToken token;
  reader.text("name", token.name);
  if (!is_api_name(token.name)) {
    reader.wrong("name", "'name' has 1 to 64 letters, digits, '.', '-' or '_'");
  }
  const auto role = reader.word("role", kRoles);
  if (role) token.role = static_cast<ApiRole>(*role);
  if (!reader.has("role")) reader.wrong("role", "'role' is missing: reader or operator");
  std::string text;
  reader.text("sha256", text);
  const auto digest = digest_of(text);
  if (digest) token.sha256 = *digest;
  if (!digest) {
    reader.wrong("sha256", "'sha256' has the 64 hex digits that 'weir api token' prints");
  }
  if (problems.errors() != before) return std::nullopt;
  return token;
}

bool add(std::vector<ApiToken>& tokens, ApiToken token, Place place, Problems& problems) {
  const auto same = [&](const ApiToken& one) {
    return one.name == token.name || one.sha256 == token.sha256;
  };
  if (std::ranges::any_of(tokens, same)) {
    problems.error(place, "the name or the token is in the list already");
    return false;
  }
  tokens.push_back(std::move(token));
  return true;
}

}  // namespace

std::string_view api_role_name(ApiRole role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<ApiRole> api_role_from_name(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<ApiRole>(found - kRoles.begin());
}

bool is_api_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, fits);
}

std::optional<ApiTokens> ApiTokens::parse(std::string_view text, Problems& problems) {
  const auto root = parse_yaml(text, problems);
  if (!root) return std::nullopt;
  ApiTokens tokens;
  if (root->kind == YamlNode::Kind::null) return tokens;
  if (root->kind != YamlNode::Kind::list) {
    problems.error(root->place, "expected a list of tokens: - {name: …, role: …, sha256: …}");
    return std::nullopt;
  }
  if (root->items.size() > kMost) {
    problems.error(root->place, "more than " + std::to_string(kMost) + " tokens");
    return std::nullopt;
  }
  for (const YamlNode& item : root->items) {
    auto token = read_token(item, problems);
    if (token) add(tokens.tokens_, std::move(*token), item.place, problems);
  }
  if (problems.errors() != 0) return std::nullopt;
  return tokens;
}

Result<ApiTokens> ApiTokens::load(const std::string& file) {
  const auto text = read_text_file(file, kMostFileBytes);
  if (!text) return std::unexpected(text.error());
  std::vector<Diagnostic> found;
  Problems problems(file, found);
  auto tokens = parse(*text, problems);
  if (!tokens) return fail(Errc::invalid, Fault::config, text_of(found));
  return std::move(*tokens);
}

// Digests of equal length are compared whole, each of them: neither which one it is nor how much of
// it was right can be told from the time.
const ApiToken* ApiTokens::find(std::string_view presented) const {
  const auto digest = sha256(as_bytes(presented.substr(0, kLongestToken)));
  const ApiToken* found = nullptr;
  for (const ApiToken& token : tokens_) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < digest.size(); ++i) difference |= digest[i] ^ token.sha256[i];
    found = difference == 0 ? &token : found;
  }
  return presented.size() > kLongestToken ? nullptr : found;
}

std::string new_api_token(Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  return std::string(kPrefix) + hex(bytes);
}

std::string api_token_line(std::string_view name, ApiRole role, std::string_view token) {
  return "- {name: " + std::string(name) + ", role: " + std::string(api_role_name(role)) +
         ", sha256: " + sha256_hex(as_bytes(token)) + "}\n";
}

}  // namespace weir
