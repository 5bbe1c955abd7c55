#include "inspect/worker/yara_scanner.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/digest.h"

namespace weir {
namespace {

struct DestroyCompiler {
  void operator()(YR_COMPILER* compiler) const { yr_compiler_destroy(compiler); }
};
using Compiler = std::unique_ptr<YR_COMPILER, DestroyCompiler>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::unexpected<Error> yara_error(std::string what) {
  return fail(Errc::invalid, Fault::config, std::move(what));
}

struct Messages {
  std::string first_error;
  std::vector<std::string> warnings;
};

void note_message(int level, const char* file, int line, const YR_RULE* rule, const char* message,
                  void* user) {
  auto& messages = *static_cast<Messages*>(user);
  std::string text = std::string(file == nullptr ? "rules" : file) + ":" + std::to_string(line);
  text += ": ";
  if (rule != nullptr) text += std::string("rule ") + rule->identifier + ": ";
  text += message;
  if (level != YARA_ERROR_LEVEL_ERROR) {
    messages.warnings.push_back(std::move(text));
  } else if (messages.first_error.empty()) {
    messages.first_error = std::move(text);
  }
}

Result<std::vector<std::string>> rule_files(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    const auto extension = at->path().extension();
    const bool wanted = extension == ".yar" || extension == ".yara";
    if (wanted && at->is_regular_file(error)) files.push_back(at->path().string());
    if (!error) at.increment(error);
  }
  if (error) return yara_error("rules directory " + directory + ": " + error.message());
  std::ranges::sort(files);
  return files;
}

Result<void> add_file(YR_COMPILER* compiler, const std::string& path, const Messages& messages) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) return std::unexpected(errno_error("open " + path, errno));
  // The path is the name space, so that rules of two files may share a name.
  const int errors = yr_compiler_add_file(compiler, file.get(), path.c_str(), path.c_str());
  if (errors == 0) return {};
  if (messages.first_error.empty()) return yara_error(path + ": cannot be compiled");
  return yara_error(messages.first_error);
}

std::string canary_rule(std::string_view canary) {
  return "rule " + std::string(kYaraCanaryRule) + " { strings: $a = { " + hex(as_bytes(canary)) +
         " } condition: $a }";
}

std::uint32_t count_rules(YR_RULES* rules) {
  std::uint32_t count = 0;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(rules, rule) { count += RULE_IS_PRIVATE(rule) ? 0 : 1; }
  return count;
}

bool only_suspicious(YR_RULE* rule) {
  YR_META* meta = nullptr;
  yr_rule_metas_foreach(rule, meta) {
    const bool verdict =
        meta->type == META_TYPE_STRING && meta->identifier == std::string("verdict");
    if (verdict && meta->string == std::string("suspicious")) return true;
  }
  return false;
}

struct Matching {
  const Artifact& artifact;
  FindingList& findings;
};

int on_message(YR_SCAN_CONTEXT*, int message, void* data, void* user) {
  if (message != CALLBACK_MSG_RULE_MATCHING) return CALLBACK_CONTINUE;
  auto& matching = *static_cast<Matching*>(user);
  auto* rule = static_cast<YR_RULE*>(data);
  matching.findings.add(Finding{
      .scanner = Scanner::yara,
      .verdict = only_suspicious(rule) ? Verdict::suspicious : Verdict::malicious,
      .reason = Reason::none,
      .name = rule->identifier,
      .where = matching.artifact.where,
  });
  return CALLBACK_CONTINUE;
}

Finding gave_up(int code, const Artifact& artifact) {
  const bool slow = code == ERROR_SCAN_TIMEOUT || code == ERROR_TOO_MANY_RE_FIBERS ||
                    code == ERROR_TOO_MANY_MATCHES;
  return Finding{.scanner = Scanner::yara,
                 .verdict = Verdict::uninspectable,
                 .reason = slow ? Reason::timeout : Reason::crashed,
                 .name = "yara: error " + std::to_string(code),
                 .where = artifact.where};
}

}  // namespace

Result<std::unique_ptr<YaraLibrary>> YaraLibrary::start() {
  if (yr_initialize() != ERROR_SUCCESS) return yara_error("yara: cannot be initialized");
  return std::unique_ptr<YaraLibrary>(new YaraLibrary());  // NOLINT: private constructor
}

YaraLibrary::~YaraLibrary() { yr_finalize(); }

Result<YaraRules> compile_yara_rules(const std::string& directory, std::string_view canary) {
  auto files = rule_files(directory);
  if (!files) return pass(std::move(files));
  YR_COMPILER* raw = nullptr;
  if (yr_compiler_create(&raw) != ERROR_SUCCESS) return yara_error("yara: no compiler");
  const Compiler compiler(raw);
  Messages messages;
  yr_compiler_set_callback(raw, note_message, &messages);
  for (const std::string& path : *files) {
    if (auto added = add_file(raw, path, messages); !added) return pass(std::move(added));
  }
  if (yr_compiler_add_string(raw, canary_rule(canary).c_str(), "weir canary") != 0) {
    return yara_error("yara: canary: " + messages.first_error);
  }
  YR_RULES* compiled = nullptr;
  if (const int code = yr_compiler_get_rules(raw, &compiled); code != ERROR_SUCCESS) {
    return yara_error("yara: rules cannot be used: error " + std::to_string(code));
  }
  YaraRules rules;
  rules.compiled.reset(compiled);
  rules.count = count_rules(compiled) - 1;  // all but the canary
  rules.files = std::move(*files);
  rules.warnings = std::move(messages.warnings);
  return rules;
}

void YaraScanner::scan(const Artifact& artifact, Budget& budget, FindingList& findings) {
  if (!scanner_) {
    YR_SCANNER* made = nullptr;
    if (const int code = yr_scanner_create(rules_.compiled.get(), &made); code != ERROR_SUCCESS) {
      return findings.add(gave_up(code, artifact));
    }
    scanner_.reset(made);
  }
  Matching matching{.artifact = artifact, .findings = findings};
  const auto left = std::chrono::ceil<std::chrono::seconds>(budget.time_left());
  yr_scanner_set_timeout(scanner_.get(), static_cast<int>(left.count()));
  yr_scanner_set_callback(scanner_.get(), on_message, &matching);
  // Without libyara's own signal handlers: in the jail a crash is to be seen as one.
  yr_scanner_set_flags(scanner_.get(), SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_FAST_MODE |
                                           SCAN_FLAGS_NO_TRYCATCH);
  const int code =
      yr_scanner_scan_mem(scanner_.get(), artifact.bytes.data(), artifact.bytes.size());
  if (code != ERROR_SUCCESS) findings.add(gave_up(code, artifact));
}

}  // namespace weir
