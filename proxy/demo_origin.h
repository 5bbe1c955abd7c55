// The demonstration origin, https://demo.weir.test/: answers from inside the gateway, so that a
// block and a pass can be tried without any network. It stands where an origin connection would, so
// everything before and after it is the real pipeline.
#pragma once

#include <memory>
#include <string_view>

#include "proxy/http/streams.h"

namespace weir {

inline constexpr std::string_view kDemoHost = "demo.weir.test";

std::unique_ptr<OriginStream> make_demo_origin();

}  // namespace weir
