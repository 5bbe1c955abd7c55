#include "proxy/unlock.h"

#include <algorithm>

#include "inspect/scan_wire.h"

namespace weir {
namespace {

bool is_lock(const Finding& finding) {
  return finding.reason == Reason::encrypted || finding.reason == Reason::partly_encrypted;
}

}  // namespace

bool asks_for_password(const Decision& ruling, const Assessment& found) {
  return ruling.action == Action::unlock && std::ranges::any_of(found.findings(), is_lock);
}

bool opened_something(const Assessment& found) {
  if (found.verdict() != Verdict::uninspectable) return true;
  return std::ranges::any_of(found.findings(), [](const Finding& finding) {
    return finding.name.starts_with("unlocked-");
  });
}

Lock lock_of(const Assessment& found) {
  const auto at = std::ranges::find_if(found.findings(), is_lock);
  return at == found.findings().end() ? Lock{} : Lock{at->where, at->name};
}

std::vector<std::string> passwords_to_try(std::span<const std::string> first,
                                          std::span<const std::string> then,
                                          std::span<const std::string> last) {
  std::vector<std::string> all;
  for (const auto& source : {first, then, last}) {
    for (const std::string& word : source) {
      const bool fits = !word.empty() && word.size() <= kMaxScanPassword &&
                        word.find('\0') == std::string::npos && all.size() < kMaxScanPasswords;
      if (fits && std::ranges::find(all, word) == all.end()) all.push_back(word);
    }
  }
  return all;
}

}  // namespace weir
