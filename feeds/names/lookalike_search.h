// One look-up of lookalike.h: goes over the labels of a host and keeps the best finding. Lives on
// the stack of Lookalikes::find().
#pragma once

#include "feeds/names/label_shape.h"
#include "feeds/names/lookalike.h"

namespace weir {

inline constexpr std::size_t kShortestInside = 5;  // of a name found inside of a longer word
inline constexpr std::size_t kLongestHost = 253;

class LookalikeSearch {
 public:
  explicit LookalikeSearch(const Lookalikes& all) : all_(all) {}
  std::optional<Lookalike> run(std::string_view host, std::string_view registrable);

 private:
  using Term = Lookalikes::Term;
  enum class Where : std::uint8_t { registered, below };
  // A word of a label between hyphens, and the name that it is or looks like.
  struct Token {
    std::string_view text;
    const Term* term = nullptr;
    bool lure = false;
  };

  void own_domains_below(std::string_view host, std::string_view registrable);
  void label(std::string_view label, Where where);
  bool whole(const LabelShape& shape, Where where);
  void typo(std::string_view text, int most, std::string_view in);
  void tokens(const LabelShape& shape, Where where);
  void together(const Token& token, bool lured, Where where);
  void inside(std::string_view token, bool lured, Where where);
  void word_inside(std::string_view token, std::size_t at, const Term& term, bool lured,
                   Where where);
  bool is_lure(std::string_view text) const;
  void offer(const Term& term, LookalikeKind kind, int score, std::string_view how);

  const Lookalikes& all_;
  std::string_view shown_;  // the label at hand, for messages
  bool foreign_ = false;    // ... has letters outside of ASCII
  std::optional<Lookalike> best_;
};

}  // namespace weir
