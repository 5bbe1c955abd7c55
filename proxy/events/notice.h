// An event that is no transaction: the gateway says something about itself or its knowledge. One
// line of OCSF JSON beside the transactions. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"

namespace weir {

struct Notice {
  // OCSF classes: Detection Finding (2004), Application Error (6008).
  enum class Kind : std::uint16_t { finding = 2004, trouble = 6008 };

  Kind kind = Kind::trouble;
  WallTime time{};
  int severity = 3;     // OCSF severity_id: 1 informational … 5 critical
  std::string what;     // a word for machines: "feed-quarantined"
  std::string message;  // for people
  std::vector<std::pair<std::string, std::string>> details;  // below unmapped.weir
  // Who is concerned, with the same names for each; bounded by whoever makes the notice.
  std::vector<std::vector<std::pair<std::string, std::string>>> receipts;
};

// "informational" … "critical" for a severity from 1 to 5, and back (0: no such word).
std::string_view severity_name(int severity);
int severity_from_name(std::string_view name);

// Without the newline. Pure.
std::string notice_line(const Notice& notice);

}  // namespace weir
