// Who may use the API: the list that api.tokens_file names, YAML, of name, role and the SHA-256 of
// a token. Tokens are 256 random bits, so a fast digest is enough, and the file holds no secret.
// Plain values; a list is replaced as a whole. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

// An operator may do what a reader may, and change things.
enum class ApiRole : std::uint8_t { reader, operate };
std::string_view api_role_name(ApiRole role);  // "reader", "operator"
std::optional<ApiRole> api_role_from_name(std::string_view name);

struct ApiToken {
  std::string name;
  ApiRole role = ApiRole::reader;
  std::array<std::uint8_t, 32> sha256{};
};

class ApiTokens {
 public:
  static constexpr std::size_t kMost = 1000;

  // nullopt exactly when a problem was reported.
  static std::optional<ApiTokens> parse(std::string_view text, Problems& problems);
  static Result<ApiTokens> load(const std::string& file);  // the error has a line for each problem

  // Whose token this is. Looks at all of them in the same time, whatever was sent.
  const ApiToken* find(std::string_view presented) const;
  const std::vector<ApiToken>& all() const { return tokens_; }

 private:
  std::vector<ApiToken> tokens_;
};

std::string new_api_token(Random& random);
bool is_api_name(std::string_view name);  // 1 to 64 letters, digits, '.', '-' and '_'
// The line for the file, with its newline.
std::string api_token_line(std::string_view name, ApiRole role, std::string_view token);

}  // namespace weir
