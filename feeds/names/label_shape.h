// How a label of a host name looks to a reader, so that names which look the same compare equal.
// After Unicode UTS 39 (its table in confusable_table.h), made coarser for host names: letters with
// marks count as bare ones, digits as the letters they stand for, and "rn" as m. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

struct LabelShape {
  std::string plain;     // ASCII: each letter as the one it looks like; '?' where there is none
  bool foreign = false;  // letters outside of ASCII are in it
};

// `label` is lower case, xn-- or ASCII. What claims to be Punycode and is not stays as it is.
LabelShape label_shape(std::string_view label);

// Equal for texts that are hard to tell apart at a glance: 0 and o; 1, l and i; m and rn; w and vv;
// d and cl; 3, 4, 5, ... and the letters they replace. Each character is expanded by itself, so
// replacing any by what it resembles never changes the result.
std::string skeleton(std::string_view plain);

}  // namespace weir
