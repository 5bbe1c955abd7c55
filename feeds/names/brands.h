// The brands that conf/brands.yaml protects, as read and checked: what lookalike.h is built from.
// Problems go to `problems` with their place, unknown keys too. Plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/diagnostic.h"

namespace weir {

struct Brand {
  std::string name;                  // a-z and 0-9, two letters at least
  std::vector<std::string> words;    // its other names; as `name`
  std::vector<std::string> domains;  // its own, canonical; at least one
  bool any_top = false;   // its own under every public suffix of a registry (google.co.jp, ...)
  bool ordinary = false;  // a word of the language: counts in company of a lure only
};

struct Brands {
  std::vector<Brand> brands;
  std::vector<std::string> lures;     // words that go with a brand in phishing: login, verify, ...
  std::vector<std::string> innocent;  // domains that only look like it
};

// nullopt exactly when a problem was reported.
std::optional<Brands> load_brands(const std::string& file, std::vector<Diagnostic>& out);
std::optional<Brands> parse_brands(std::string_view text, Problems& problems);

}  // namespace weir
