// The unlock: section of a policy.
#include <algorithm>

#include "conf/bind.h"
#include "policy/compiled_policy.h"
#include "policy/list_file.h"

namespace weir {
namespace {

// What one scan job takes (inspect/scan_wire.h), less what a person and a page may add.
constexpr std::size_t kMostPasswords = 40;
constexpr std::size_t kLongestPassword = 128;
constexpr std::chrono::milliseconds kShortestTry{1'000};
constexpr std::chrono::milliseconds kLongestTry = std::chrono::hours(1);
constexpr std::chrono::milliseconds kShortestKeep{10'000};
constexpr std::chrono::milliseconds kLongestKeep = std::chrono::hours(24);

class UnlockReader {
 public:
  UnlockReader(Problems& problems, ListFiles& lists) : problems_(problems), lists_(lists) {}

  UnlockRules read(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::null) return rules_;
    if (!check_map(node, "unlock", policy_keys::kUnlock, problems_)) return rules_;
    if (const YamlNode* value = node.find("passwords")) read_passwords(*value);
    if (const YamlNode* value = node.find("page_words")) {
      rules_.page_words = read_flag(*value, "page_words", problems_).value_or(rules_.page_words);
    }
    if (const YamlNode* value = node.find("tries")) {
      rules_.tries =
          static_cast<unsigned>(read_count(*value, "tries", 0, 20, problems_).value_or(0));
    }
    read_time(node, "try_time", kShortestTry, kLongestTry, rules_.try_time);
    read_time(node, "keep", kShortestKeep, kLongestKeep, rules_.keep);
    return std::move(rules_);
  }

 private:
  void read_passwords(const YamlNode& node) {
    for (const YamlNode* item : read_list(node, "passwords", problems_)) {
      if (!item->text.starts_with('@')) {
        add(item->text, item->place);
        continue;
      }
      const ListFile* list = lists_.open(std::string_view(item->text).substr(1), item->place);
      if (list == nullptr) continue;
      for (const ListLine& line : list->lines) add(line.text, item->place);
    }
  }

  // The text is not repeated in messages: it is a secret of somebody's.
  void add(std::string_view password, Place place) {
    if (password.empty() || password.size() > kLongestPassword) {
      return problems_.error(place,
                             "a password has 1 to " + std::to_string(kLongestPassword) + " bytes");
    }
    if (std::ranges::find(rules_.passwords, password) != rules_.passwords.end()) return;
    if (rules_.passwords.size() == kMostPasswords) {
      return problems_.error(
          place, "at most " + std::to_string(kMostPasswords) + " passwords: each costs time");
    }
    rules_.passwords.emplace_back(password);
  }

  void read_time(const YamlNode& node, std::string_view key, std::chrono::milliseconds least,
                 std::chrono::milliseconds most, std::chrono::milliseconds& into) {
    const YamlNode* value = node.find(key);
    if (value != nullptr) into = read_duration(*value, key, least, most, problems_).value_or(into);
  }

  Problems& problems_;
  ListFiles& lists_;
  UnlockRules rules_;
};

}  // namespace

UnlockRules compile_unlock(const YamlNode& node, Problems& problems, ListFiles& lists) {
  return UnlockReader(problems, lists).read(node);
}

}  // namespace weir
