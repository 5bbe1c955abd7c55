// What the API answers: JSON, or problem+json (RFC 9457) that says what to do. Plain values.
#pragma once

#include <string>
#include <string_view>

#include "core/http_message.h"
#include "core/result.h"

namespace weir {

struct ApiAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Fields fields = {};  // beside those that every answer has
};

ApiAnswer api_json(std::string body, int status = 200);

// `detail`: for the person who asked; what it says of a request must be escaped or harmless.
ApiAnswer api_problem(int status, std::string_view detail);
// What went wrong here; the error's text is for an administrator, and who has a token is one.
ApiAnswer api_trouble(const Error& error);

}  // namespace weir
