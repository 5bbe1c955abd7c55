#include "core/finding.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

namespace weir {
namespace {

// Names in the order of the enumerators: they are in policy files, events and metrics.
constexpr std::array<std::string_view, 4> kVerdicts = {"clean", "suspicious", "uninspectable",
                                                       "malicious"};
constexpr std::array<std::string_view, 18> kReasons = {
    "none",        "encrypted",      "partly-encrypted", "multi-volume",
    "too-large",   "too-deep",       "too-many",         "ratio",
    "timeout",     "crashed",        "queue-full",       "partial",
    "truncated",   "unknown-coding", "corrupt",          "parsers-disagree",
    "unsupported", "engine-down"};
constexpr std::array<std::string_view, kScannerCount + 1> kScanners = {"hash", "yara", "clamav",
                                                                       "structure", "sandbox"};
static_assert(kReasons[static_cast<std::size_t>(Reason::engine_down)] == "engine-down");
static_assert(kVerdicts[static_cast<std::size_t>(Verdict::malicious)] == "malicious");

template <class E>
std::string_view name_of(E value, std::span<const std::string_view> names) {
  const auto index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : "unknown";
}

template <class E>
std::optional<E> from_name(std::string_view name, std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

// An unknown verdict can only be a bug or a hostile peer, and must not be worth less than that.
Verdict sane(Verdict verdict) { return std::min(verdict, Verdict::malicious); }

}  // namespace

std::string_view verdict_name(Verdict verdict) { return name_of(verdict, kVerdicts); }
std::optional<Verdict> verdict_from_name(std::string_view name) {
  return from_name<Verdict>(name, kVerdicts);
}
std::string_view reason_name(Reason reason) { return name_of(reason, kReasons); }
std::optional<Reason> reason_from_name(std::string_view name) {
  return from_name<Reason>(name, kReasons);
}
std::string_view scanner_name(Scanner scanner) { return name_of(scanner, kScanners); }
std::optional<Scanner> scanner_from_name(std::string_view name) {
  return from_name<Scanner>(name, kScanners);
}

void Assessment::add(Finding finding) {
  finding.verdict = sane(finding.verdict);
  findings_.push_back(std::move(finding));
}

unsigned Assessment::score() const {
  // A sign counts once, though two readers see it, as on both sides of a disc image.
  std::map<std::pair<std::string_view, std::string_view>, unsigned> signs;
  for (const Finding& finding : findings_) {
    unsigned& weight = signs[{finding.where, finding.name}];
    weight = std::max<unsigned>(weight, finding.score);
  }
  std::map<std::string_view, unsigned> sums;
  unsigned highest = 0;
  for (const auto& [sign, weight] : signs) highest = std::max(highest, sums[sign.first] += weight);
  return std::min(highest, 100U);
}

Verdict Assessment::verdict() const {
  const bool odd = suspicious_score_ > 0 && score() >= suspicious_score_;
  Verdict all = odd ? Verdict::suspicious : Verdict::clean;
  for (const Finding& finding : findings_) all = join(all, finding.verdict);
  const bool missing = (required_.bits() & ~completed_.bits()) != 0;
  return missing ? join(all, Verdict::uninspectable) : all;
}

Finding Assessment::heaviest_sign() const {
  Finding heaviest = *std::ranges::max_element(findings_, {}, &Finding::score);
  heaviest.verdict = Verdict::suspicious;
  return heaviest;
}

std::optional<Finding> Assessment::worst() const {
  const Verdict decided = verdict();
  if (decided == Verdict::clean) return std::nullopt;
  const auto found = std::ranges::find(findings_, decided, &Finding::verdict);
  if (found != findings_.end()) return *found;
  if (decided == Verdict::suspicious) return heaviest_sign();
  Finding made_up;
  made_up.verdict = Verdict::uninspectable;
  made_up.reason = missing_reason_;
  for (int i = 0; i < kScannerCount; ++i) {
    const auto scanner = static_cast<Scanner>(i);
    if (!required_.has(scanner) || completed_.has(scanner)) continue;
    made_up.scanner = scanner;
    break;
  }
  made_up.name = scanner_name(made_up.scanner);
  made_up.name += " gave no answer";
  return made_up;
}

}  // namespace weir
