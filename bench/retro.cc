// What a look back through the history costs when another index of feeds is in force.
// Arguments: folder with a history (sandbox_history_bench makes one), listed values (default 1
// million).
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>

#include "feeds/index_builder.h"
#include "proxy/retro_match.h"

namespace {

using namespace weir;

double seconds(SteadyTime since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Listed values that the history has not, and one that it has.
std::shared_ptr<const Index> make_index(const std::string& path, std::uint64_t values) {
  SystemRandom random;
  IndexBuilder builder(random, SystemClock().wall());
  for (std::uint64_t i = 0; i < values; ++i) {
    auto one = canonical_indicator(IndicatorKind::domain, "n" + std::to_string(i) + ".bad.example");
    if (one) one->about.source = "feed", one->about.threat = Threat::malware;
    if (one) (void)builder.add(*one);
  }
  auto known = canonical_indicator(IndicatorKind::domain, "site7.example");
  known->about.source = "feed";
  known->about.threat = Threat::malware;
  (void)builder.add(*known);
  (void)builder.write(path);
  auto opened = Index::open(path);
  return opened ? *opened : Index::empty();
}

void look_back(History& history, const Index& index, const Index* before, bool urls,
               const char* name) {
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t found = 0;
  const LookBack about{index, before, SystemClock().wall(), urls, nullptr};
  const auto done = find_suspects(history, about, [&](const Suspect&) { return ++found > 0; });
  std::cout << std::setw(28) << name << ": " << seconds(began) << " s, " << found << " found\n";
  if (!done) std::cout << done.error().what << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::cerr << "usage: retro_bench FOLDER [LISTED]\n", 2;
  const std::string folder = arguments[1];
  const std::uint64_t listed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000'000;
  const SystemClock clock;
  auto history = History::attach(folder, {}, clock);
  if (!history) return std::cerr << history.error().what << '\n', 1;
  const auto index = make_index(folder + "/bench.index", listed);
  look_back(**history, *index, nullptr, false, "hashes and hosts, all new");
  look_back(**history, *index, index.get(), false, "hashes and hosts, all asked");
  look_back(**history, *index, nullptr, true, "and every URL");
  const auto began = std::chrono::steady_clock::now();
  const auto who = who_got(**history, {"host", "www.site7.example", {}, {}, {}, {}, {}}, {});
  if (who) std::cout << "who got it: " << seconds(began) << " s, " << who->deliveries << " rows\n";
  return 0;
}
