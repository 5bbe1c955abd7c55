// What a condition compares: one matcher for each kind of value, holding the fact it looks at and
// what was wanted. Matching allocates nothing. Immutable once compiled, any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/net_addr.h"
#include "policy/facts.h"
#include "policy/host_table.h"
#include "policy/regex.h"
#include "policy/values.h"

namespace weir {

// Where in Facts the value is. An empty text or nullopt is "not known" or "none".
using TextFact = std::string_view (*)(const Facts&);
using FlagFact = bool (*)(const Facts&);
using NumberFact = std::optional<std::uint64_t> (*)(const Facts&);
using WordsFact = const std::vector<std::string_view>& (*)(const Facts&);
using AddressFact = const IpAddress& (*)(const Facts&);
using TimeFact = WallTime (*)(const Facts&);
using Fact = std::variant<TextFact, FlagFact, NumberFact, WordsFact, AddressFact, TimeFact>;

std::string fact_text(Fact fact, const Facts& facts);  // for people; "(none)" when not known

struct FlagMatcher {
  FlagFact fact;
  bool wanted;
  bool matches(const Facts& facts) const { return fact(facts) == wanted; }
};

// One of some words; `any` is whatever is there at all.
struct WordMatcher {
  TextFact fact;
  bool any = false;
  std::vector<std::string> words;
  bool matches(const Facts& facts) const;
};

struct WordsMatcher {  // the fact is several words itself, one in common is enough
  WordsFact fact;
  bool any = false;
  std::vector<std::string> words;
  bool matches(const Facts& facts) const;
};

struct NumberMatcher {
  NumberFact fact;
  bool unknown = false;  // also when it is not known
  std::vector<NumberRange> ranges;
  bool matches(const Facts& facts) const;
};

struct AddressMatcher {
  AddressFact fact;
  std::vector<Cidr> ranges;
  bool matches(const Facts& facts) const;
};

struct HostMatcher {
  TextFact fact;
  std::vector<std::shared_ptr<const HostTable>> tables;
  bool matches(const Facts& facts) const;
};

struct PatternMatcher {
  TextFact fact;
  bool ignore_case = false;        // of globs
  std::vector<std::string> globs;  // the whole text
  std::vector<Regex> regexes;      // anywhere in it
  bool matches(const Facts& facts) const;
};

struct DigestMatcher {
  TextFact fact;
  std::shared_ptr<const NameTable> digests;
  bool matches(const Facts& facts) const;
};

struct TimeMatcher {
  TimeFact fact;
  std::vector<TimeWindow> windows;
  bool matches(const Facts& facts) const;
};

using Matcher = std::variant<FlagMatcher, WordMatcher, WordsMatcher, NumberMatcher, AddressMatcher,
                             HostMatcher, PatternMatcher, DigestMatcher, TimeMatcher>;

std::uint64_t digest_hash(std::string_view hex);

}  // namespace weir
