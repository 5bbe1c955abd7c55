// What inspection can learn of a file. A verdict is what was learned; an action is what policy does
// about it. clean < suspicious < uninspectable < malicious, and joining takes the maximum, so that
// no additional finding can ever lower a verdict. Plain data, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class Verdict : std::uint8_t { clean, suspicious, uninspectable, malicious };

// Why something could not be inspected. Each has a counter and a name in policy (reason_name).
enum class Reason : std::uint8_t {
  none,
  encrypted,
  partly_encrypted,
  multi_volume,
  too_large,
  too_deep,
  too_many,
  ratio,
  timeout,
  crashed,
  queue_full,
  partial,  // a range of a whole that was never seen
  truncated,
  unknown_coding,
  corrupt,
  parsers_disagree,
  unsupported,
  engine_down,
};

// Who says something of a file. The first kScannerCount are those that a profile can require, one
// bit each in a ScannerSet; a sandbox answers later and is policy's to ask.
enum class Scanner : std::uint8_t { hash, yara, clamav, structure, sandbox };
inline constexpr int kScannerCount = 4;

// One thing that one scanner says about one artifact.
struct Finding {
  Scanner scanner = Scanner::structure;
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;  // set exactly when verdict is uninspectable
  std::string name;   // signature, rule or format word, e.g. "Eicar-Test-Signature", "zip-aes256"
  std::string where;  // path inside containers, "" for the outermost file
  std::string detail = {};  // the evidence in words: "section UPX1, entropy 7.98"
  std::uint8_t score = 0;   // of a sign (verdict clean, Scanner::structure): its weight, to 100

  bool operator==(const Finding&) const = default;
};

// One file that inspection looked at: the outermost or one inside.
struct ArtifactNote {
  std::string where;  // path inside containers, "" for the outermost file
  std::string type;   // file_type_name, or the format word of what no type exists for
  std::string from;   // how it was taken out of its container: "zip", "ole", "pdf"; "" outermost
  std::uint64_t size = 0;  // bytes, unpacked
  std::string sha256;      // lower-case hex; "" for the outermost, whose digest the caller has

  bool operator==(const ArtifactNote&) const = default;
};

inline Verdict join(Verdict a, Verdict b) { return a < b ? b : a; }

std::string_view verdict_name(Verdict verdict);
std::optional<Verdict> verdict_from_name(std::string_view name);
std::string_view reason_name(Reason reason);  // "partly-encrypted"; "none" for none
std::optional<Reason> reason_from_name(std::string_view name);
std::string_view scanner_name(Scanner scanner);
std::optional<Scanner> scanner_from_name(std::string_view name);

// A small set of scanners, e.g. those that a profile requires.
class ScannerSet {
 public:
  constexpr ScannerSet() = default;
  constexpr void add(Scanner scanner) { bits_ |= bit(scanner); }
  constexpr bool has(Scanner scanner) const { return (bits_ & bit(scanner)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint8_t bits() const { return bits_; }
  static constexpr ScannerSet from_bits(std::uint8_t bits) {
    ScannerSet set;
    set.bits_ = bits & ((1U << kScannerCount) - 1);
    return set;
  }
  bool operator==(const ScannerSet&) const = default;

 private:
  static constexpr std::uint8_t bit(Scanner scanner) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scanner));
  }
  std::uint8_t bits_ = 0;
};

// Everything learned about one download. Built by starting from the required scanners: whatever was
// required and did not report completion counts as uninspectable, so a crash, a timeout or a
// forgotten call can only raise the verdict.
class Assessment {
 public:
  explicit Assessment(ScannerSet required = {}) : required_(required) {}

  void add(Finding finding);  // adding never lowers the verdict
  void complete(Scanner scanner) { completed_.add(scanner); }
  // The reason that stands for a required scanner that never completed (default: engine-down).
  void set_missing_reason(Reason reason) { missing_reason_ = reason; }
  // From this score on the whole is suspicious; 0: never because of its score.
  void set_suspicious_score(unsigned score) { suspicious_score_ = score; }

  // Weights of the signs that one artifact has, each sign once, added up; of all artifacts the
  // highest; at most 100.
  unsigned score() const;

  Verdict verdict() const;
  // The finding that decided: of the highest verdict, the first (when only the score made it
  // suspicious, the sign with the greatest weight). nullopt when clean.
  // For a missing scanner a finding is made up with the missing reason.
  std::optional<Finding> worst() const;
  const std::vector<Finding>& findings() const { return findings_; }
  ScannerSet required() const { return required_; }
  ScannerSet completed() const { return completed_; }
  std::uint32_t artifacts = 1;     // how many files were looked at, the outer one included
  std::vector<ArtifactNote> tree;  // the first of them, in the order of the walk; may be empty
  // What a page calls a password in its visible text. For opening what is downloaded from there;
  // never written anywhere.
  std::vector<std::string> page_words;

 private:
  Finding heaviest_sign() const;

  ScannerSet required_;
  ScannerSet completed_;
  Reason missing_reason_ = Reason::engine_down;
  unsigned suspicious_score_ = 0;
  std::vector<Finding> findings_;
};

}  // namespace weir
