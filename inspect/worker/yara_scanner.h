// YARA. YaraRules are compiled once, in the zygote, from every *.yar and *.yara below a directory;
// a YaraScanner runs them in a child. A match is malicious unless the rule's meta says
//   verdict = "suspicious"
// A scan that times out or gives up is uninspectable.
#pragma once

#include <yara.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "inspect/worker/scanner.h"

namespace weir {

// libyara's process-wide state. Made once, before any rules, and outlives them.
class YaraLibrary {
 public:
  static Result<std::unique_ptr<YaraLibrary>> start();
  ~YaraLibrary();
  YaraLibrary(const YaraLibrary&) = delete;
  YaraLibrary& operator=(const YaraLibrary&) = delete;

 private:
  YaraLibrary() = default;
};

struct YaraRules {
  struct Free {
    void operator()(YR_RULES* rules) const { yr_rules_destroy(rules); }
  };
  std::unique_ptr<YR_RULES, Free> compiled;
  std::uint32_t count = 0;            // of the directory's
  std::vector<std::string> files;     // in the order they were read
  std::vector<std::string> warnings;  // "x.yar:12: string \"$a\" may slow down scanning"
};

inline constexpr std::string_view kYaraCanaryRule = "weir_canary";

// `canary` is a secret of this process; the rule that finds it proves that scanning works.
// Errors name file:line.
Result<YaraRules> compile_yara_rules(const std::string& directory, std::string_view canary);

class YaraScanner final : public FileScanner {
 public:
  explicit YaraScanner(const YaraRules& rules) : rules_(rules) {}  // `rules` outlives it
  Scanner kind() const override { return Scanner::yara; }
  bool unpacks() const override { return false; }
  void scan(const Artifact& artifact, Budget& budget, FindingList& findings) override;

 private:
  struct Free {
    void operator()(YR_SCANNER* scanner) const { yr_scanner_destroy(scanner); }
  };
  const YaraRules& rules_;
  std::unique_ptr<YR_SCANNER, Free> scanner_;  // made with the first file
};

}  // namespace weir
