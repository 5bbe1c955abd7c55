#include "proxy/page_words.h"

#include <algorithm>

namespace weir {
namespace {

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

}  // namespace

void PageWords::remember(const FileOwner& owner, const Url& page, std::vector<std::string> words) {
  if (words.empty() || settings_.remembered_pages == 0) return;
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  pages_.remove_if([&](const Page& known) {
    return known.until < now || (known.owner == owner && known.url == page);
  });
  pages_.push_front({owner, page, std::move(words), now + settings_.page_memory});
  if (pages_.size() > settings_.remembered_pages) pages_.pop_back();
}

std::vector<std::string> PageWords::find(const FileOwner& owner, std::string_view referer) {
  std::vector<std::string> words;
  const auto from = parse_url(referer);
  if (!from) return words;
  const bool origin_only = from->path_and_query == "/";
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  for (const Page& page : pages_) {
    if (page.until < now || !(page.owner == owner) || !same_origin(page.url, *from)) continue;
    if (!origin_only && page.url.path_and_query != from->path_and_query) continue;
    for (const std::string& word : page.words) {
      if (words.size() == kMost) return words;
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    }
  }
  return words;
}

}  // namespace weir
