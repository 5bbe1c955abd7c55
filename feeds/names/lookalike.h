// Host names that pass for a protected brand's: by letters that look the same, by a typing error,
// by the brand's name beside other words, under another top-level domain, or as a subdomain of
// somebody else's. How each is told and scored: docs/names.md. Built once from conf/brands.yaml,
// then immutable; any thread. A look-up takes microseconds and does not depend on how many brands
// there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "feeds/names/brands.h"
#include "feeds/names/near_names.h"

namespace weir {

enum class LookalikeKind : std::uint8_t { homoglyph, typo, combo, tld, subdomain };
std::string_view lookalike_kind_name(LookalikeKind kind);

struct Lookalike {
  std::string_view brand;  // lives as long as the Lookalikes
  LookalikeKind kind = LookalikeKind::typo;
  int score = 0;    // 1 to 100
  std::string why;  // for an administrator; ASCII
};

class Lookalikes {
 public:
  explicit Lookalikes(Brands brands);
  Lookalikes(Lookalikes&&) = default;
  Lookalikes& operator=(Lookalikes&&) = default;

  // The finding with the highest score. `host` is canonical (core/url.h). None for IP literals, for
  // what nobody registered, and for the brands' own domains and all below them.
  std::optional<Lookalike> find(std::string_view host) const;

  std::size_t size() const { return brands_.brands.size(); }

 private:
  friend class LookalikeSearch;
  struct Term {
    std::string text;
    std::uint32_t brand;
    bool ordinary;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class Value>
  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

  void add_term(const std::string& text, std::uint32_t brand);
  void add_known(std::uint32_t brand);
  bool is_own(std::string_view host, std::string_view registrable) const;
  const Term* exact(std::string_view text) const;
  const Term* same_skeleton(std::string_view text) const;

  Brands brands_;
  std::vector<Term> terms_;
  Map<std::uint32_t> terms_by_text_;
  Map<std::uint32_t> terms_by_skeleton_;
  Map<std::vector<std::uint32_t>> terms_by_start_;  // their first kStart letters
  Set own_;
  Map<std::uint32_t> known_;  // the domains that people know the brand by → brand
  Set any_top_;
  Set innocent_;
  Set lures_;
  NearNames near_;
};

}  // namespace weir
