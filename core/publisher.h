// Who signed a file, as far as it was proven. Plain data, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"

namespace weir {

enum class SignatureState : std::uint8_t {
  none,      // the file carries no signature, or is of a kind that has none
  unproven,  // it has one that proves nothing here: not to a listed root, out of time, not whole
  proven,    // whole and unchanged, by somebody whom a listed root vouches for
  broken,    // the file is not the one that was signed
};
inline constexpr std::array<std::string_view, 4> kSignatureStates = {"none", "unproven", "proven",
                                                                     "broken"};

struct PublisherFact {
  static constexpr std::size_t kMostName = 200;  // bytes

  SignatureState state = SignatureState::none;
  std::string name;  // valid UTF-8 without control characters; set exactly when proven

  bool operator==(const PublisherFact&) const = default;
};

// The signs (of weight 0) that carry a proven name as their detail: of the whole file, and of one
// inside it. They differ by name because a member of a container may have no name, and then its
// path looks like the whole file's.
inline constexpr std::string_view kPublisherSign = "publisher";
inline constexpr std::string_view kInnerPublisherSign = "publisher-inside";
// The sign of a file that is not the one that was signed.
inline constexpr std::string_view kBadSignatureSign = "pe-bad-signature";

// Who signed the whole file; "" = nobody is proven. A name is believed from the scanner of
// structure only, rules and signature databases name their findings as they like.
std::string_view publisher_of(const std::vector<Finding>& findings);
// Whether the whole file carries a signature that is not its own.
bool has_bad_signature(const std::vector<Finding>& findings);

inline std::string_view signature_state_name(SignatureState state) {
  return kSignatureStates[static_cast<std::size_t>(state)];
}

}  // namespace weir
