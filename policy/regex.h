// A regular expression in RE2 syntax, matched anywhere in a text in linear time. The only user of
// RE2 is regex.cc. Bytes, not characters: no invalid UTF-8 can hide from a pattern. Immutable once
// compiled, any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace re2 {
class RE2;
}

namespace weir {

class Regex {
 public:
  static Result<Regex> compile(std::string_view pattern);
  bool found_in(std::string_view text) const;

 private:
  struct Free {
    void operator()(const re2::RE2* regex) const;
  };
  std::unique_ptr<const re2::RE2, Free> regex_;
};

}  // namespace weir
