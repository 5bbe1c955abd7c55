// What the tests of signs share: examine bytes by name, and say what came out.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/signs/signs.h"

namespace weir {

using Names = std::vector<std::string>;

inline Remarks examined(void (*examine)(const Subject&, Remarks&), std::string_view bytes,
                        std::string_view name = {}) {
  Remarks remarks;
  const FileType type = type_by_magic(as_bytes(bytes.substr(0, 40000)));
  examine(Subject{.bytes = as_bytes(bytes), .type = type, .name = name}, remarks);
  return remarks;
}

inline unsigned total(const Remarks& remarks) {
  unsigned sum = 0;
  for (const Remark& one : remarks.all()) sum += one.score;
  return sum;
}

// The names of the signs that weigh something, sorted.
inline Names weighty(const Remarks& remarks) {
  Names names;
  for (const Remark& one : remarks.all()) {
    if (one.score > 0) names.push_back(one.name);
  }
  std::ranges::sort(names);
  return names;
}

inline std::string wide(std::string_view text, bool mark = true) {
  std::string out = mark ? "\xff\xfe" : "";
  for (const char c : text) {
    out += c;
    out += '\0';
  }
  return out;
}

}  // namespace weir
