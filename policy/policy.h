// The compiled policy: immutable, shared by all loops, pinned by every transaction for its life.
// Loading checks everything and reports each problem with file:line:column; deciding never fails,
// never allocates more than its answer, and does not depend on the length of host lists.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "conf/profile.h"
#include "core/result.h"
#include "policy/facts.h"

namespace weir {

enum class Action : std::uint8_t {
  allow,
  alert,  // allow, and say so in the event (severity raised)
  block,
  unlock,     // verdict stage: block, but let the password of an encrypted file be given
  coach,      // request and verdict stage: block, but let the person go on after a warning
  intercept,  // connect stage: open the TLS
  bypass,     // connect stage: pass through untouched
  hold,       // sandbox stage: the file waits for a sandbox's verdict
  release,    // sandbox stage: it goes at once, and to a sandbox
  off,        // sandbox stage: it goes, and to no sandbox
};
std::string_view action_name(Action action);
// Of the verdict stage: whether the file may go. Everything else keeps it.
inline bool releases(Action action) { return action == Action::allow || action == Action::alert; }
std::string_view stage_name(Stage stage);

// What one stage decided. Views and the profile live as long as the Policy.
struct Decision {
  Action action = Action::block;
  Stage stage = Stage::connect;
  std::string_view rule;             // "default" rules have names too; never empty
  std::string_view reason;           // the rule's own words for people, may be empty
  const Profile* profile = nullptr;  // response stage: never null
};

// One rule's part in an explanation.
struct RuleTrace {
  std::string_view rule;
  bool matched = false;
  struct Condition {
    std::string_view name;
    std::string wanted;  // as written
    std::string actual;  // the fact
    bool matched = false;
  };
  std::vector<Condition> conditions;  // in order, up to the first that fails
};

// What the address guard may dial beyond global addresses.
struct NetworkRules {
  std::vector<std::uint16_t> connect_ports{443, 8443};
  std::vector<std::uint16_t> http_ports{80, 8080};  // absolute-form http://
  std::vector<Cidr> open_addresses;                 // private ranges that policy opens
  bool may_dial(const IpAddress& address) const;
  bool connect_port_open(std::uint16_t port) const {
    return std::ranges::find(connect_ports, port) != connect_ports.end();
  }
  bool http_port_open(std::uint16_t port) const {
    return std::ranges::find(http_ports, port) != http_ports.end();
  }
};

// How the action unlock opens what is encrypted.
struct UnlockRules {
  std::vector<std::string> passwords;  // tried before anybody is asked; never logged
  bool page_words = true;              // tried too: what the page that led here calls a password
  unsigned tries = 3;                  // by the person; then the file stays blocked
  std::chrono::milliseconds try_time{60'000};  // for opening and scanning once
  std::chrono::milliseconds keep{600'000};     // how long the file waits for its password
};

// How a file waits for a sandbox (action hold).
struct HoldingRules {
  enum class Otherwise : std::uint8_t { block, release };  // release: with an alert
  std::chrono::milliseconds hold_timeout{600'000};         // for the verdict
  Otherwise on_timeout = Otherwise::block;
  Otherwise on_unavailable = Otherwise::block;    // no engine answers, or it failed over the file
  Otherwise on_unsupported = Otherwise::release;  // no engine runs this type: nothing was missed
  std::chrono::milliseconds keep{1'800'000};      // how long a held file stays for its person
  // Of an archive: the programs inside that a sandbox takes, or the archive itself where there are
  // none; the archive itself; both. The gravest answer counts.
  enum class Archives : std::uint8_t { inside, whole, both };
  Archives archives = Archives::inside;
  std::uint32_t inside_files = 8;         // of one archive; when there are more, no sandbox has
                                          // seen all of it, and on_unsupported decides
  std::uint64_t inside_bytes = 64 << 20;  // of one of them
  // How often a client that is known to understand it hears that the answer takes time (102, RFC
  // 2518 10.1); zero = never.
  std::chrono::milliseconds sign_of_life{15'000};
};

// How the action coach lets people go on.
struct CoachRules {
  enum class Words : std::uint8_t { required, optional, none };
  Words justification = Words::required;
  std::chrono::milliseconds remember{8 * 3600'000};  // for this client, site and rule
};

class Policy {
 public:
  // All problems are in `problems`; null exactly when there is at least one error.
  static std::shared_ptr<const Policy> load(const std::string& file,
                                            std::vector<Diagnostic>& problems);
  // The same from text; `file` is what problems call it and where its lists are looked for.
  static std::shared_ptr<const Policy> parse(std::string_view text, const std::string& file,
                                             std::vector<Diagnostic>& problems);
  ~Policy();

  Decision decide(Stage stage, const Facts& facts) const;
  // An origin whose certificate does not verify (facts.certificate_error is set): only a request
  // rule that names certificate_error can allow it; otherwise block.
  Decision on_certificate_error(const Facts& facts) const;
  // The same as decide(), with every rule considered and why it matched or not.
  Decision explain(Stage stage, const Facts& facts, std::vector<RuleTrace>& trace) const;
  Decision explain_certificate_error(const Facts& facts, std::vector<RuleTrace>& trace) const;

  const NetworkRules& network() const;
  const UnlockRules& unlock() const;
  const CoachRules& coach() const;
  const HoldingRules& holding() const;
  bool asks_sandboxes() const;  // some rule may hold or release
  // Categories of a host or URL from the list files, appended; views live as long as the policy.
  void categories_of(std::string_view host, std::string_view url,
                     std::vector<std::string_view>& out) const;
  void groups_of(std::string_view user, std::vector<std::string_view>& out) const;
  std::string_view version() const;  // short hash of everything it was loaded from

  // Runs the policy's own `tests:`; one diagnostic per failed test.
  std::vector<Diagnostic> self_test(int& passed) const;

 private:
  struct Compiled;
  explicit Policy(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace weir
