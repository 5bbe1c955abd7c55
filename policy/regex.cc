#include "policy/regex.h"

#include <re2/re2.h>

namespace weir {
namespace {

constexpr std::size_t kLongestPattern = 4096;
constexpr std::int64_t kMemory = 4 << 20;  // for the program and its DFA together

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Regex::Free::operator()(const re2::RE2* regex) const {
  std::default_delete<const re2::RE2>()(regex);
}

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > kLongestPattern) {
    return fail(Errc::too_large, Fault::config, "the pattern is longer than 4 KiB");
  }
  re2::RE2::Options options(re2::RE2::Latin1);
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_dot_nl(true);
  options.set_max_mem(kMemory);
  Regex regex;
  regex.regex_.reset(std::make_unique<const re2::RE2>(piece(pattern), options).release());
  if (!regex.regex_->ok()) return fail(Errc::invalid, Fault::config, regex.regex_->error());
  return regex;
}

bool Regex::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), *regex_);
}

}  // namespace weir
