// Gets one feed's document and lays it down as text: fetched, its digest or signature checked,
// unpacked. Nothing of what is in force is touched. Blocks; the updater's thread.
#pragma once

#include <string>

#include "core/clock.h"
#include "feeds/update/feed_list.h"
#include "feeds/update/feed_state.h"
#include "feeds/update/fetcher.h"

namespace weir {

struct Pulled {
  bool unchanged = false;
  std::string etag, last_modified;
};

class Puller {
 public:
  // `folder` holds what is half done, and the events of MISP feeds. Both outlive the puller.
  Puller(Fetcher& fetcher, const FeedList& list, std::string folder)
      : fetcher_(fetcher), list_(list), folder_(std::move(folder)) {}

  // Writes the text to `into`, unless what is at hand is current.
  Result<Pulled> pull(const FeedSpec& spec, const FeedState& state, const std::string& into);

 private:
  Result<FetchAsk> ask_for(const FeedSpec& spec, const std::string& url) const;
  Result<Pulled> pull_document(const FeedSpec& spec, const FeedState& state,
                               const std::string& into);
  Result<Pulled> pull_file(const FeedSpec& spec, const FeedState& state, const std::string& into);
  Result<Pulled> pull_misp(const FeedSpec& spec, const FeedState& state, const std::string& into);
  Result<Pulled> pull_taxii(const FeedSpec& spec, const std::string& into);
  Result<std::string> small(const FeedSpec& spec, const std::string& url, std::uint64_t most);
  Result<void> authenticate(const FeedSpec& spec, const std::string& document);

  Fetcher& fetcher_;
  const FeedList& list_;
  std::string folder_;
};

// The pieces of a MISP feed and of TAXII that say what to fetch next (pull_wire.cc).
struct MispEntry {
  std::string uuid;
  std::uint64_t timestamp = 0;
};
Result<std::vector<MispEntry>> read_misp_manifest(std::string_view json);
struct TaxiiPage {
  bool more = false;
  std::string next;
};
Result<TaxiiPage> read_taxii_page(std::string_view json);

}  // namespace weir
