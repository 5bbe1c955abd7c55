// docs/api/openapi.yaml as it was when the gateway was built (CMakeLists.txt).
#pragma once

#include <string_view>

namespace weir {

std::string_view api_description_text();

}  // namespace weir
