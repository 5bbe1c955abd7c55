// One line of CSV (RFC 4180, with the spaces after commas that some feeds write) as its fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// False: quotes that do not match, or more than 64 fields.
bool split_csv(std::string_view line, std::vector<std::string>& fields);

}  // namespace weir
