// Measures feeds/names. Usage:
//   names_bench speed brands.yaml FILE      what a look-up costs, over these hosts
//   names_bench lookalike brands.yaml FILE  findings by score over a list of hosts, and some of
//   them
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/random.h"
#include "feeds/names/first_seen.h"
#include "feeds/names/lookalike.h"
#include "feeds/names/machine_made.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

std::vector<std::string> lines_of(const char* path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

template <class Run>
void time_all(const char* what, const std::vector<std::string>& hosts, Run run) {
  constexpr int kRounds = 20;
  std::uint64_t hits = 0;
  double worst = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    for (const std::string& host : hosts) hits += run(host) ? 1 : 0;
  }
  const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - start;
  for (const std::string& host : hosts) {
    double least = 1e18;
    for (int i = 0; i < 5; ++i) {
      const auto from = std::chrono::steady_clock::now();
      hits += run(host) ? 1 : 0;
      const std::chrono::duration<double, std::nano> one = std::chrono::steady_clock::now() - from;
      least = std::min(least, one.count());
    }
    worst = std::max(worst, least);
  }
  std::printf("%-12s %7.0f ns a host, slowest host %7.0f ns (%llu hits)\n", what,
              all.count() / (kRounds * static_cast<double>(hosts.size())), worst,
              static_cast<unsigned long long>(hits / (kRounds + 5)));
}

Lookalikes load(const char* file) {
  std::vector<Diagnostic> out;
  auto brands = load_brands(file, out);
  for (const Diagnostic& one : out) std::fprintf(stderr, "%s\n", one.text().c_str());
  if (!brands) std::exit(1);
  return Lookalikes(std::move(*brands));
}

// The shipped brands and made-up ones, 500 in all.
Lookalikes five_hundred(const char* file) {
  std::vector<Diagnostic> out;
  Brands brands = load_brands(file, out).value_or(Brands());
  for (int n = 0; brands.brands.size() < 500; ++n) {
    const std::string name = "brand" + std::string(1, static_cast<char>('a' + n % 26)) +
                             std::string(static_cast<std::size_t>(n % 7), 'x') + "name" +
                             std::to_string(n);
    brands.brands.push_back({name, {}, {name + ".com"}});
  }
  return Lookalikes(std::move(brands));
}

void speed(const char* brands, const std::vector<std::string>& hosts) {
  const Lookalikes lookalikes = five_hundred(brands);
  std::printf("%zu brands, %zu hosts\n", lookalikes.size(), hosts.size());
  time_all("lookalike", hosts, [&](const std::string& host) { return lookalikes.find(host); });
  time_all("machine-made", hosts,
           [](const std::string& host) { return machine_made_score(host) >= kMachineMade; });
  time_all("registrable", hosts,
           [](const std::string& host) { return !registrable_domain(host).empty(); });
}

void print_rates(const std::map<int, int>& by_score, std::size_t all) {
  int at_least = 0;
  for (auto at = by_score.rbegin(); at != by_score.rend(); ++at) {
    at_least += at->second;
    std::printf("# >= %3d: %6d of %zu\n", at->first, at_least, all);
  }
}

void lookalike(const char* brands, const std::vector<std::string>& hosts) {
  const Lookalikes lookalikes = load(brands);
  std::map<int, int> by_score;
  for (const std::string& host : hosts) {
    const auto found = lookalikes.find(host);
    if (!found) continue;
    ++by_score[found->score];
    std::printf("%3d %-10s %-16s %s\n", found->score,
                std::string(lookalike_kind_name(found->kind)).c_str(),
                std::string(found->brand).c_str(), host.c_str());
  }
  print_rates(by_score, hosts.size());
}

void made(const std::vector<std::string>& hosts) {
  std::map<int, int> by_score;
  for (const std::string& host : hosts) {
    const int score = machine_made_score(registrable_domain(host));
    ++by_score[score / 5 * 5];
    if (score >= kMachineMade) std::printf("%3d %s\n", score, host.c_str());
  }
  print_rates(by_score, hosts.size());
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> numbered(int from, int count) {
  std::vector<std::string> names;
  for (int i = from; i < from + count; ++i) names.push_back("domain" + std::to_string(i) + ".com");
  return names;
}

void visit_all(FirstSeen& memory, const std::vector<std::string>& names, WallTime now,
               const char* what) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t fresh = 0;
  for (const std::string& name : names) fresh += memory.note(name, now).visits == 0 ? 1 : 0;
  std::printf("%-34s %5.0f ns a visit, %zu new\n", what,
              seconds_since(start) * 1e9 / static_cast<double>(names.size()), fresh);
}

// The longest visit while another thread puts everything on disk.
void visit_while_saving(FirstSeen& memory, const std::vector<std::string>& names, WallTime now) {
  std::atomic<bool> done = false;
  std::jthread saver([&] {
    const auto start = std::chrono::steady_clock::now();
    if (const auto saved = memory.save(); !saved) std::printf("%s\n", saved.error().what.c_str());
    std::printf("%-34s %5.2f s\n", "save of all", seconds_since(start));
    done = true;
  });
  std::vector<double> each;
  for (std::size_t i = 0; !done; i = (i + 7919) % names.size()) {
    const auto start = std::chrono::steady_clock::now();
    memory.note(names[i], now);
    each.push_back(seconds_since(start) * 1e9);
  }
  std::ranges::sort(each);
  const auto at = [&](double share) {
    return each[static_cast<std::size_t>(share * static_cast<double>(each.size() - 1))];
  };
  std::printf("%-34s median %.0f ns, p99 %.0f ns, p99.9 %.0f ns\n", "visits meanwhile", at(0.5),
              at(0.99), at(0.999));
}

void seen(const std::string& folder) {
  constexpr int kNames = 1'500'000;
  const WallTime now{std::chrono::seconds(1'800'000'000)};
  SystemRandom random;
  const std::vector<std::string> names = numbered(0, kNames);
  {
    FirstSeen memory({}, random, now);
    if (const auto loaded = memory.load(folder + "/seen", now); !loaded) {
      std::fprintf(stderr, "%s\n", loaded.error().what.c_str());
      std::exit(1);
    }
    visit_all(memory, names, now, "1.5 million new domains");
    visit_all(memory, names, now, "the same again");
    visit_all(memory, numbered(0, 1000), now, "a thousand of them, in the cache");
    visit_while_saving(memory, names, now);
    visit_all(memory, numbered(kNames, 1000), now, "a thousand new ones");
    const auto start = std::chrono::steady_clock::now();
    if (!memory.save()) std::printf("not saved\n");
    std::printf("%-34s %5.2f ms\n", "save of a thousand", seconds_since(start) * 1e3);
  }
  const auto start = std::chrono::steady_clock::now();
  FirstSeen memory({}, random, now);
  const auto loaded = memory.load(folder + "/seen", now);
  std::printf("%-34s %5.2f s, %llu entries\n", "load", seconds_since(start),
              static_cast<unsigned long long>(loaded ? loaded->entries : 0));
}

int run(int argc, char** argv) {
  const std::string_view what = argc >= 3 ? argv[1] : "";
  if (what == "speed" && argc == 4) {
    speed(argv[2], lines_of(argv[3]));
  } else if (what == "lookalike" && argc == 4) {
    lookalike(argv[2], lines_of(argv[3]));
  } else if (what == "made" && argc == 3) {
    made(lines_of(argv[2]));
  } else if (what == "seen" && argc == 3) {
    seen(argv[2]);
  } else {
    std::fprintf(stderr,
                 "usage: names_bench speed|lookalike brands.yaml FILE, made FILE, seen FOLDER\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::run(argc, argv); }
