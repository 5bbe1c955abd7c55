// weir events: what is in the event log, the newest first; as it comes in; one event in full. Reads
// the log's files, whether or not the gateway runs.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "conf/load.h"
#include "conf/when.h"
#include "core/escape.h"
#include "core/net_addr.h"
#include "core/url.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/history.h"
#include "proxy/events/event_files.h"
#include "proxy/events/event_search.h"
#include "proxy/events/event_text.h"
#include "proxy/history_rows.h"

namespace weir {
namespace {

constexpr int kLookMillis = 200;  // how often a log that is followed is looked at
constexpr std::chrono::minutes kAround{5};

struct EventsQuestion {
  std::string config = default_config();
  std::string since, until, id;
  EventFilter filter;
  std::size_t limit = 100;
  bool follow = false;
  RowFormat format;
};

int wrong(std::string_view option, const std::string& value, std::string_view what) {
  std::cerr << "weir: --" << option << ' ' << escape_for_terminal(value) << " is no " << what
            << '\n';
  return kUsage;
}

// What was asked for, as the log has it. 0, or the exit code.
int complete(EventsQuestion& question) {
  EventFilter& filter = question.filter;
  const WallTime now = SystemClock().wall();
  if (!question.since.empty()) filter.from = parse_when(question.since, now);
  if (!question.until.empty()) filter.to = parse_when(question.until, now);
  if (!question.since.empty() && !filter.from) return wrong("since", question.since, "time");
  if (!question.until.empty() && !filter.to) return wrong("until", question.until, "time");
  if (!filter.client.empty()) {
    const auto address = IpAddress::parse(filter.client);
    if (!address) return wrong("client", filter.client, "address");
    filter.client = address->text();
  }
  if (!filter.host.empty()) {
    const auto host = canonical_host(filter.host);
    if (!host) return wrong("host", filter.host, "host");
    filter.host = *host;
  }
  for (char& c : filter.sha256) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return 0;
}

// 0, or the exit code.
int log_path(const EventsQuestion& question, Settings& settings, std::string& path) {
  std::vector<Diagnostic> problems;
  auto loaded = load_settings(question.config, problems);
  print_problems(problems);
  if (!loaded) return kTrouble;
  settings = std::move(*loaded);
  if (settings.events.output != "file") {
    std::cerr << "weir: events go to " << settings.events.output
              << ", not to a file; look for them there\n";
    return kTrouble;
  }
  path = settings.events.file.empty() ? settings.state_dir + "/events.jsonl" : settings.events.file;
  return 0;
}

void print(const EventsQuestion& question, const EventView& event, std::string_view line) {
  if (question.format.json) {
    std::cout << line << '\n';
  } else {
    std::cout << (question.format.csv ? event_csv(event) : event_row(event));
  }
}

int trouble(const Error& error) {
  std::cerr << "weir: the events cannot be read: " << error.what << '\n';
  return kTrouble;
}

int list(const EventsQuestion& question, const std::string& path) {
  std::size_t count = 0;
  if (question.format.csv) std::cout << event_csv_head();
  const auto done = search_events(path, question.filter, [&](const EventView& event, auto line) {
    print(question, event, line);
    return ++count < question.limit && std::cout.good();
  });
  if (!done) return trouble(done.error());
  std::cout << std::flush;
  if (count == question.limit) {
    std::cerr << "weir: the newest " << question.limit << "; more with --limit\n";
  }
  return count == 0 ? kProblem : 0;
}

// Until it is interrupted, or nobody reads what it prints.
int follow(const EventsQuestion& question, const std::string& path) {
  const EventMatcher matcher(question.filter);
  EventFollower follower(path);
  if (question.format.csv) std::cout << event_csv_head() << std::flush;
  while (std::cout.good()) {
    const auto done = follower.read_new([&](std::string_view line) {
      if (const auto event = matcher.match(line)) print(question, *event, line);
      return std::cout.good();
    });
    if (!done) return trouble(done.error());
    std::cout << std::flush;
    ::poll(nullptr, 0, kLookMillis);
  }
  return 0;
}

DeliveryRecord as_row(const EventView& event) {
  DeliveryRecord row;
  row.time = event.time;
  row.event_id = event.id;
  row.client = event.client;
  row.user = event.user;
  row.host = event.host;
  row.url = event.url;
  row.sha256 = event.sha256;
  return row;
}

int show(const EventsQuestion& question, const Settings& settings, const std::string& path) {
  EventFilter filter;
  filter.id = question.id;
  filter.from = time_of_event_id(question.id);
  if (!filter.from) {
    std::cerr << "weir: " << escape_for_terminal(question.id) << " is no event id\n";
    return kUsage;
  }
  bool found = false;
  const auto done = search_events(path, filter, [&](const EventView& event, auto line) {
    found = true;
    if (question.format.json) {
      std::cout << line << '\n';
    } else {
      std::cout << event_page(line, links_of(settings.links, as_row(event), kAround));
    }
    return false;
  });
  if (!done) return trouble(done.error());
  if (!found) {
    std::cerr << "weir: event " << question.id << " is not in " << path
              << " and the files before it\n";
  }
  return found ? 0 : kProblem;
}

int answer(EventsQuestion& question) {
  Settings settings;
  std::string path;
  if (const int bad = complete(question)) return bad;
  if (const int bad = log_path(question, settings, path)) return bad;
  if (!question.id.empty()) return show(question, settings, path);
  return question.follow ? follow(question, path) : list(question, path);
}

}  // namespace

void add_events(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "events",
      "the event log, the newest first, or one event in full. Exit code: 0 events were found, 1 "
      "there are none, 2 wrong usage, 3 it could not be read");
  auto q = std::make_shared<EventsQuestion>();
  EventFilter& filter = q->filter;
  command->add_option("id", q->id, "id of an event: all that it tells");
  command->add_option("--client", filter.client, "address");
  command->add_option("--user", filter.user, "name");
  command->add_option("--host", filter.host, "this host, or one below it");
  command->add_option("--url", filter.url, "a part of the URL");
  command->add_option("--hash", filter.sha256, "SHA-256 of the file, or of one inside it");
  command->add_option("--rule", filter.rule, "the rule that decided");
  command->add_option("--action", filter.action, "allow, alert, block, unlock, coach, hold, …");
  command->add_option("--verdict", filter.verdict, "malicious, suspicious, uninspectable, clean");
  command->add_option("--finding", filter.finding, "a part of the name of what was found");
  command->add_option("--notice", filter.notice, "patient-zero, feed-failed, …");
  command->add_option("--since", q->since, "like 7d, 2026-11-23 or 2026-11-23T12:30 (UTC)");
  command->add_option("--until", q->until, "likewise");
  command->add_option("--limit", q->limit, "events at most")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->add_flag("--follow", q->follow, "what comes in from now on, until interrupted");
  command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  q->format.add_options(*command);
  command->callback([q, &exit_code] { exit_code = answer(*q); });
}

}  // namespace weir
