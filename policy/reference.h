// The policy's tables as documents: the JSON Schema for editors and the conditions of the manual.
// Both are committed under docs/ and a test compares. Pure functions.
#pragma once

#include <string>

namespace weir {

std::string policy_schema();         // docs/policy.schema.json
std::string conditions_reference();  // the table of docs/policy.md

}  // namespace weir
