// What the API reads: a query, a JSON body, and the list of tokens. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/bytes.h"
#include "proxy/api/query.h"
#include "proxy/api/tokens.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void ask(ApiQuery query) {
  constexpr std::string_view kWords[] = {"held", "blocked"};
  const std::string name = query.text("name");
  require(name.size() <= ApiQuery::kMostValue && name.find('\0') == std::string::npos);
  (void)query.time("since", WallTime(std::chrono::hours(480'000)));
  const std::uint64_t limit = query.count("limit", 1, 10, 5);
  require(limit >= 1 && limit <= 10);
  const std::string state = query.word("state", kWords);
  require(state.empty() || state == "held" || state == "blocked");
  const auto good = query.done();
  require(good || !good.error().what.empty());
}

// What is taken can be written and read again.
void read_tokens(std::string_view text) {
  std::vector<Diagnostic> found;
  Problems problems("t", found);
  const auto tokens = ApiTokens::parse(text, problems);
  require(tokens.has_value() == (problems.errors() == 0));
  if (!tokens) return;
  for (const ApiToken& token : tokens->all()) require(is_api_name(token.name));
  require(tokens->find(text) == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  switch (data[0]) {
    case 'q': ask(ApiQuery(text)); break;
    case 'j': ask(ApiQuery::of_json(text)); break;
    default: read_tokens(text);
  }
  return 0;
}
