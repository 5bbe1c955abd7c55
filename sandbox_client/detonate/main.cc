// weir-detonate: runs unknown files where they can harm nobody and reports what they did.
// Exit codes: 0 a report was printed; 1 there is none, or the service cannot go on; 2 the arguments
// or the signatures are wrong.
#include <fcntl.h>
#include <sys/prctl.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/fd.h"
#include "sandbox_client/detonate/cell.h"
#include "sandbox_client/detonate/request.h"
#include "sandbox_client/detonate/server.h"
#include "sandbox_client/detonate/signature.h"

#ifdef WEIR_SANITIZED
// Leaks are looked for by a process beside this one, which has no place in a cell.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

namespace weir {
namespace {

constexpr const char* kUsage =
    "weir-detonate run FILE [--name NAME] [--seconds N] [--signatures FILE]\n"
    "  runs FILE in a cell of its own and prints what it did, as JSON\n"
    "weir-detonate serve --socket PATH [--jobs N] [--signatures FILE] [--with-parent]\n"
    "  does so for each file that is passed to it over the socket; --with-parent: ends with the\n"
    "  process that started it\n";

constexpr int kMostJobs = 64;

struct Options {
  std::string file, name, socket;
  std::string signatures = "conf/sandbox/signatures.yaml";
  int seconds = 20;
  int jobs = 2;
  bool with_parent = false;
};

bool read_number(const std::string& text, int most, int& number) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number >= 1 && number <= most;
}

bool set_option(Options& options, std::string_view word, const std::string& value) {
  if (word == "--seconds") return read_number(value, kMostSeconds, options.seconds);
  if (word == "--jobs") return read_number(value, kMostJobs, options.jobs);
  if (word == "--name") return options.name = value, true;
  if (word == "--socket") return options.socket = value, true;
  if (word == "--signatures") return options.signatures = value, true;
  return false;
}

std::optional<Options> parse_arguments(std::span<const std::string> words) {
  Options options;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (!words[at].starts_with("--") && options.file.empty()) {
      options.file = words[at];
      continue;
    }
    const std::string& word = words[at];
    if (word == "--with-parent") {
      options.with_parent = true;
      continue;
    }
    if (++at == words.size() || !set_option(options, word, words[at])) return {};
  }
  if (options.name.empty()) options.name = options.file;
  return options;
}

std::optional<Signatures> load_signatures(const std::string& file) {
  std::vector<Diagnostic> found;
  Problems problems(file, found);
  std::optional<Signatures> read;
  if (const auto root = load_yaml(file, problems)) read = Signatures::read(*root, problems);
  for (const Diagnostic& one : found) std::fprintf(stderr, "%s\n", one.text().c_str());
  return read;
}

int fail_with(const Error& error) {
  std::fprintf(stderr, "weir-detonate: %s\n", error.what.c_str());
  return 1;
}

int run(const Options& options, const Signatures& signatures) {
  const UniqueFd file(::open(options.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::perror(options.file.c_str()), 1;
  auto report = detonate(
      {.sample = file.get(), .name = options.name, .limit = std::chrono::seconds(options.seconds)});
  if (!report) return fail_with(report.error());
  signatures.judge(*report);
  std::puts(write_report(*report).c_str());
  return 0;
}

int serve(const Options& options, const Signatures& signatures) {
  if (options.with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const auto ended =
      serve_detonations({.socket = options.socket, .jobs = options.jobs}, signatures);
  return ended ? 0 : fail_with(ended.error());
}

int start(std::span<const std::string> words) {
  const bool by_hand = !words.empty() && words[0] == "run";
  if (!by_hand && (words.empty() || words[0] != "serve")) return std::fputs(kUsage, stderr), 2;
  const auto options = parse_arguments(words.subspan(1));
  const bool complete =
      options && options->file.empty() != by_hand && options->socket.empty() == by_hand;
  if (!complete) return std::fputs(kUsage, stderr), 2;
  const auto signatures = load_signatures(options->signatures);
  if (!signatures) return 2;
  return by_hand ? run(*options, *signatures) : serve(*options, *signatures);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> words(all.begin() + (argc > 0 ? 1 : 0), all.end());
  std::signal(SIGPIPE, SIG_IGN);
  if (words.size() == 1 && words[0] == "--help") return std::fputs(weir::kUsage, stdout), 0;
  return weir::start(words);
}
