#include "policy/matchers.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "core/escape.h"

namespace weir {
namespace {

std::string none_if_empty(std::string_view text) {
  return std::string(text.empty() ? "(none)" : text);
}

struct FactText {
  const Facts& facts;

  std::string operator()(TextFact fact) const {
    return none_if_empty(escape_for_log(fact(facts), 256));
  }
  std::string operator()(FlagFact fact) const { return fact(facts) ? "true" : "false"; }
  std::string operator()(AddressFact fact) const { return fact(facts).text(); }
  std::string operator()(NumberFact fact) const {
    const auto value = fact(facts);
    return value ? std::to_string(*value) : "(not known)";
  }
  std::string operator()(WordsFact fact) const {
    std::string out;
    for (const std::string_view word : fact(facts)) {
      out += (out.empty() ? "" : ", ") + escape_for_log(word, 64);
    }
    return none_if_empty(std::move(out));
  }
  std::string operator()(TimeFact fact) const {
    constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
    const LocalMinute local = local_minute(fact(facts));
    const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(kDays[static_cast<std::size_t>(local.weekday)]) + " " +
           two(local.minute / 60) + ":" + two(local.minute % 60);
  }
};

}  // namespace

std::string fact_text(Fact fact, const Facts& facts) { return std::visit(FactText{facts}, fact); }

bool WordMatcher::matches(const Facts& facts) const {
  const std::string_view value = fact(facts);
  if (any && !value.empty()) return true;
  return std::ranges::find(words, value) != words.end();
}

bool WordsMatcher::matches(const Facts& facts) const {
  const std::vector<std::string_view>& values = fact(facts);
  if (any && !values.empty()) return true;
  return std::ranges::any_of(values, [this](std::string_view value) {
    return std::ranges::find(words, value) != words.end();
  });
}

bool NumberMatcher::matches(const Facts& facts) const {
  const auto value = fact(facts);
  if (!value) return unknown;
  return std::ranges::any_of(ranges, [&](const NumberRange& r) { return r.contains(*value); });
}

bool AddressMatcher::matches(const Facts& facts) const {
  const IpAddress& address = fact(facts);
  return std::ranges::any_of(ranges, [&](const Cidr& range) { return range.contains(address); });
}

bool HostMatcher::matches(const Facts& facts) const {
  const std::string_view host = fact(facts);
  return std::ranges::any_of(tables, [&](const auto& table) {
    if (table->contains(host)) return true;
    return table->visit_url(host, facts.url, [](std::uint32_t) { return true; });
  });
}

bool PatternMatcher::matches(const Facts& facts) const {
  const std::string_view text = fact(facts);
  return std::ranges::any_of(
             globs, [&](const auto& glob) { return glob_matches(glob, text, ignore_case); }) ||
         std::ranges::any_of(regexes, [&](const Regex& regex) { return regex.found_in(text); });
}

bool DigestMatcher::matches(const Facts& facts) const {
  const std::string_view hex = fact(facts);
  return digests->visit(digest_hash(hex), hex, [](std::uint32_t) { return true; });
}

bool TimeMatcher::matches(const Facts& facts) const {
  const LocalMinute now = local_minute(fact(facts));
  return std::ranges::any_of(
      windows, [&](const TimeWindow& window) { return window.contains(now.weekday, now.minute); });
}

std::uint64_t digest_hash(std::string_view hex) {
  NameHash hash;
  for (const char c : hex) hash.add(c);
  return hash.mixed();
}

}  // namespace weir
