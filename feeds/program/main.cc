// weir-feeds: fetches the feeds and compiles them for the gateway, which starts it and maps the
// result. By hand: `weir feeds …`.
#include <CLI/CLI.hpp>
#include <csignal>

#include "feeds/program/commands.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App cli("weir-feeds: fetches reputation feeds and compiles them for the gateway.");
  cli.require_subcommand(1);
  weir::FeedsPlace place;
  cli.add_option("--list", place.list, "feeds.yaml")->required();
  cli.add_option("--folder", place.folder, "the folder of feeds in the state directory")
      ->required();
  int exit_code = 0;
  cli.add_subcommand("keep", "fetch what is due, again and again")->callback([&] {
    exit_code = weir::keep_feeds(place);
  });
  weir::UpdateAsk ask;
  auto* refresh = cli.add_subcommand("refresh", "fetch now");
  refresh->add_option("name", ask.names, "only these feeds");
  refresh->callback([&] {
    ask.all = ask.names.empty();
    exit_code = weir::refresh_feeds(place, ask);
  });
  auto* accept = cli.add_subcommand("accept", "take what is in quarantine");
  accept->add_option("name", ask.accept, "the feeds")->required();
  accept->callback([&] { exit_code = weir::refresh_feeds(place, ask); });
  cli.add_subcommand("status", "each feed: how old, how many, what is wrong")->callback([&] {
    exit_code = weir::print_status(place);
  });
  std::string what;
  auto* search = cli.add_subcommand("search", "who lists this host, URL, address or digest");
  search->add_option("indicator", what)->required();
  search->callback([&] { exit_code = weir::search_feeds(place, what); });
  auto* diff = cli.add_subcommand("diff", "what the last update changed");
  diff->add_option("name", what, "the feed")->required();
  diff->callback([&] { exit_code = weir::diff_feed(place, what); });
  cli.add_subcommand("formats", "what 'format' may be")->callback([&] {
    exit_code = weir::print_formats();
  });
  cli.add_subcommand("check", "is the list right?")->callback([&] {
    exit_code = weir::check_list(place);
  });
  CLI11_PARSE(cli, argc, argv);
  return exit_code;
}
