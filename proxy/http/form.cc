#include "proxy/http/form.h"

#include <algorithm>

#include "core/escape.h"

namespace weir {
namespace {

std::string form_text(std::string_view coded) {
  std::string text(coded);
  std::ranges::replace(text, '+', ' ');
  return percent_decode(text);
}

}  // namespace

std::vector<FormField> parse_form(std::string_view body) {
  std::vector<FormField> fields;
  while (!body.empty() && fields.size() < kMostFormFields) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value =
        equals < pair.size() ? pair.substr(equals + 1) : std::string_view{};
    if (!pair.empty()) fields.push_back({form_text(pair.substr(0, equals)), form_text(value)});
  }
  return fields;
}

}  // namespace weir
