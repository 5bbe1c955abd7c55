// How fast the history takes deliveries in, and how soon it answers.
// Arguments: folder for its files, rows (default 10 million), files inside each of one file in four
// (default 0; as with the files, few are had often).
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>

#include "core/digest.h"
#include "sandbox_client/history.h"
#include "sandbox_client/verdict_memory.h"

namespace {

using namespace weir;
using namespace std::chrono_literals;

double seconds(SteadyTime since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// A spread like that of people: few hosts have most of the visits.
std::uint64_t skewed(std::uint64_t& state, std::uint64_t below) {
  state = state * 6364136223846793005 + 1442695040888963407;
  const double share = static_cast<double>(state >> 11) / 9007199254740992.0;
  return static_cast<std::uint64_t>(share * share * share * static_cast<double>(below));
}

std::string inner(std::uint64_t& state) {
  return sha256_hex(as_bytes("inside" + std::to_string(skewed(state, 50'000'000))));
}

DeliveryRecord record(std::uint64_t n, WallTime time, std::uint64_t& state, std::size_t inside) {
  DeliveryRecord one;
  one.time = time;
  one.event_id = "01J" + std::to_string(1'000'000'000'000'000 + n) + "ABCDEFG";
  one.client = "10.1." + std::to_string(skewed(state, 40)) + "." + std::to_string(n % 250);
  one.user = "user" + std::to_string(n % 5000);
  one.domain = "site" + std::to_string(skewed(state, 200'000)) + ".example";
  one.host = "www." + one.domain;
  one.url = "https://" + one.host + "/assets/v2/files/" + std::to_string(n * 7919) + "/index.js";
  if (n % 4 == 0) {  // a file
    one.sha256 = sha256_hex(as_bytes(std::to_string(skewed(state, 5'000'000))));
    one.file_name = "index.js";
    std::uint64_t own = n;  // the rows are the same without
    for (std::size_t i = 0; n % 16 == 0 && i < inside; ++i) one.inside.push_back(inner(own));
  }
  one.action = "allow";
  one.verdict = "clean";
  return one;
}

void time_queries(History& history, const char* name, const std::vector<HistoryFilter>& filters) {
  std::vector<double> millis;
  std::size_t rows = 0;
  for (const HistoryFilter& filter : filters) {
    const auto began = std::chrono::steady_clock::now();
    const auto found = history.search(filter, {});
    millis.push_back(seconds(began) * 1000);
    if (!found) std::cout << found.error().what << '\n';
    if (found) rows += found->rows.size();
  }
  std::ranges::sort(millis);
  std::cout << std::setw(26) << name << ": median " << millis[millis.size() / 2] << " ms, p99 "
            << millis[millis.size() * 99 / 100] << " ms, most " << millis.back() << " ms (" << rows
            << " rows in " << filters.size() << " answers)\n";
}

void query(History& history, WallTime start, WallTime end) {
  std::uint64_t state = 99;
  std::vector<HistoryFilter> hash, host, client, absent, both, held;
  for (int i = 0; i < 1000; ++i) {
    HistoryFilter f;
    f.sha256 = sha256_hex(as_bytes(std::to_string(skewed(state, 5'000'000))));
    hash.push_back(f);
    f.sha256 = sha256_hex(as_bytes("absent" + std::to_string(i)));
    absent.push_back(f);
    std::uint64_t own = static_cast<std::uint64_t>(i) * 16;
    f.sha256 = inner(own);
    held.push_back(f);
    f = {}, f.host = "www.site" + std::to_string(skewed(state, 200'000)) + ".example";
    host.push_back(f);
    f = {}, f.client = "10.1." + std::to_string(i % 40) + "." + std::to_string(i % 250);
    f.from = start + (end - start) / 1000 * i, f.to = *f.from + 10min;
    client.push_back(f);
    f = {}, f.user = "user" + std::to_string(i), f.host = host.back().host;
    both.push_back(f);
  }
  time_queries(history, "who got this hash", hash);
  time_queries(history, "a hash nobody got", absent);
  time_queries(history, "who got it inside a file", held);
  time_queries(history, "who visited this host", host);
  time_queries(history, "client around a time", client);
  time_queries(history, "this user on this host", both);
  HistoryFilter part;
  part.url_part = "no such part";
  time_queries(history, "part of a URL (all rows)", {part});
}

void memory(const std::string& folder) {
  const SystemClock clock;
  auto opened = VerdictMemory::open(folder + "/verdicts.sqlite", {}, clock);
  if (!opened) return;
  const int kFiles = 5000;
  auto began = std::chrono::steady_clock::now();
  SandboxVerdict verdict;
  verdict.verdict = Verdict::clean, verdict.engine = "local";
  std::vector<std::string> hashes;
  for (int i = 0; i < kFiles; ++i) {
    hashes.push_back(sha256_hex(as_bytes(std::to_string(i))));
    (void)(*opened)->put(hashes.back(), verdict, "{}");
  }
  std::cout << "verdict memory: put " << seconds(began) / kFiles * 1e6 << " us";
  opened = VerdictMemory::open(folder + "/verdicts.sqlite", {}, clock);
  for (const char* name : {", first find ", ", next find "}) {
    began = std::chrono::steady_clock::now();
    for (const std::string& one : hashes) (void)(*opened)->find(one);
    std::cout << name << seconds(began) / kFiles * 1e6 << " us";
  }
  std::cout << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::cerr << "usage: sandbox_history_bench FOLDER [ROWS [INSIDE]]\n", 2;
  const std::string folder = arguments[1];
  const std::uint64_t rows = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 10'000'000;
  const std::uint64_t inside = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 0;
  const SystemClock clock;
  const WallTime end = clock.wall(), start = end - std::chrono::days(30);
  auto history = History::open(folder + "/history", {}, clock);
  if (!history) return std::cerr << history.error().what << '\n', 1;
  std::uint64_t state = 1;
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t n = 0; n < rows; ++n) {
    const auto at =
        start + (end - start) / static_cast<std::int64_t>(rows) * static_cast<std::int64_t>(n);
    auto one = record(n, std::chrono::time_point_cast<WallTime::duration>(at), state, inside);
    if (n % 30'000 == 0) (*history)->flush();
    (void)(*history)->append(std::move(one));
  }
  (*history)->flush();
  const double took = seconds(began);
  const auto counts = (*history)->counts();
  std::cout << counts.written << " rows in " << took << " s, "
            << static_cast<double>(counts.written) / took << " a second; dropped " << counts.dropped
            << "; " << static_cast<double>((*history)->bytes()) / static_cast<double>(rows)
            << " bytes a row\n";
  query(**history, start, end);
  memory(folder);
  return 0;
}
