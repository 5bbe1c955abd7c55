// The fields of an HTML form as browsers send them: application/x-www-form-urlencoded (URL Standard
// 5.1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::size_t kMostFormFields = 16;

struct FormField {
  std::string name, value;
};
// The first kMostFormFields of them, decoded; bytes may be anything.
std::vector<FormField> parse_form(std::string_view body);

}  // namespace weir
