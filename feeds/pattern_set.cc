#include "feeds/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::int64_t kMemory = 64LL << 20;
constexpr std::int64_t kMemoryOfOne = 1LL << 20;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options(std::int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // a canonical URL is ASCII
  options.set_max_mem(memory);
  return options;
}

}  // namespace

struct PatternSet::Set {
  Set() : patterns(options(kMemory), RE2::UNANCHORED) {}
  RE2::Set patterns;
};

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;

Result<void> PatternSet::check(std::string_view pattern) {
  const RE2 compiled(piece(pattern), options(kMemoryOfOne));
  if (compiled.ok()) return {};
  return fail(Errc::malformed, Fault::config,
              "bad pattern \"" + escape_for_log(pattern, 256) + "\": " + compiled.error());
}

Result<PatternSet> PatternSet::compile(const std::vector<std::string_view>& patterns) {
  PatternSet made;
  if (patterns.empty()) return made;
  made.set_ = std::make_unique<Set>();
  for (const std::string_view pattern : patterns) {
    std::string why;
    if (made.set_->patterns.Add(piece(pattern), &why) < 0) {
      return fail(Errc::malformed, Fault::config,
                  "bad pattern \"" + escape_for_log(pattern, 256) + "\": " + why);
    }
  }
  if (!made.set_->patterns.Compile()) {  // matching would crash
    return fail(Errc::too_large, Fault::config, "the URL patterns together take too much memory");
  }
  return made;
}

std::vector<int> PatternSet::match(std::string_view text) const {
  std::vector<int> found;
  if (set_) set_->patterns.Match(piece(text), &found);
  std::ranges::sort(found);
  return found;
}

}  // namespace weir
