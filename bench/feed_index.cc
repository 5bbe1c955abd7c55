// Builds an index of made-up hosts and URLs and times look-ups one by one, in random order.
// Usage: feed_index_bench [count, default 10000000] [file, default ./feed_index.bin]
// [hosts|urls|both] Prints a row for bench/RESULTS.md. Times are cycles of the time stamp counter,
// less the cost of reading it.
#include <sys/resource.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/random.h"
#include "feeds/index.h"
#include "feeds/index_builder.h"

namespace weir {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::uint64_t kQueries = 200'000;

constexpr std::array<std::string_view, 32> kWords = {
    "login",  "secure", "account", "update", "mail",   "cloud",  "pay",    "bank",
    "verify", "portal", "static",  "cdn",    "img",    "shop",   "news",   "free",
    "win",    "crypto", "wallet",  "drive",  "office", "share",  "docs",   "file",
    "track",  "media",  "video",   "game",   "live",   "online", "market", "support"};
constexpr std::array<std::string_view, 8> kTops = {".com", ".net", ".info",  ".top",
                                                   ".xyz", ".ru",  ".co.uk", ".com.br"};

std::uint64_t scrambled(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

std::string number_name(std::uint64_t n) {
  std::string out;
  for (; n > 0; n /= 36) out += "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
  return out;
}

std::string host_name(std::uint64_t n) {
  const std::uint64_t random = scrambled(n + 1);
  std::string out;
  if (random % 3 == 0) out = std::string(kWords[random >> 40 & 31]) + '.';
  out += kWords[random >> 8 & 31];
  if (random % 2 == 0) out += '-';
  out += kWords[random >> 16 & 31];
  out += number_name(n);
  return out + std::string(kTops[random >> 24 & 7]);
}

std::string url_of(std::uint64_t n) {  // as url_key() has it
  const std::uint64_t random = scrambled(n + 7);
  std::string out = host_name(n) + '/' + std::string(kWords[random & 31]) + '/' +
                    std::string(kWords[random >> 5 & 31]) + number_name(random >> 44) + ".php";
  if (random % 4 == 0) out += "?id=" + number_name(random >> 30);
  return out;
}

enum class What { hosts, urls, both };

bool is_url(What what, std::uint64_t n) {
  return what == What::urls || (what == What::both && n % 2 == 1);
}

Indicator indicator_of(What what, std::uint64_t n) {
  constexpr std::array<std::string_view, 5> kFeeds = {"alpha", "beta", "gamma", "delta", "local"};
  const std::uint64_t random = scrambled(n + 3);
  const bool url = is_url(what, n);
  return {.kind = url ? IndicatorKind::url : IndicatorKind::domain,
          .value = url ? url_of(n) : host_name(n),
          .about = {.source = std::string(kFeeds[random % 5]),
                    .threat = static_cast<Threat>(1 + random % 3),
                    .category = "",
                    .confidence = 80,
                    .first_seen = kNow - std::chrono::hours(24 * (random >> 32 & 127)),
                    .last_seen = kNow,
                    .expiry = kNow + std::chrono::hours(24 * 30),
                    .note = std::string(kWords[random >> 16 & 31])}};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cycles_per_ns() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = __rdtsc();
  while (seconds_since(start) < 0.2) continue;
  return static_cast<double>(__rdtsc() - first) / (seconds_since(start) * 1e9);
}

// The text asked for is in the cache, as that of a request just parsed is; the index is not.
void touch(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); i += 16) asm volatile("" : : "r"(text[i]));
}
void touch(const Url& url) {
  touch(url.host);
  touch(url.path_and_query);
}
void touch(const IpAddress&) {}
void touch(std::uint64_t) {}

struct Times {
  double median, p99, p999;
};

template <class Query, class Run>
Times time_each(const std::vector<Query>& queries, double per_ns, Run run) {
  unsigned aux = 0;
  std::vector<std::uint64_t> cost;
  std::uint64_t empty = ~0ULL;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t start = __rdtscp(&aux);
    empty = std::min(empty, static_cast<std::uint64_t>(__rdtscp(&aux) - start));
  }
  for (const Query& one : queries) {
    touch(one);
    const std::uint64_t start = __rdtscp(&aux);
    run(one);
    cost.push_back(__rdtscp(&aux) - start);
  }
  std::ranges::sort(cost);
  const auto at = [&](double share) {
    const std::uint64_t all =
        cost[static_cast<std::size_t>(share * (static_cast<double>(cost.size()) - 1))];
    return static_cast<double>(all - std::min(all, empty)) / per_ns;
  };
  return {at(0.5), at(0.99), at(0.999)};
}

void print(const char* what, const Times& t) {
  std::printf("%-22s median %6.0f ns  p99 %6.0f ns  p99.9 %6.0f ns\n", what, t.median, t.p99,
              t.p999);
}

// `count` random numbers of listed values, or of unlisted ones.
std::vector<std::uint64_t> numbers(std::uint64_t count, bool listed, What what, bool urls) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 0; out.size() < kQueries; ++i) {
    const std::uint64_t n = scrambled(i + 99) % count + (listed ? 0 : 2 * count);
    if (is_url(what, n) == urls) out.push_back(n);
  }
  return out;
}

[[noreturn]] void die(const Error& error) {
  std::fprintf(stderr, "%s\n", error.what.c_str());
  std::exit(1);
}

void build(std::uint64_t count, const std::string& file, What what) {
  SystemRandom random;
  IndexBuilder builder(random, kNow);
  double making = 0;  // of the made-up names, which is not the builder's work
  const auto start = std::chrono::steady_clock::now();
  std::vector<Indicator> batch;
  for (std::uint64_t n = 0; n < count;) {
    const auto pause = std::chrono::steady_clock::now();
    for (batch.clear(); n < count && batch.size() < 10000; ++n) {
      batch.push_back(indicator_of(what, n));
    }
    making += seconds_since(pause);
    for (const Indicator& one : batch) {
      if (auto added = builder.add(one); !added) die(added.error());
    }
  }
  const double added = seconds_since(start) - making;
  const auto wrote = builder.write(file);
  if (!wrote) die(wrote.error());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%llu values, %.2f bytes each, %llu records; add %.2f s, sort and write %.2f s, peak %ld "
      "MiB\n",
      static_cast<unsigned long long>(wrote->values),
      static_cast<double>(wrote->bytes) / static_cast<double>(wrote->values),
      static_cast<unsigned long long>(wrote->records), added, seconds_since(start) - making - added,
      usage.ru_maxrss / 1024);
}

std::uint64_t hosts(const Index& index, std::uint64_t count, What what, bool listed,
                    double per_ns) {
  std::vector<std::string> queries;
  for (const std::uint64_t n : numbers(count, listed, what, false)) queries.push_back(host_name(n));
  std::uint64_t hits = 0;
  const Times times = time_each(queries, per_ns, [&](const std::string& host) {
    hits += index.find_host(host, kNow).size();
  });
  print(listed ? "host, listed" : "host, not listed", times);
  return hits;
}

std::uint64_t urls(const Index& index, std::uint64_t count, What what, bool listed, double per_ns) {
  std::vector<Url> queries;
  for (const std::uint64_t n : numbers(count, listed, what, true)) {
    auto url = parse_url("http://" + url_of(n));
    if (!url) die(url.error());
    queries.push_back(std::move(*url));
  }
  std::uint64_t hits = 0;
  const Times times =
      time_each(queries, per_ns, [&](const Url& url) { hits += index.find_url(url, kNow).size(); });
  print(listed ? "URL, listed" : "URL, not listed", times);
  return hits;
}

std::uint64_t addresses(const Index& index, double per_ns) {
  std::vector<IpAddress> queries;
  for (std::uint64_t i = 0; i < kQueries; ++i) {
    queries.push_back(IpAddress::v4(static_cast<std::uint32_t>(scrambled(i))));
  }
  std::uint64_t hits = 0;
  print("address, not listed", time_each(queries, per_ns, [&](const IpAddress& address) {
          hits += index.find_ip(address, kNow).size();
        }));
  return hits;
}

// What one read of memory costs here that no cache has: the floor of every figure.
void one_read(std::uint64_t size, double per_ns) {
  const std::vector<char> memory(static_cast<std::size_t>(size), 1);
  std::vector<std::uint64_t> places;
  for (std::uint64_t i = 0; i < kQueries; ++i) places.push_back(scrambled(i + 5) % size);
  print("one random read", time_each(places, per_ns, [&](std::uint64_t at) {
          asm volatile("" : : "r"(memory[static_cast<std::size_t>(at)]));
        }));
}

int run(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const std::string file = argc > 2 ? argv[2] : "feed_index.bin";
  const std::string_view kind = argc > 3 ? argv[3] : "both";
  const What what = kind == "hosts" ? What::hosts : kind == "urls" ? What::urls : What::both;
  build(count, file, what);
  const auto start = std::chrono::steady_clock::now();
  const auto index = Index::open(file);
  if (!index) die(index.error());
  std::printf("open %.2f ms\n", seconds_since(start) * 1e3);
  (*index)->warm();
  const double per_ns = cycles_per_ns();
  one_read((*index)->bytes(), per_ns);
  std::uint64_t hits = 0;
  for (const bool listed : {true, false}) {
    if (what != What::urls) hits += hosts(**index, count, what, listed, per_ns);
    if (what != What::hosts) hits += urls(**index, count, what, listed, per_ns);
  }
  hits += addresses(**index, per_ns);
  std::printf("%llu hits in all\n", static_cast<unsigned long long>(hits));
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::run(argc, argv); }
