// weir-detonate: runs unknown files where they can harm nobody and reports what they did.
// Exit codes of `run`: 0 a report was printed; 1 there is none; 2 the arguments are wrong.
#include <fcntl.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/fd.h"
#include "sandbox_client/detonate/cell.h"
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
    "  runs FILE in a cell of its own and prints what it did, as JSON\n";

struct Options {
  std::string file, name;
  std::string signatures = "conf/sandbox/signatures.yaml";
  int seconds = 20;
};

std::optional<Signatures> load_signatures(const std::string& file) {
  std::vector<Diagnostic> found;
  Problems problems(file, found);
  std::optional<Signatures> read;
  if (const auto root = load_yaml(file, problems)) read = Signatures::read(*root, problems);
  for (const Diagnostic& one : found) std::fprintf(stderr, "%s\n", one.text().c_str());
  return read;
}

bool read_seconds(const std::string& text, int& seconds) {
  constexpr int kMost = 600;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  return read.ec == std::errc() && read.ptr == end && seconds >= 1 && seconds <= kMost;
}

std::optional<Options> parse_arguments(std::span<const std::string> words) {
  Options options;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (!word.starts_with("--") && options.file.empty()) {
      options.file = word;
      continue;
    }
    if (at + 1 == words.size()) return {};
    const std::string& value = words[++at];
    if (word == "--name") {
      options.name = value;
    } else if (word == "--signatures") {
      options.signatures = value;
    } else if (word != "--seconds" || !read_seconds(value, options.seconds)) {
      return {};
    }
  }
  if (options.file.empty()) return {};
  if (options.name.empty()) options.name = options.file;
  return options;
}

int run(std::span<const std::string> words) {
  const auto options = parse_arguments(words);
  if (!options) return std::fputs(kUsage, stderr), 2;
  const UniqueFd file(::open(options->file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::perror(options->file.c_str()), 1;
  const auto signatures = load_signatures(options->signatures);
  if (!signatures) return 2;
  auto report = detonate({.sample = file.get(),
                          .name = options->name,
                          .limit = std::chrono::seconds(options->seconds)});
  if (!report) {
    std::fprintf(stderr, "weir-detonate: %s\n", report.error().what.c_str());
    return 1;
  }
  signatures->judge(*report);
  std::puts(write_report(*report).c_str());
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> words(all.begin() + (argc > 0 ? 1 : 0), all.end());
  std::signal(SIGPIPE, SIG_IGN);
  if (!words.empty() && words[0] == "run") return weir::run(std::span(words).subspan(1));
  std::fputs(weir::kUsage, words.empty() ? stderr : stdout);
  return words.empty() || words[0] != "--help" ? 2 : 0;
}
