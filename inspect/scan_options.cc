#include "inspect/scan_options.h"

#include <charconv>

namespace weir {

std::vector<std::string> scan_arguments(const ScanOptions& options) {
  std::vector<std::string> words{"--control-fd",   std::to_string(options.control_fd),
                                 "--rules",        options.rules_dir,
                                 "--clamav",       options.clamav_dir,
                                 "--isolation",    options.best_effort ? "best_effort" : "required",
                                 "--memory-bytes", std::to_string(options.memory_bytes)};
  if (!options.publisher_roots.empty()) {
    words.insert(words.end(), {"--publisher-roots", options.publisher_roots});
  }
  for (const std::string& file : options.hash_files) {
    words.insert(words.end(), {"--hashes", file});
  }
  return words;
}

namespace {

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool set_option(ScanOptions& options, std::string_view name, const std::string& value) {
  if (name == "--control-fd") return read_number(value, options.control_fd);
  if (name == "--memory-bytes") return read_number(value, options.memory_bytes);
  if (name == "--rules") return options.rules_dir = value, true;
  if (name == "--hashes") return options.hash_files.push_back(value), true;
  if (name == "--publisher-roots") return options.publisher_roots = value, true;
  if (name == "--clamav") return options.clamav_dir = value, true;
  if (name != "--isolation") return false;
  options.best_effort = value == "best_effort";
  return options.best_effort || value == "required";
}

}  // namespace

Result<ScanOptions> parse_scan_arguments(std::span<const std::string> arguments) {
  ScanOptions options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) {
      return fail(Errc::invalid, Fault::config, arguments[i] + ": needs a value");
    }
    if (!set_option(options, arguments[i], arguments[i + 1])) {
      return fail(Errc::invalid, Fault::config,
                  arguments[i] + " " + arguments[i + 1] + ": no such option or value");
    }
  }
  return options;
}

}  // namespace weir
