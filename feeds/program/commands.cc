#include "feeds/program/commands.h"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>

#include "core/escape.h"
#include "feeds/formats/feed_format.h"
#include "feeds/index.h"
#include "feeds/index_question.h"
#include "feeds/reputation.h"
#include "feeds/update/feed_check.h"

namespace weir {
namespace {

constexpr std::chrono::minutes kPatience{2};  // for the gateway's own updater

int say(const Error& error) {
  std::cerr << "weir feeds: " << error.what << '\n';
  return kFeedsTrouble;
}

std::optional<FeedList> read_list(const FeedsPlace& place) {
  std::vector<Diagnostic> problems;
  auto list = load_feed_list(place.list, problems);
  for (const Diagnostic& problem : problems) std::cerr << problem.text() << '\n';
  return list;
}

// "3 min", "2 h", "5 days"
std::string age(WallTime from, WallTime now) {
  if (from == WallTime{}) return "never";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - from).count();
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

void print_feed(const FeedSpec& spec, const FeedState& state, WallTime now) {
  std::cout << std::left << std::setw(26) << spec.name << std::setw(12)
            << (!spec.enabled              ? "off"
                : state.quarantined        ? "quarantined"
                : !state.problem.empty()   ? "failing"
                : state.good == WallTime{} ? "new"
                                           : "ok")
            << std::right << std::setw(10) << state.indicators << "  " << std::left << std::setw(10)
            << age(state.good, now) << std::setw(9) << state.rejected
            << escape_for_terminal(state.problem) << '\n';
  for (const std::string& reason : state.reasons) {
    std::cout << "    rejected record " << escape_for_terminal(reason) << '\n';
  }
}

// What a hit says, on a line.
void print_hit(const Hit& hit) {
  std::cout << std::left << std::setw(24) << escape_for_terminal(hit.source) << std::setw(18)
            << threat_name(hit.threat) << std::setw(12) << indicator_kind_name(hit.kind)
            << escape_for_terminal(hit.matched) << "  confidence " << unsigned{hit.confidence};
  if (!hit.category.empty()) std::cout << "  category " << escape_for_terminal(hit.category);
  if (hit.first_seen != WallTime{}) std::cout << "  first seen " << iso_time(hit.first_seen);
  if (hit.expiry != WallTime{}) std::cout << "  until " << iso_time(hit.expiry);
  if (!hit.note.empty()) std::cout << "  " << escape_for_terminal(hit.note);
  std::cout << '\n';
}

// All values of a text, sorted; kind and value are one string.
Result<std::vector<std::string>> values_of(const FeedSpec& spec, const std::string& path) {
  std::vector<std::string> values;
  auto read = read_feed(spec, FeedList{}, path, WallTime{}, [&](Indicator one) -> Result<void> {
    values.push_back(std::string(indicator_kind_name(one.kind)) + " " + one.value);
    return {};
  });
  if (!read) return pass(std::move(read));
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void print_missing(const std::vector<std::string>& from, const std::vector<std::string>& in,
                   char sign) {
  for (const std::string& value : from) {
    if (!std::ranges::binary_search(in, value)) {
      std::cout << sign << ' ' << escape_for_terminal(value) << '\n';
    }
  }
}

}  // namespace

int refresh_feeds(const FeedsPlace& place, const UpdateAsk& ask) {
  const auto list = read_list(place);
  if (!list) return kFeedsProblem;
  for (const auto* names : {&ask.names, &ask.accept}) {
    for (const std::string& name : *names) {
      const FeedSpec* spec = list->find(name);
      if (spec != nullptr && spec->enabled) continue;
      std::cerr << "weir feeds: " << escape_for_terminal(name)
                << (spec == nullptr ? " is no feed of " : " is off in ") << place.list << '\n';
      return kFeedsProblem;
    }
  }
  const SystemClock clock;
  SystemRandom random;
  Log log(STDERR_FILENO, LogLevel::warning, clock);
  const std::atomic<bool> stop{false};
  const auto fetcher = make_curl_fetcher(stop);
  Updater updater({{place.folder}, *fetcher, clock, random, log, stop, kPatience});
  const auto results = updater.run(*list, ask);
  if (!results) return say(results.error());
  int exit_code = 0;
  for (const FeedResult& result : *results) {
    std::cout << std::left << std::setw(26) << result.name << std::setw(12)
              << feed_result_name(result.kind) << std::right << std::setw(10) << result.indicators
              << "  " << escape_for_terminal(result.problem) << '\n';
    if (!result.problem.empty()) exit_code = kFeedsProblem;
  }
  return exit_code;
}

int print_status(const FeedsPlace& place) {
  const auto list = read_list(place);
  if (!list) return kFeedsProblem;
  const FeedFolder folder{place.folder};
  const auto states = load_feed_states(folder.state());
  if (!states) return say(states.error());
  const WallTime now = SystemClock().wall();
  std::cout << std::left << std::setw(26) << "feed" << std::setw(12) << "state" << std::right
            << std::setw(10) << "entries" << "  " << std::left << std::setw(10) << "age"
            << std::setw(9) << "rejected" << "problem\n";
  int exit_code = 0;
  for (const FeedSpec& spec : list->feeds) {
    const auto known = states->find(spec.name);
    const FeedState state = known == states->end() ? FeedState{} : known->second;
    print_feed(spec, state, now);
    if (spec.enabled && !state.problem.empty()) exit_code = kFeedsProblem;
  }
  if (const auto index = Index::open(folder.index())) {
    std::cout << "\nindex: " << (*index)->size() << " values, " << (*index)->bytes()
              << " bytes, built " << iso_time((*index)->built()) << '\n';
  } else {
    std::cout << "\nindex: none yet\n";
  }
  return exit_code;
}

int search_feeds(const FeedsPlace& place, const std::string& indicator) {
  const auto what = local_entry(indicator);
  if (!what) return say(what.error());
  const WallTime now = SystemClock().wall();
  std::size_t found = 0;
  for (const std::string& file :
       {FeedFolder{place.folder}.index(), place.folder + "/local.index"}) {
    if (!std::filesystem::exists(file)) continue;
    const auto index = Index::open(file);
    if (!index) return say(index.error());
    for (const Hit& hit : ask_index(**index, *what, indicator, now)) {
      print_hit(hit);
      ++found;
    }
  }
  if (found == 0) std::cout << escape_for_terminal(indicator) << " is not listed\n";
  return found == 0 ? kFeedsProblem : 0;
}

int diff_feed(const FeedsPlace& place, const std::string& name) {
  const auto list = read_list(place);
  if (!list) return kFeedsProblem;
  const FeedSpec* spec = list->find(name);
  const std::string body = FeedFolder{place.folder}.body(name);
  if (spec == nullptr || !std::filesystem::exists(body + ".previous")) {
    std::cerr << "weir feeds: " << escape_for_terminal(name)
              << (spec == nullptr ? " is no feed of " + place.list
                                  : " has not changed since it was first fetched")
              << '\n';
    return kFeedsProblem;
  }
  const auto before = values_of(*spec, body + ".previous");
  if (!before) return say(before.error());
  const auto after = values_of(*spec, body);
  if (!after) return say(after.error());
  print_missing(*before, *after, '-');
  print_missing(*after, *before, '+');
  return 0;
}

int check_list(const FeedsPlace& place) { return read_list(place) ? 0 : kFeedsProblem; }

int print_formats() {
  for (const FeedFormatRow& row : feed_formats()) {
    std::cout << std::left << std::setw(20) << row.name << row.help << '\n';
  }
  return 0;
}

}  // namespace weir
