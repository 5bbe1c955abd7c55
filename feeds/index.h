// All indicators in force: one immutable file (index_format.h), mapped read-only, written whole by
// an IndexBuilder. Any number of threads may look things up; swapping it means swapping the
// shared_ptr. A damaged or foreign file is an Error at open(); should bytes of a checked file
// change afterwards, look-ups stay inside the mapping and may only miss or find too much. The file
// must be replaced by rename, never truncated in place.
//
// What "exact" means: names are not stored, only 84 and more bits of a keyed 128-bit hash of each
// (64 in the entry, the rest by its place), so that a look-up of something unlisted hits with a
// chance below 1e-17. The key is random and new in each file: nobody who writes a feed or chooses
// a URL can make two names collide, or fill a bucket.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/net_addr.h"
#include "core/url.h"
#include "feeds/indicator.h"

namespace weir {

// One source's word on one listed thing. The views point into the Index: keep it while they live.
struct Hit {
  IndicatorKind kind = IndicatorKind::host;
  std::string matched;  // the listed value that applies, such as the parent domain
  std::string_view source, category, note;
  Threat threat = Threat::unknown;
  std::uint8_t confidence = 0;
  // first and last seen in whole days, expiry in whole hours (rounded up); epoch = not known/never
  WallTime first_seen{}, last_seen{}, expiry{};
};
using Hits = std::vector<Hit>;

struct IndexParts;  // index_search.h

class Index {
 public:
  // Reads the header only; takes milliseconds however large the file is (patterns are compiled).
  static Result<std::shared_ptr<const Index>> open(const std::string& path);
  // An index without indicators, for a gateway that has no file yet.
  static std::shared_ptr<const Index> empty();
  // All of both, such as the feeds and the local list: each has its own file, so that a change of
  // the small one does not wait for the large one.
  static std::shared_ptr<const Index> joined(const Index& one, const Index& other);

  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Each returns all that applies and has not expired at `now`, without allocating when there is
  // nothing (but for patterns, if the index has any, and URLs of more than 2 KB).
  // `host` as canonical_host() makes it: the host itself and every parent domain; an address is
  // looked up as find_ip does.
  Hits find_host(std::string_view host, WallTime now) const;
  // Everything: host and domains, address and ranges, URL with and without query, prefixes on the
  // host and its parents of two to five labels, patterns.
  Hits find_url(const Url& url, WallTime now) const;
  Hits find_ip(const IpAddress& address, WallTime now) const;  // and the ranges, longest first
  // md5, sha1, sha256, ja3, ja4, cert_sha1, cert_sha256: `value` canonical (lower-case hex).
  Hits find_value(IndicatorKind kind, std::string_view value, WallTime now) const;

  std::uint64_t size() const;  // listed values; one with several sources counts once
  std::uint64_t bytes() const;
  WallTime built() const;  // the newest of its files
  // Loads all pages, so that no look-up waits for the disk. Off the loop; best effort.
  void warm() const;
  // Reads the whole file against its checksum. Seconds; off the loop.
  Result<void> verify() const;

 private:
  using Files = std::vector<std::shared_ptr<const IndexParts>>;
  explicit Index(Files files);
  Files files_;
};

}  // namespace weir
