// conf/feeds.yaml: which feeds there are and how each is fetched and understood. Reading it opens
// no connection. Mistakes are reported with file:line:column; unknown keys are mistakes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "conf/diagnostic.h"
#include "feeds/indicator.h"

namespace weir {

// What happens when a feed lists a name of the guard list (top sites).
enum class GuardAction : std::uint8_t {
  quarantine,  // the whole feed keeps its last good state
  drop,        // these entries are rejected, the rest is taken
  off,
};

// How a feed is asked for.
enum class FeedProtocol : std::uint8_t {
  plain,  // one document
  misp,   // a folder with manifest.json and an event document for each of its entries
  taxii,  // objects of a TAXII 2.1 collection, page by page
};

struct FeedSpec {
  std::string name;  // letters, digits, '-', '_': also a file name
  std::string url;   // http, https; or
  std::string file;  // a file here, read again when it changes
  std::string format;
  FeedProtocol protocol = FeedProtocol::plain;
  Threat threat = Threat::unknown;
  std::string category;
  unsigned confidence = 50;
  std::chrono::milliseconds every = std::chrono::hours(1);
  std::chrono::milliseconds expire{};  // after it was last seen; 0: while it is in the feed
  std::chrono::milliseconds timeout = std::chrono::minutes(5);
  std::uint64_t max_bytes = 256ULL << 20;  // decoded
  unsigned max_shrink = 50;                // percent of its entries that may go at once
  bool allow_empty = false;
  bool public_suffixes = false;  // may list "github.io" or "co.uk" with all below
  GuardAction guard = GuardAction::quarantine;
  std::string licence;       // for people
  std::string header_file;   // its first line is sent as a header: "Auth-Key: …"; a secret
  std::string pin;           // "sha256//…": the server's public key
  std::string sha256_url;    // where the digest of the document is
  std::string minisign_key;  // public key; the signature is at url + ".minisig"
  std::string proxy;         // for this feed; else the list's
  bool enabled = true;
};

struct FeedList {
  std::vector<FeedSpec> feeds;           // also those that are off
  std::vector<std::string> guard_names;  // registrable domains, sorted
  std::string proxy;                     // "" = direct
  std::string ca_file;                   // "" = the system's

  const FeedSpec* find(std::string_view name) const;
  bool guards(std::string_view domain) const;
};

// nullopt exactly when an error was reported. Relative files are taken from the list's folder.
std::optional<FeedList> load_feed_list(const std::string& path, std::vector<Diagnostic>& problems);

}  // namespace weir
