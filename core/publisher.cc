#include "core/publisher.h"

#include <algorithm>

namespace weir {
namespace {

const Finding* whole_file_sign(const std::vector<Finding>& findings, std::string_view name) {
  const auto found = std::ranges::find_if(findings, [&](const Finding& one) {
    return one.scanner == Scanner::structure && one.verdict == Verdict::clean &&
           one.where.empty() && one.name == name;
  });
  return found == findings.end() ? nullptr : &*found;
}

}  // namespace

std::string_view publisher_of(const std::vector<Finding>& findings) {
  const Finding* sign = whole_file_sign(findings, kPublisherSign);
  return sign != nullptr ? std::string_view(sign->detail) : std::string_view();
}

bool has_bad_signature(const std::vector<Finding>& findings) {
  return whole_file_sign(findings, kBadSignatureSign) != nullptr;
}

}  // namespace weir
