// What pages that a client has just been given call a password in their visible text, to be tried
// on what is downloaded from there. Kept for a short time, bounded, for that client only, in memory
// only. Any thread.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/url.h"
#include "proxy/kept_files.h"

namespace weir {

class PageWords {
 public:
  static constexpr std::size_t kMost = 16;  // words for one download

  PageWords(const PortalSettings& settings, const Clock& clock)
      : settings_(settings), clock_(clock) {}

  void remember(const FileOwner& owner, const Url& page, std::vector<std::string> words);
  // Of the page that `referer` names; of all pages of that origin when it names the origin only,
  // as browsers do across sites (Referrer Policy, strict-origin-when-cross-origin). Newest first.
  std::vector<std::string> find(const FileOwner& owner, std::string_view referer);

 private:
  struct Page {
    FileOwner owner;
    Url url;
    std::vector<std::string> words;
    SteadyTime until;
  };
  const PortalSettings& settings_;
  const Clock& clock_;
  std::mutex mutex_;
  std::list<Page> pages_;  // newest first
};

}  // namespace weir
