// What would the policy do with this request? For the command line and the API. Blocks on nothing.
#pragma once

#include <string>

#include "core/result.h"
#include "feeds/index.h"
#include "policy/policy.h"
#include "proxy/name_knowledge.h"

namespace weir {

// As `weir explain` takes it; "" = not given.
struct ExplainQuestion {
  std::string url, client = "127.0.0.1", user, method = "GET", content_type, file_type;
  std::string verdict, reason, certificate_error;
};

struct ExplainKnowledge {
  const Policy& policy;
  const Index& index;
  NameKnowledge& names;  // asked only: it is no visit
  WallTime now;
};

// The explanation, as JSON or text; the error says what is wrong with the question.
Result<std::string> explain_question(const ExplainQuestion& question, const ExplainKnowledge& known,
                                     bool json);

}  // namespace weir
