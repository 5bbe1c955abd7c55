// Opening locked files with passwords: those that are known beforehand, and those that a person
// gives on the gateway's own site. The worker decrypts; what is inside is judged like any other
// file, and the file is delivered as it came. No password is logged, remembered or part of an
// event.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/finding.h"
#include "core/http_message.h"
#include "policy/policy.h"

namespace weir {

// Whether a password could change what policy says: it offers to unlock, and the file is locked.
bool asks_for_password(const Decision& ruling, const Assessment& found);

// Whether a password opened something in this assessment, whatever was found behind it.
bool opened_something(const Assessment& found);

// Of the lock that is left: where in the file it is, and which format ("zip-aes256").
struct Lock {
  std::string where, format;
};
Lock lock_of(const Assessment& found);

// Without doubles, empty ones and what no scan job takes, in order.
std::vector<std::string> passwords_to_try(std::span<const std::string> first,
                                          std::span<const std::string> then,
                                          std::span<const std::string> last);

}  // namespace weir
