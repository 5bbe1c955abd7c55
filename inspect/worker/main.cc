// weir-scan: scans files for the gateway in jailed children. Started by weir with one end of a
// socket pair; see inspect/scan_wire.h for the options and the messages.
// Exit codes: 0 the gateway closed the conversation; 1 the engines could not be started (the
// gateway has been told why); 2 the options are wrong.
#include <clocale>
#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "inspect/formats/publisher_roots.h"
#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"
#include "inspect/worker/zygote.h"

#ifdef WEIR_SANITIZED
// Leaks are looked for by a process beside this one, which this one could not see from its own
// process namespace and would wait for in vain. (The worker's tests look for leaks.)
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

namespace {

// For `weir check`, which reads no certificates itself.
int check_publisher_roots(const std::string& file) {
  const auto roots = weir::PublisherRoots::load(file);
  if (!roots) {
    std::fprintf(stderr, "%s\n", roots.error().what.c_str());
    return 1;
  }
  std::printf("%s: %zu publisher roots\n", file.c_str(), roots->size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> arguments(all.begin() + (argc > 0 ? 1 : 0), all.end());
  if (arguments.empty() || arguments[0] == "--help") {
    std::puts(
        "weir-scan scans files for weir in jailed processes, each of which can reach nothing.\n"
        "weir starts it and talks to it over an inherited socket; to scan by hand: weir scan "
        "FILE.");
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "--check-publisher-roots") {
    return check_publisher_roots(arguments[1]);
  }
  const auto options = weir::parse_scan_arguments(arguments);
  if (!options) {
    std::fprintf(stderr, "weir-scan: %s\n", options.error().what.c_str());
    return 2;
  }
  std::setlocale(LC_CTYPE, "C.UTF-8");  // names of members
  std::signal(SIGPIPE, SIG_IGN);
  const weir::SystemClock clock;
  return weir::Zygote(*options, clock).run();
}
