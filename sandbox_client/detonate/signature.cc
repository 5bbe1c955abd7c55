#include "sandbox_client/detonate/signature.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/digest.h"
#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

using Kind = Condition::Kind;
constexpr int kMostDepth = 8;
constexpr std::size_t kMostParts = 64;

// What stands behind a key.
enum class Shape : std::uint8_t { parts, pattern, words, globs, ports, count, counted };

struct Key {
  std::string_view name;
  Kind kind;
  Shape shape;
};

constexpr std::array kKeys{
    Key{"all_of", Kind::all_of, Shape::parts},
    Key{"any_of", Kind::any_of, Shape::parts},
    Key{"none_of", Kind::none_of, Shape::parts},
    Key{"process", Kind::process, Shape::pattern},
    Key{"file_written", Kind::file_written, Shape::globs},
    Key{"file_deleted", Kind::file_deleted, Shape::globs},
    Key{"file_read", Kind::file_read, Shape::globs},
    Key{"renamed_over", Kind::renamed_over, Shape::count},
    Key{"written_over", Kind::written_over, Shape::count},
    Key{"deleted_over", Kind::deleted_over, Shape::count},
    Key{"network_port", Kind::network_port, Shape::ports},
    Key{"network_port_not", Kind::network_port_not, Shape::ports},
    Key{"dns", Kind::dns, Shape::pattern},
    Key{"dns_over", Kind::dns_over, Shape::count},
    Key{"said", Kind::said, Shape::pattern},
    Key{"act", Kind::act, Shape::words},
    Key{"act_over", Kind::act_over, Shape::counted},
    Key{"denied_call", Kind::denied_call, Shape::words},
};

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  Signature signature(const YamlNode& node) {
    Signature read;
    if (node.kind != YamlNode::Kind::map) {
      problems_.error(node.place, "a signature is a map");
      return read;
    }
    for (const YamlEntry& entry : node.entries) member(entry, read);
    for (const char* key : {"name", "severity", "explanation", "attack", "when"}) {
      if (node.find(key) == nullptr) {
        problems_.error(node.place, "the signature has no '" + std::string(key) + "'");
      }
    }
    return read;
  }

 private:
  void member(const YamlEntry& entry, Signature& read) {
    if (entry.key == "name") {
      read.name = text(entry.value);
    } else if (entry.key == "explanation") {
      read.explanation = text(entry.value);
    } else if (entry.key == "attack") {
      read.attack = text(entry.value);
    } else if (entry.key == "severity") {
      read.severity = static_cast<int>(number(entry.value, 1, 10));
    } else if (entry.key == "when") {
      read.condition = condition(entry.value, 0);
    } else {
      problems_.error(entry.place, "unknown key '" + entry.key + "' of a signature");
    }
  }

  // A map of several keys means all of them.
  Condition condition(const YamlNode& node, int depth) {
    Condition all;
    all.kind = Kind::all_of;
    if (node.kind != YamlNode::Kind::map || node.entries.empty() || depth > kMostDepth) {
      problems_.error(node.place, "a condition is a map, at most 8 deep");
      return all;
    }
    for (const YamlEntry& entry : node.entries) all.parts.push_back(one(entry, depth));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  Condition one(const YamlEntry& entry, int depth) {
    const auto key = std::ranges::find(kKeys, entry.key, &Key::name);
    if (key == kKeys.end()) {
      problems_.error(entry.place, "unknown condition '" + entry.key + "'");
      return {};
    }
    Condition read;
    read.kind = key->kind;
    switch (key->shape) {
      case Shape::parts:
        for (const YamlNode& part : list(entry.value))
          read.parts.push_back(condition(part, depth + 1));
        break;
      case Shape::pattern: read.pattern = pattern(entry.value); break;
      case Shape::words:
      case Shape::globs:
        for (const YamlNode& word : list(entry.value))
          read.words.push_back(expand_home(text(word)));
        break;
      case Shape::ports:
        for (const YamlNode& port : list(entry.value)) {
          read.ports.push_back(static_cast<int>(number(port, 1, 65535)));
        }
        break;
      case Shape::count: read.over = number(entry.value, 0, 1'000'000); break;
      case Shape::counted: counted(entry.value, read); break;
    }
    return read;
  }

  void counted(const YamlNode& node, Condition& read) {
    if (node.kind != YamlNode::Kind::map || node.entries.size() != 1) {
      return problems_.error(node.place, "expected one 'word: count'");
    }
    read.subject = node.entries[0].key;
    read.over = number(node.entries[0].value, 0, 1'000'000'000);
  }

  const std::vector<YamlNode>& list(const YamlNode& node) {
    const bool good =
        node.kind == YamlNode::Kind::list && !node.items.empty() && node.items.size() <= kMostParts;
    if (!good) problems_.error(node.place, "expected a list of 1 to 64");
    return node.items;
  }

  std::string text(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty()) {
      problems_.error(node.place, "expected text");
    }
    return node.text;
  }

  std::uint64_t number(const YamlNode& node, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const char* end = node.text.data() + node.text.size();
    const auto read = std::from_chars(node.text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end && value >= least && value <= most) return value;
    problems_.error(node.place, "expected a number from " + std::to_string(least) + " to " +
                                    std::to_string(most));
    return least;
  }

  std::shared_ptr<const re2::RE2> pattern(const YamlNode& node) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_shared<const re2::RE2>(text(node), options);
    if (!compiled->ok()) problems_.error(node.place, "bad pattern: " + compiled->error());
    return compiled;
  }

  Problems& problems_;
};

bool any_glob(const Condition& condition, const SandboxReport& report, FileDeed how) {
  return std::ranges::any_of(report.files, [&](const FileSeen& file) {
    return file.how == how && std::ranges::any_of(condition.words, [&](const std::string& glob) {
             return glob_matches(glob, file.path);
           });
  });
}

std::uint64_t count_files(const SandboxReport& report, FileDeed how) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      report.files, [&](const FileSeen& one) { return one.how == how && !one.refused; }));
}

bool any_process(const Condition& condition, const SandboxReport& report) {
  return std::ranges::any_of(report.processes, [&](const ProcessSeen& one) {
    std::string line;
    for (const std::string& word : one.argv) line += (line.empty() ? "" : " ") + word;
    return RE2::PartialMatch(line, *condition.pattern);
  });
}

bool has_port(const Condition& condition, const NetworkSeen& one) {
  return std::ranges::find(condition.ports, one.port) != condition.ports.end();
}

bool any_network(const Condition& condition, const SandboxReport& report) {
  return std::ranges::any_of(report.network, [&](const NetworkSeen& one) {
    const bool look_up = one.proto == "dns";
    switch (condition.kind) {
      case Kind::dns: return look_up && RE2::PartialMatch(one.name, *condition.pattern);
      case Kind::network_port: return !look_up && has_port(condition, one);
      case Kind::network_port_not: return !look_up && !has_port(condition, one);
      default: break;
    }
    const auto bytes = from_hex(one.first_bytes);
    return bytes &&
           RE2::PartialMatch(std::string(bytes->begin(), bytes->end()), *condition.pattern);
  });
}

bool any_act(const Condition& condition, const SandboxReport& report) {
  return std::ranges::any_of(report.acts, [&](const ActSeen& one) {
    if (condition.kind == Kind::act_over) {
      return one.what == condition.subject && one.count > condition.over;
    }
    const bool denied = condition.kind == Kind::denied_call;
    if (denied && one.what != "denied-call") return false;
    const std::string& subject = denied ? one.detail : one.what;
    return std::ranges::find(condition.words, subject) != condition.words.end();
  });
}

// The most severe counts whole, what comes on top of it less and less.
int score_of(std::vector<int> severities) {
  std::ranges::sort(severities, std::greater<>());
  double score = 0;
  double weight = 10;
  for (const int severity : severities) {
    score += weight * severity;
    weight /= 2;
  }
  return std::min(100, static_cast<int>(score));
}

DetonationVerdict verdict_of(const SandboxReport& report) {
  constexpr int kMalicious = 70;
  constexpr int kSuspicious = 40;
  if (report.score >= kMalicious) return DetonationVerdict::malicious;
  if (report.score >= kSuspicious) return DetonationVerdict::suspicious;
  const bool ran = report.outcome == DetonationOutcome::finished ||
                   report.outcome == DetonationOutcome::timed_out;
  return ran ? DetonationVerdict::clean : DetonationVerdict::unknown;
}

}  // namespace

bool holds(const Condition& condition, const SandboxReport& report) {
  const auto part_holds = [&](const Condition& part) { return holds(part, report); };
  switch (condition.kind) {
    case Kind::all_of: return std::ranges::all_of(condition.parts, part_holds);
    case Kind::any_of: return std::ranges::any_of(condition.parts, part_holds);
    case Kind::none_of: return std::ranges::none_of(condition.parts, part_holds);
    case Kind::process: return any_process(condition, report);
    case Kind::file_written: return any_glob(condition, report, FileDeed::written);
    case Kind::file_deleted: return any_glob(condition, report, FileDeed::deleted);
    case Kind::file_read: return any_glob(condition, report, FileDeed::read);
    case Kind::renamed_over: return count_files(report, FileDeed::renamed) > condition.over;
    case Kind::written_over: return count_files(report, FileDeed::written) > condition.over;
    case Kind::deleted_over: return count_files(report, FileDeed::deleted) > condition.over;
    case Kind::network_port:
    case Kind::network_port_not:
    case Kind::dns:
    case Kind::said: return any_network(condition, report);
    case Kind::dns_over:
      return static_cast<std::uint64_t>(
                 std::ranges::count(report.network, "dns", &NetworkSeen::proto)) > condition.over;
    case Kind::act:
    case Kind::act_over:
    case Kind::denied_call: return any_act(condition, report);
  }
  return false;
}

std::optional<Signatures> Signatures::read(const YamlNode& root, Problems& problems) {
  Signatures read;
  Reader reader(problems);
  const YamlNode* list = root.find("signatures");
  if (list == nullptr || list->kind != YamlNode::Kind::list || root.entries.size() != 1) {
    problems.error(root.place, "expected one key, 'signatures', with a list");
    return std::nullopt;
  }
  for (const YamlNode& node : list->items) {
    Signature one = reader.signature(node);
    if (std::ranges::find(read.all_, one.name, &Signature::name) != read.all_.end()) {
      problems.error(node.place, "two signatures are called '" + one.name + "'");
    }
    read.all_.push_back(std::move(one));
  }
  if (problems.errors() > 0) return std::nullopt;
  return read;
}

void Signatures::judge(SandboxReport& report) const {
  report.signatures.clear();
  std::vector<int> severities;
  for (const Signature& one : all_) {
    if (!holds(one.condition, report)) continue;
    report.signatures.push_back({.name = one.name,
                                 .severity = one.severity,
                                 .explanation = one.explanation,
                                 .attack = one.attack});
    severities.push_back(one.severity);
  }
  report.score = score_of(std::move(severities));
  report.verdict = verdict_of(report);
}

}  // namespace weir
