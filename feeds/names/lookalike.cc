#include "feeds/names/lookalike.h"

#include <algorithm>

#include "core/net_addr.h"
#include "feeds/names/label_shape.h"
#include "feeds/names/lookalike_search.h"
#include "feeds/public_suffix.h"

namespace weir {

std::string_view lookalike_kind_name(LookalikeKind kind) {
  switch (kind) {
    case LookalikeKind::homoglyph: return "homoglyph";
    case LookalikeKind::typo: return "typo";
    case LookalikeKind::combo: return "combo";
    case LookalikeKind::tld: return "tld";
    case LookalikeKind::subdomain: return "subdomain";
  }
  return "";
}

Lookalikes::Lookalikes(Brands brands) : brands_(std::move(brands)) {
  for (std::uint32_t i = 0; i < brands_.brands.size(); ++i) {
    const Brand& brand = brands_.brands[i];
    add_term(brand.name, i);
    for (const std::string& word : brand.words) add_term(word, i);
    own_.insert(brand.domains.begin(), brand.domains.end());
    add_known(i);
    if (brand.any_top) any_top_.insert(brand.name);
  }
  near_.build();
  lures_.insert(brands_.lures.begin(), brands_.lures.end());
  innocent_.insert(brands_.innocent.begin(), brands_.innocent.end());
}

void Lookalikes::add_term(const std::string& text, std::uint32_t brand) {
  const auto id = static_cast<std::uint32_t>(terms_.size());
  if (!terms_by_text_.emplace(text, id).second) return;  // the first brand of that name has it
  terms_.push_back({text, brand, brands_.brands[brand].ordinary});
  terms_by_skeleton_.emplace(skeleton(text), id);
  near_.add(text, id);
  if (text.size() >= kShortestInside) {
    terms_by_start_[text.substr(0, kShortestInside)].push_back(id);
  }
}

// Servers of pictures and scripts (fbcdn.net) turn up below others' domains for harmless reasons.
void Lookalikes::add_known(std::uint32_t brand) {
  for (const std::string& domain : brands_.brands[brand].domains) {
    const auto term = terms_by_text_.find(std::string_view(domain).substr(0, domain.find('.')));
    const bool named = term != terms_by_text_.end() && terms_[term->second].brand == brand;
    if (named || domain == brands_.brands[brand].domains.front()) known_.emplace(domain, brand);
  }
}

// What is above the registrable domain excuses nothing: strangers have s3.amazonaws.com for theirs.
bool Lookalikes::is_own(std::string_view host, std::string_view registrable) const {
  for (std::string_view rest = host;;) {
    if (own_.contains(rest) || innocent_.contains(rest)) return true;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || rest.size() - dot - 1 < registrable.size()) break;
    rest.remove_prefix(dot + 1);
  }
  return any_top_.contains(registrable.substr(0, registrable.find('.'))) &&
         private_suffix(host).empty();
}

const Lookalikes::Term* Lookalikes::exact(std::string_view text) const {
  const auto at = terms_by_text_.find(text);
  return at == terms_by_text_.end() ? nullptr : &terms_[at->second];
}

const Lookalikes::Term* Lookalikes::same_skeleton(std::string_view text) const {
  const auto at = terms_by_skeleton_.find(skeleton(text));
  return at == terms_by_skeleton_.end() ? nullptr : &terms_[at->second];
}

std::optional<Lookalike> Lookalikes::find(std::string_view host) const {
  if (host.empty() || host.size() > kLongestHost || IpAddress::parse(host)) return std::nullopt;
  const std::string_view registrable = registrable_domain(host);
  if (registrable.empty() || is_own(host, registrable)) return std::nullopt;
  return LookalikeSearch(*this).run(host, registrable);
}

}  // namespace weir
