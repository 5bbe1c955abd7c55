// The few URL patterns of an index, compiled into one RE2::Set. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // Whether RE2 takes the pattern at all; what says why not.
  static Result<void> check(std::string_view pattern);
  // Numbered in their order. Fails if one does not compile, or all together take too much memory.
  static Result<PatternSet> compile(const std::vector<std::string_view>& patterns);

  bool empty() const { return set_ == nullptr; }
  // The numbers of all that match somewhere in `text`, ascending.
  std::vector<int> match(std::string_view text) const;

 private:
  struct Set;
  std::unique_ptr<Set> set_;
};

}  // namespace weir
