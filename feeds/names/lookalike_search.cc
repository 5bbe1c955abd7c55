#include "feeds/names/lookalike_search.h"

#include <algorithm>
#include <array>

#include "conf/nearest_word.h"

namespace weir {
namespace {

constexpr std::size_t kMostOwnLabels = 4;  // brands.cc takes no domain with more
constexpr std::size_t kShort = 5;          // a name below it proves little by itself
constexpr std::size_t kLong = 7;           // a name from it on is no accident inside of a word

// What a finding is worth; docs/names.md has the table.
constexpr int kOwnDomainBelow = 95;
constexpr int kForeign = 95, kForeignBelow = 90, kDigits = 90, kPairs = 85;
constexpr int kOtherTop = 55, kOtherTopOrdinary = 30;
constexpr int kNameBelow = 40;
constexpr int kComboLured = 85, kCombo = 55;
constexpr int kComboOrdinaryLured = 65, kComboShortLured = 75, kComboShort = 35;
constexpr int kInsideLured = 80, kInside = 45;
constexpr int kBelow = 10;        // what a combo in a subdomain is worth less
constexpr int kForeignMore = 10;  // and one with foreign letters more

int typo_score(std::size_t length, std::size_t errors) {
  const int score = length < 6 ? 55 : length < 7 ? 65 : length < 8 ? 72 : 80;
  return errors == 1 ? score : length < 11 ? 60 : 70;
}

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::optional<Lookalike> LookalikeSearch::run(std::string_view host, std::string_view registrable) {
  own_domains_below(host, registrable);
  std::string_view below = host.substr(0, host.size() - registrable.size());
  while (!below.empty()) {
    const std::size_t dot = std::min(below.find('.'), below.size() - 1);
    label(below.substr(0, dot), Where::below);
    below.remove_prefix(dot + 1);
  }
  label(registrable.substr(0, registrable.find('.')), Where::registered);
  return std::move(best_);
}

// paypal.com.evil.example: a brand's own domain somewhere before the registered one.
void LookalikeSearch::own_domains_below(std::string_view host, std::string_view registrable) {
  const std::size_t end = host.size() - registrable.size();
  for (std::size_t from = 0; from < end; from = host.find('.', from) + 1) {
    std::size_t to = from;
    for (std::size_t labels = 1; labels <= kMostOwnLabels; ++labels) {
      to = host.find('.', to + (labels > 1 ? 1 : 0));
      if (to == std::string_view::npos) break;
      const auto own = all_.known_.find(host.substr(from, to - from));
      if (labels == 1 || own == all_.known_.end()) continue;
      const std::string& name = all_.brands_.brands[own->second].name;
      shown_ = own->first;
      offer({name, own->second, false}, LookalikeKind::subdomain, kOwnDomainBelow,
            "stands before a domain of somebody else");
    }
  }
}

void LookalikeSearch::label(std::string_view text, Where where) {
  const LabelShape shape = label_shape(text);
  shown_ = text;
  foreign_ = shape.foreign;
  if (whole(shape, where)) return;
  if (where == Where::registered) typo(shape.plain, 100, "");
  tokens(shape, where);
}

// The label is a brand's name, or looks exactly like it.
bool LookalikeSearch::whole(const LabelShape& shape, Where where) {
  const bool registered = where == Where::registered;
  if (const Term* term = all_.exact(shape.plain)) {
    if (shape.foreign) {
      offer(*term, LookalikeKind::homoglyph, registered ? kForeign : kForeignBelow,
            "is written with letters that only look alike");
    } else if (!registered && !term->ordinary && term->text.size() >= kShort) {
      offer(*term, LookalikeKind::subdomain, kNameBelow, "is a name under somebody else's domain");
    } else if (registered && term->text.size() >= kShort) {
      offer(*term, LookalikeKind::tld, term->ordinary ? kOtherTopOrdinary : kOtherTop,
            "is under another top-level domain");
    }
    return true;
  }
  const Term* term = all_.same_skeleton(shape.plain);
  if (term == nullptr) return false;
  const bool digits = has_digit(shape.plain) && !all_digits(shape.plain);
  if (term->text.size() < kShort && !shape.foreign && !digits) return false;
  offer(*term, LookalikeKind::homoglyph,
        (shape.foreign ? kForeign
         : digits      ? kDigits
                       : kPairs) -
            (registered ? 0 : kBelow),
        "is made of characters that look alike");
  return true;
}

void LookalikeSearch::typo(std::string_view text, int most, std::string_view in) {
  for (const std::uint32_t id : all_.near_.candidates(text)) {
    const Term& term = all_.terms_[id];
    if (term.ordinary) continue;
    const std::size_t errors = edit_distance(text, term.text);
    if (errors == 0 || errors > errors_allowed(term.text.size())) continue;
    const bool other_start = text.front() != term.text.front();
    const int score = typo_score(term.text.size(), errors) - (other_start ? 10 : 0);
    offer(
        term, LookalikeKind::typo, std::min(score, most),
        (errors == 1 ? "is one typing error away" : "is two typing errors away") + std::string(in));
  }
}

bool LookalikeSearch::is_lure(std::string_view text) const { return all_.lures_.contains(text); }

// paypal-login, secure-paypa1: words between hyphens.
void LookalikeSearch::tokens(const LabelShape& shape, Where where) {
  constexpr std::size_t kMostTokens = 16;
  std::array<Token, kMostTokens> words;
  std::size_t count = 0;
  bool lured = false;
  std::string_view rest = shape.plain;
  while (!rest.empty() && count < kMostTokens) {
    const std::size_t end = std::min(rest.find_first_of("-_?"), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    Token& token = words[count++];
    token.text = text;
    token.term = all_.exact(text);
    token.lure = token.term == nullptr && is_lure(text);
    lured |= token.lure;
  }
  for (const Token& token : std::span(words).first(count)) {
    if (token.lure) continue;
    if (count > 1) together(token, lured, where);
    if (token.term == nullptr) inside(token.text, lured, where);
  }
}

void LookalikeSearch::together(const Token& token, bool lured, Where where) {
  const Term* term = token.term != nullptr ? token.term : all_.same_skeleton(token.text);
  const int less = (where == Where::below ? kBelow : 0) - (foreign_ ? kForeignMore : 0);
  if (term == nullptr) {
    if (lured && where == Where::registered) typo(token.text, kComboShortLured, " beside a lure");
    return;
  }
  const bool is_short = term->text.size() < kShort;
  if (is_short && token.term == nullptr) return;
  if (!lured && (term->ordinary || where == Where::below)) return;
  int score = lured ? kComboLured : kCombo;
  if (is_short) score = lured ? kComboShortLured : kComboShort;
  if (term->ordinary) score = kComboOrdinaryLured;
  offer(*term, LookalikeKind::combo, score - less,
        lured ? "has the name beside a word that lures" : "has the name beside other words");
}

// paypallogin, mypaypal2024: the name inside of a word.
void LookalikeSearch::inside(std::string_view token, bool lured, Where where) {
  for (std::size_t at = 0; at + kShortestInside <= token.size(); ++at) {
    const auto found = all_.terms_by_start_.find(token.substr(at, kShortestInside));
    if (found == all_.terms_by_start_.end()) continue;
    for (const std::uint32_t id : found->second) {
      const Term& term = all_.terms_[id];
      if (token.substr(at).starts_with(term.text)) word_inside(token, at, term, lured, where);
    }
  }
}

void LookalikeSearch::word_inside(std::string_view token, std::size_t at, const Term& term,
                                  bool lured, Where where) {
  const auto trimmed = [](std::string_view text) {
    while (!text.empty() && all_digits(text.substr(0, 1))) text.remove_prefix(1);
    while (!text.empty() && all_digits(text.substr(text.size() - 1))) text.remove_suffix(1);
    return text;
  };
  const std::string_view before = trimmed(token.substr(0, at));
  const std::string_view after = trimmed(token.substr(at + term.text.size()));
  const bool edge = before.empty() || after.empty();
  const bool clear = (before.empty() || is_lure(before)) && (after.empty() || is_lure(after));
  const bool with_lure = lured || is_lure(before) || is_lure(after);
  const int less = where == Where::below ? kBelow : 0;
  if (clear && with_lure) {
    offer(term, LookalikeKind::combo, (term.ordinary ? kComboOrdinaryLured : kInsideLured) - less,
          "has the name joined to a word that lures");
  } else if (edge && !term.ordinary && where == Where::registered &&
             (term.text.size() >= kLong || clear)) {
    offer(term, LookalikeKind::combo, kInside, "has the name joined to another word");
  }
}

void LookalikeSearch::offer(const Term& term, LookalikeKind kind, int score, std::string_view how) {
  if (best_ && best_->score >= score) return;
  std::string why = '"' + std::string(shown_) + "\" ";
  why += how;
  why += ": " + term.text;
  best_ = Lookalike{all_.brands_.brands[term.brand].name, kind, score, std::move(why)};
}

}  // namespace weir
