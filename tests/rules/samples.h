// For each rule of conf/rules a sample that must match and a near miss that must not: the same
// thing without the one part that makes it what it is. They are put together here from pieces, so
// that the source holds nothing that an anti-virus objects to; addresses are those of RFC 2606 and
// RFC 5737.
#pragma once

#include <string>
#include <vector>

namespace weir {

struct RuleSample {
  const char* rule;
  std::string match, miss;
};

// By rule file.
std::vector<RuleSample> launcher_samples();
std::vector<RuleSample> web_shell_samples();
std::vector<RuleSample> reverse_shell_samples();
std::vector<RuleSample> page_samples();
std::vector<RuleSample> document_samples();
std::vector<RuleSample> extortion_samples();
std::vector<RuleSample> shipped_first_samples();  // weir.yar

// Every second byte zero, as UTF-16 of ASCII is.
inline std::string wide_text(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::string(1, c) + '\0';
  return out;
}

}  // namespace weir
