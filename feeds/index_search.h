// One look-up in an index: the combinations that apply, in the order of the hits. The hashes of all
// host suffixes come first, with the filter's lines fetched meanwhile, then the probes. Lives as
// long as the call; one thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/index.h"
#include "feeds/index_view.h"
#include "feeds/pattern_set.h"

namespace weir {

// A file mapped read-only.
struct Mapping {
  Mapping() = default;
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  static Result<std::unique_ptr<Mapping>> open(const std::string& path);
  ByteView bytes;
};

// What an Index consists of.
struct IndexParts {
  std::unique_ptr<Mapping> mapping;  // null: the empty index
  IndexView view;
  PatternSet patterns;
  std::vector<std::string_view> pattern_texts;
  std::vector<std::uint32_t> pattern_payloads;
};

class IndexSearch {
 public:
  IndexSearch(const IndexParts& parts, WallTime now);

  void host(std::string_view host);
  void url(const Url& url);
  void address(const IpAddress& address);
  void value(IndicatorKind kind, std::string_view value);
  Hits take() { return std::move(hits_); }

 private:
  static constexpr std::size_t kMostSuffixes = 128;  // a canonical host has no more labels
  struct Suffix {
    Hash128 hash;
    std::uint32_t start;
    bool listed;  // says the filter
  };

  // The whole URL twice, and prefixes on the host and four parents.
  static constexpr std::size_t kMostCandidates = 2 + 5 * (index_format::kPrefixSegments + 1);
  struct Candidate {
    Hash128 hash;
    std::uint32_t start, end;  // of the URL's key
    IndicatorKind kind;
  };
  struct Candidates {
    std::size_t count = 0;
    std::array<Candidate, kMostCandidates> all;  // only `count` are set
  };

  bool hash_suffixes(std::string_view host);
  void names(std::string_view host);
  void paths(const Url& url);
  void candidate(IndicatorKind kind, std::string_view key, std::size_t start, std::size_t end,
                 Candidates& candidates);
  void exact_url(std::string_view key, Candidates& candidates);
  void prefixes(std::string_view key, std::size_t start, std::size_t path, Candidates& candidates);
  void pattern_hits(const Url& url);
  void probe(IndicatorKind kind, const Hash128& hash, std::string_view matched);
  void probe_text(IndicatorKind kind, std::string_view text);
  template <class Text>
  void add(IndicatorKind kind, const std::uint32_t& payload, Text matched);

  const IndexParts& parts_;
  const IndexView& view_;
  std::int64_t now_hour_;
  std::size_t count_ = 0;
  std::array<Suffix, kMostSuffixes> suffixes_;  // the whole host first; only `count_` are set
  Hits hits_;
};

}  // namespace weir
